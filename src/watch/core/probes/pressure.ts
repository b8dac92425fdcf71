import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export type Resource = 'io' | 'memory';

/** Shares of the time, in percent, in which nothing went on since all waited for it. */
const LIMITS: Readonly<Record<Resource, { readonly minute: number; readonly long: number }>> = {
  io: { minute: 60, long: 80 },
  memory: { minute: 20, long: 40 },
};

/** `/proc/pressure/io`: the kernel's own account of how long programs wait. */
export function judgePressure(text: string, resource: Resource): Found {
  const full = averagesOf(text, 'full');
  const some = averagesOf(text, 'some');
  if (full === undefined || some === undefined) {
    return found('unreadable', `/proc/pressure/${resource} is not as it should be`);
  }
  const limits = LIMITS[resource];
  const detail = {
    fullPercent60: full.minute,
    fullPercent300: full.long,
    somePercent60: some.minute,
  };
  const what = resource === 'io' ? 'disks' : 'memory';
  const share = `all programs waited for ${what} ${Math.round(full.minute)} % of the last minute`;
  if (full.long >= limits.long) {
    return found('broken', `${share}, ${Math.round(full.long)} % of the last five`, detail);
  }
  if (full.minute >= limits.minute) return found('impaired', share, detail);
  return found('healthy', share, detail);
}

function averagesOf(
  text: string,
  line: 'some' | 'full',
): { readonly minute: number; readonly long: number } | undefined {
  const [, minute, long] =
    new RegExp(
      `^${line} avg10=\\d+\\.\\d+ avg60=(\\d+\\.\\d+) avg300=(\\d+\\.\\d+) total=\\d+$`,
      'm',
    ).exec(text) ?? [];
  if (minute === undefined || long === undefined) return undefined;
  return { minute: Number(minute), long: Number(long) };
}

export interface DiskCounts {
  /** Requests that were answered, and how long they took together. */
  readonly done: number;
  readonly tookMs: number;
  readonly inFlight: number;
}

/** The line of a disk in `/proc/diskstats`; undefined where there is none. */
export function diskCountsIn(text: string, disk: string): DiskCounts | undefined {
  for (const line of text.split('\n')) {
    const [, , name, ...counts] = line.trim().split(/\s+/);
    if (name !== disk) continue;
    const [reads, , , readMs, writes, , , writeMs, inFlight] = counts.map(Number);
    const all = [reads, readMs, writes, writeMs, inFlight];
    if (!all.every((count) => count !== undefined && Number.isFinite(count))) return undefined;
    return {
      done: (reads ?? 0) + (writes ?? 0),
      tookMs: (readMs ?? 0) + (writeMs ?? 0),
      inFlight: inFlight ?? 0,
    };
  }
  return undefined;
}

const REQUESTS_MIN = 20;
const SLOW_MS = 250;
const SILENT_MS = 25_000;

/** How long a disk took since the last look, and whether it answers at all. */
export function judgeLatency(
  now: DiskCounts,
  before: { readonly counts: DiskCounts; readonly agoMs: number } | undefined,
): Found {
  if (before === undefined) {
    return found('healthy', `the disk is there; ${now.inFlight} requests wait for it now`, {
      inFlight: now.inFlight,
    });
  }
  const done = now.done - before.counts.done;
  const eachMs = done > 0 ? (now.tookMs - before.counts.tookMs) / done : 0;
  const detail = { requests: done, eachMs, inFlight: now.inFlight };
  const waited = now.inFlight > 0 && before.counts.inFlight > 0;
  if (done === 0 && waited && before.agoMs >= SILENT_MS) {
    const since = formatDuration(before.agoMs);
    return found(
      'broken',
      `the disk answered none of ${now.inFlight} requests in ${since}`,
      detail,
    );
  }
  const figure = `a request took ${quoted(formatDuration(eachMs))} (${done} since the last look)`;
  if (done >= REQUESTS_MIN && eachMs >= SLOW_MS) return found('impaired', figure, detail);
  return found(
    'healthy',
    done === 0 ? 'the disk was not asked since the last look' : figure,
    detail,
  );
}
