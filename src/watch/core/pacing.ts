import {
  type DurationMs,
  days,
  durationMs,
  GIB,
  hours,
  minutes,
  type UnixMs,
  unixMs,
} from '../../base/units.ts';

/** Backups take at most this part of the wall clock. */
const COST_SHARE_MAX = 0.02;
const INTERVAL_MIN: DurationMs = minutes(5);
const INTERVAL_MAX: DurationMs = hours(24);
/** At the pace of the last backup, the space above the floor would last at least this long. */
const FILL_MIN: DurationMs = days(20);

/**
 * When the next backup may begin: no more often than that backups take 2 % of the time and would
 * fill the space above the floor in 20 days; not before 5 minutes, and after 24 hours in any case.
 *
 * @param lastCostMs how long the last one took, from its first read to its acknowledgement
 * @param changedBytes what it added to the vault
 * @param spareBytes what the vault's file system has above its floor
 */
export function nextBackupAt(last: {
  readonly endedAt: UnixMs;
  readonly lastCostMs: DurationMs;
  readonly changedBytes: number;
  readonly spareBytes: number;
}): UnixMs {
  const byCost = last.lastCostMs / COST_SHARE_MAX - last.lastCostMs;
  const bySpace = (FILL_MIN * last.changedBytes) / Math.max(1, last.spareBytes);
  const waitMs = Math.min(INTERVAL_MAX, Math.max(INTERVAL_MIN, byCost, bySpace));
  return unixMs(last.endedAt + durationMs(Math.ceil(waitMs)));
}

const FREE_SHARE_MIN = 0.1;
const FREE_BYTES_MIN = 5 * GIB;

/** Free space below which Holdfast never takes a file system: the larger of 10 % and 5 GiB. */
export function freeFloorOf(totalBytes: number, minFree: number | undefined): number {
  return minFree ?? Math.max(FREE_BYTES_MIN, Math.ceil(totalBytes * FREE_SHARE_MIN));
}

export type Room =
  | { readonly ok: true; readonly spareBytes: number }
  | { readonly ok: false; readonly floorBytes: number; readonly missingBytes: number };

/**
 * Whether a backup of `estimateBytes` would leave the vault's file system above its floor. An
 * estimate is what is read, before compression: it refuses too early rather than too late.
 */
export function mayBackup(space: {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly estimateBytes: number;
  /** `--min-free`, in bytes; it replaces the floor. */
  readonly minFree: number | undefined;
}): Room {
  const floorBytes = freeFloorOf(space.totalBytes, space.minFree);
  const left = space.freeBytes - space.estimateBytes - floorBytes;
  if (left < 0) return { ok: false, floorBytes, missingBytes: -left };
  return { ok: true, spareBytes: left };
}
