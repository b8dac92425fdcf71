import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface MdArray {
  readonly name: string;
  readonly isActive: boolean;
  readonly level: string;
  /** Undefined where it has no redundancy and says nothing of it. */
  readonly members: { readonly wanted: number; readonly there: number } | undefined;
  readonly failed: readonly string[];
  readonly work: MdWork | undefined;
  readonly isExternal: boolean;
}

export interface MdWork {
  /** `resync`, `recovery`, `reshape`, `check`. */
  readonly what: string;
  /** Undefined: it waits for another. */
  readonly perMille: number | undefined;
  readonly leftMs: number | undefined;
}

const HEAD =
  /^(md\S*) : (active|inactive|broken)(?: \([^)]*\))?((?: (?:raid\d+|linear|multipath|faulty))?)((?: \S+\[\d+\](?:\([A-Z]\))*)*)\s*$/;
const ARRAYS_MAX = 256;

/** `/proc/mdstat`; undefined for what is none, or holds an array that is not understood. */
export function mdArraysIn(text: string): readonly MdArray[] | undefined {
  if (!text.startsWith('Personalities :')) return undefined;
  const arrays: MdArray[] = [];
  for (const part of text.split(/^(?=md)/m).slice(1, ARRAYS_MAX + 1)) {
    const [head = '', ...rest] = part.split('\n');
    const match = HEAD.exec(head);
    const body = rest.join('\n');
    const blocks = /^\s+\d+ blocks.*$/m.exec(body)?.[0];
    if (match === null || blocks === undefined) return undefined;
    const [, name = '', state, level = '', members = ''] = match;
    const counts = /\[(\d+)\/(\d+)\]/.exec(blocks);
    arrays.push({
      name,
      isActive: state === 'active',
      level: level.trim(),
      members:
        counts === null ? undefined : { wanted: Number(counts[1]), there: Number(counts[2]) },
      failed: members
        .split(' ')
        .filter((member) => member.endsWith('(F)'))
        .map((member) => member.replace(/\[.*$/, '')),
      work: workIn(body),
      isExternal: / external:(?!\/)/.test(blocks),
    });
  }
  return arrays;
}

function workIn(body: string): MdWork | undefined {
  const waits = /^\s*(resync|recovery|reshape|check)\s*=\s*(?:DELAYED|PENDING|REMOTE)/m.exec(body);
  if (waits !== null) {
    return { what: waits[1] ?? '', perMille: undefined, leftMs: undefined };
  }
  const runs =
    /\]\s+(resync|recovery|reshape|check)\s*=\s*(\d{1,3}\.\d)%.*?finish=(\d{1,9}(?:\.\d+)?)min/.exec(
      body,
    );
  if (runs === null) return undefined;
  const leftMs = Math.round(Number(runs[3]) * 60_000);
  return { what: runs[1] ?? '', perMille: Math.round(Number(runs[2]) * 10), leftMs };
}

/** How many members may be missing before it is lost; undefined where the level does not say. */
function survives(level: string, wanted: number): number | undefined {
  if (level === 'raid1') return wanted - 1;
  if (level === 'raid4' || level === 'raid5' || level === 'raid10') return 1;
  if (level === 'raid6') return 2;
  return level === 'raid0' || level === 'linear' ? 0 : undefined;
}

/** One array of /proc/mdstat. */
export function judgeMd(text: string, name: string): Found {
  const arrays = mdArraysIn(text);
  if (arrays === undefined) return found('unreadable', '/proc/mdstat is not as it should be');
  const array = arrays.find((one) => one.name === name);
  if (array === undefined) return found('broken', 'the array is gone');
  const { level, members, failed, work } = array;
  const doing = work === undefined ? '' : `; ${work.what} ${doneOf(work)}`;
  if (!array.isActive) return found('broken', `the array ${level} does not run${doing}`, { level });
  const missing = members === undefined ? 0 : members.wanted - members.there;
  const detail = { level, wanted: members?.wanted ?? 0, missing, failed: quoted(failed.join(' ')) };
  if (members === undefined || missing === 0) {
    const bad = failed.length === 0 ? '' : `, without ${quoted(failed.join(', '))}, which failed`;
    const saw = failed.length === 0 ? 'healthy' : 'impaired';
    const all = members === undefined ? 'it runs' : `all ${members.wanted} members are there`;
    return found(saw, `${level || 'array'}: ${all}${bad}${doing}`, detail);
  }
  const left = survives(level, members.wanted);
  const state = `${level}: ${members.there} of ${members.wanted} members are there`;
  if (left !== undefined && missing > left)
    return found('broken', `${state}: it is lost${doing}`, detail);
  const more =
    left === undefined
      ? ''
      : missing === left
        ? '; one more failure loses it'
        : `; it survives ${left - missing} more`;
  return found('impaired', `${state}${more}${doing}`, detail);
}

function doneOf({ perMille, leftMs }: MdWork): string {
  if (perMille === undefined || leftMs === undefined) return 'waits';
  const left = formatDuration(leftMs, { detail: 'rough' });
  return `${Math.floor(perMille / 10)} % done, ${left} left`;
}
