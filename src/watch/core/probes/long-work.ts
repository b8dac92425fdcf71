import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';
import { mdArraysIn } from './md-array.ts';
import { zpoolWorkIn } from './zpool.ts';

/** Work of others that takes hours: while it goes on, another failure costs more. */
export interface LongWork {
  readonly what: string;
  /** Undefined: it waits, or does not say. */
  readonly perMille: number | undefined;
  readonly leftMs: number | undefined;
}

/** Undefined: the table is not as it should be. */
export function mdWorkIn(mdstat: string, array: string): LongWork | 'none' | undefined {
  const arrays = mdArraysIn(mdstat);
  if (arrays === undefined) return undefined;
  return arrays.find(({ name }) => name === array)?.work ?? 'none';
}

export function zfsWorkIn(status: string): LongWork | 'none' | undefined {
  if (!/^\s*pool: /m.test(status)) return undefined;
  return zpoolWorkIn(status) ?? 'none';
}

/** `btrfs balance status`, which ends with 1 while one runs; undefined for anything else. */
export function btrfsBalanceIn(text: string): LongWork | 'none' | undefined {
  if (/^No balance found on /m.test(text)) return 'none';
  if (!/^Balance on .* is (?:running|paused)/m.test(text)) return undefined;
  const left = /, +(\d{1,3})% left/.exec(text)?.[1];
  const perMille = left === undefined ? undefined : 1000 - Number(left) * 10;
  return {
    what: /is paused/.test(text) ? 'balance, paused' : 'balance',
    perMille,
    leftMs: undefined,
  };
}

const STALL_MS = 3_600_000;

/** @param sinceMs since when it stands where it stands */
export function judgeLongWork(work: LongWork | 'none', sinceMs: number): Found {
  if (work === 'none') return found('healthy', 'nothing of the kind runs');
  const { what, perMille, leftMs } = work;
  if (perMille === undefined) {
    return found('healthy', `${quoted(what, 60)} waits for another to end`, { what: quoted(what) });
  }
  const left = leftMs === undefined ? '' : `, ${formatDuration(leftMs, { detail: 'rough' })} left`;
  const done = `${quoted(what, 60)}: ${(perMille / 10).toFixed(1)} % done${left}`;
  const detail = { what: quoted(what), perMille, ...(leftMs === undefined ? {} : { leftMs }) };
  if (sinceMs >= STALL_MS) {
    const since = formatDuration(sinceMs, { detail: 'rough' });
    return found('impaired', `${done}, and did not move for ${since}`, detail);
  }
  return found('healthy', done, detail);
}
