import { countOf } from '../../../base/say-quantity.ts';
import { type Found, found, quoted, worstOf } from './found.ts';

/** What `lvs` is asked for, in this order. */
export const LVS_FIELDS = [
  'vg_name',
  'lv_name',
  'lv_attr',
  'lv_health_status',
  'data_percent',
  'metadata_percent',
] as const;

const IMPAIRED_PERCENT = 85;
const BROKEN_PERCENT = 95;

/** `lvs --noheadings --separator '|'` with the fields above. */
export function judgeLvm(text: string): Found {
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  const findings: Found[] = [];
  for (const row of rows) {
    const fields = row.split('|').map((field) => field.trim());
    const [group = '', volume = '', attr = ''] = fields;
    if (
      fields.length !== LVS_FIELDS.length ||
      group === '' ||
      !/^[A-Za-z-][A-Za-z-]{5,11}$/.test(attr)
    ) {
      return found('unreadable', `lvs printed what is no volume: ${quoted(row)}`);
    }
    const finding = judgeVolume(`${quoted(group, 60)}/${quoted(volume, 60)}`, attr, fields);
    if (finding !== undefined) findings.push(finding);
  }
  if (rows.length === 0) return found('unreadable', 'lvs shows no volume to this user');
  const worst = worstOf(findings);
  return worst ?? found('healthy', `${countOf(rows.length, 'volume')}, none degraded or full`);
}

function judgeVolume(id: string, attr: string, fields: readonly string[]): Found | undefined {
  const [, , , health = '', data = '', metadata = ''] = fields;
  if (attr.charAt(8) === 'p' || health === 'partial') {
    return found('broken', `${id} misses one of its disks`, { volume: id });
  }
  if (/^(?:out_of_data|failed|metadata_read_only)$/.test(health)) {
    return found('broken', `${id}: ${quoted(health)}: writes to it fail or hang`, { volume: id });
  }
  if (health !== '') return found('impaired', `${id}: ${quoted(health)}`, { volume: id });
  // Of a thin pool and of an old snapshot alike: full, it takes no more writes or is void.
  const full = Math.max(percentOf(data), percentOf(metadata));
  const isThinPool = attr.startsWith('t') || attr.startsWith('s') || attr.startsWith('S');
  if (!isThinPool || full < IMPAIRED_PERCENT) return undefined;
  const saw = full >= BROKEN_PERCENT ? 'broken' : 'impaired';
  return found(saw, `${id} is ${Math.floor(full)} % full`, { volume: id, percent: full });
}

const percentOf = (text: string): number => (/^\d{1,3}(?:\.\d+)?$/.test(text) ? Number(text) : 0);
