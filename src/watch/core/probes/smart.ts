import { countOf } from '../../../base/say-quantity.ts';
import { type Found, found, quoted } from './found.ts';

type Json = unknown;

/**
 * What `smartctl --json` tells of a disk. Counters of sectors that could not be read tell of failure
 * long before the disk's own verdict does.
 * Source: Pinheiro, Weber, Barroso 2007: after the first such error a disk is many times likelier to fail.
 */
export function judgeSmart(text: string): Found {
  const told = parsed(text);
  const status = numberAt(told, ['smartctl', 'exit_status']);
  if (told === undefined || status === undefined) {
    return found('unreadable', 'smartctl did not print its JSON');
  }
  const said = messageOf(told);
  const passed = at(told, ['smart_status', 'passed']);
  if (typeof passed !== 'boolean') {
    const why = said === '' ? 'the disk does not tell of its health' : said;
    return found('unreadable', why, { status });
  }
  const figures = figuresOf(told);
  const detail = { ...figures, model: quoted(textAt(told, ['model_name'])), passed };
  if (!passed)
    return found('broken', 'the disk says itself that it fails: copy away what lies on it', detail);
  const pending = (figures.pending ?? 0) + (figures.uncorrectable ?? 0);
  if (pending > 0) {
    const why = `the disk holds ${countOf(pending, 'sector')} that it cannot read`;
    return found('broken', why, detail);
  }
  if ((figures.mediaErrors ?? 0) > 0) {
    const why = `the disk gave wrong or no data ${countOf(figures.mediaErrors ?? 0, 'time')}`;
    return found('impaired', why, detail);
  }
  if ((figures.spare ?? 100) <= (figures.spareMin ?? 0)) {
    return found('broken', `the disk has ${figures.spare ?? 0} % of its spare cells left`, detail);
  }
  if ((figures.warning ?? 0) !== 0) {
    return found('impaired', `the disk warns (${figures.warning ?? 0}): see smartctl`, detail);
  }
  if ((figures.reallocated ?? 0) > 0) {
    const why = `the disk has replaced ${countOf(figures.reallocated ?? 0, 'sector')} so far`;
    return found('impaired', why, detail);
  }
  if ((figures.worn ?? 0) >= 100) {
    return found(
      'impaired',
      `the disk is worn to ${figures.worn ?? 0} % of what it was made for`,
      detail,
    );
  }
  const hours = figures.hours === undefined ? '' : ` after ${countOf(figures.hours, 'hour')}`;
  return found(
    'healthy',
    `the disk says that it is well${hours}, and counts no bad sector`,
    detail,
  );
}

interface Figures {
  readonly reallocated?: number;
  readonly pending?: number;
  readonly uncorrectable?: number;
  readonly mediaErrors?: number;
  readonly spare?: number;
  readonly spareMin?: number;
  readonly warning?: number;
  readonly worn?: number;
  readonly hours?: number;
  readonly celsius?: number;
}

function figuresOf(told: Json): Figures {
  const nvme = (key: string): number | undefined =>
    numberAt(told, ['nvme_smart_health_information_log', key]);
  const all: Record<keyof Figures, number | undefined> = {
    reallocated: attribute(told, 5) ?? numberAt(told, ['scsi_grown_defect_list']),
    pending: attribute(told, 197),
    uncorrectable: attribute(told, 198),
    mediaErrors: nvme('media_errors'),
    spare: nvme('available_spare'),
    spareMin: nvme('available_spare_threshold'),
    warning: nvme('critical_warning'),
    worn: nvme('percentage_used'),
    hours: numberAt(told, ['power_on_time', 'hours']),
    celsius: numberAt(told, ['temperature', 'current']),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The raw value; some makers put other figures into its upper 32 bits. */
function attribute(told: Json, id: number): number | undefined {
  const table = at(told, ['ata_smart_attributes', 'table']);
  if (!Array.isArray(table)) return undefined;
  const row: Json = table.find((one: Json) => numberAt(one, ['id']) === id);
  const raw = numberAt(row, ['raw', 'value']);
  return raw === undefined ? undefined : raw % 2 ** 32;
}

function messageOf(told: Json): string {
  const messages = at(told, ['smartctl', 'messages']);
  if (!Array.isArray(messages)) return '';
  return quoted(messages.map((one: Json) => textAt(one, ['string'])).join('; '), 300);
}

function parsed(text: string): Json {
  try {
    const told: Json = JSON.parse(text);
    return told;
  } catch {
    return undefined; // It is no JSON.
  }
}

function at(told: Json, path: readonly string[]): Json {
  let value = told;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}

function numberAt(told: Json, path: readonly string[]): number | undefined {
  const value = at(told, path);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textAt(told: Json, path: readonly string[]): string {
  const value = at(told, path);
  return typeof value === 'string' ? value : '';
}
