import type { UnixMs } from '../../../base/units.ts';
import type { StoredJob } from '../server/changes.ts';

/** Less than this says nothing of a rate. */
const RATE_BYTES_MIN = 1_000_000;

export interface RestoreRate {
  readonly bytesPerS: number;
  readonly at: UnixMs;
}

type EndedJob = Pick<StoredJob, 'act' | 'state' | 'answer' | 'changedAt'>;

/**
 * Of the first restore that was large enough to say something. What a host answered is its own text:
 * what is no such answer says nothing.
 */
export function restoreRateOf(newestFirst: readonly EndedJob[]): RestoreRate | undefined {
  for (const { act, state, answer, changedAt } of newestFirst) {
    if (act !== 'restore' || state !== 'done' || answer === undefined) continue;
    const { bytes, rateBytesPerS: bytesPerS } = saidIn(answer);
    if (typeof bytes !== 'number' || bytes < RATE_BYTES_MIN) continue;
    if (typeof bytesPerS !== 'number' || !(bytesPerS > 0) || !Number.isFinite(bytesPerS)) continue;
    return { bytesPerS, at: changedAt };
  }
  return undefined;
}

function saidIn(answer: string): { readonly bytes?: unknown; readonly rateBytesPerS?: unknown } {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // Of a host that writes what is no JSON.
  }
}
