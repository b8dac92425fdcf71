import type { RestoreCounts } from './restore-tally.ts';

/** How far a restore is, for people who wait. */
export interface RestoreProgress {
  readonly entries: number;
  readonly entriesTotal: number;
  /** With the holes of files. */
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly elapsedMs: number;
  readonly rateBytesPerS: number;
  /** Undefined while there is nothing to estimate from. */
  readonly remainingMs: number | undefined;
}

/** Small files cost by the entry, large ones by the byte: both shares count alike. */
export function progressOf(
  counts: Pick<RestoreCounts, 'entries' | 'bytes' | 'holeBytes'>,
  totals: { readonly entries: number; readonly bytes: number },
  elapsedMs: number,
): RestoreProgress {
  const entriesShare = totals.entries === 0 ? 1 : counts.entries / totals.entries;
  const bytesDone = counts.bytes + counts.holeBytes;
  const bytesShare = totals.bytes === 0 ? entriesShare : bytesDone / totals.bytes;
  const share = Math.min(1, (entriesShare + bytesShare) / 2);
  return {
    entries: counts.entries,
    entriesTotal: totals.entries,
    bytes: bytesDone,
    bytesTotal: totals.bytes,
    elapsedMs,
    rateBytesPerS: rateOf(counts.bytes, elapsedMs),
    remainingMs: share > 0 ? (elapsedMs * (1 - share)) / share : undefined,
  };
}

/** Bytes a second; 0 where no time has passed. */
export function rateOf(bytes: number, elapsedMs: number): number {
  return elapsedMs > 0 ? (bytes * 1000) / elapsedMs : 0;
}
