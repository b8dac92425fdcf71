/** At most so many messages in so long: what is over waits, and nothing is lost. */
import type { MonotonicMs } from '../../base/units.ts';

export interface RateLimit {
  readonly count: number;
  readonly withinMs: number;
}

/** The times that still count, oldest first. */
export function recentSends(
  sends: readonly MonotonicMs[],
  { withinMs }: RateLimit,
  now: MonotonicMs,
): readonly MonotonicMs[] {
  return sends.filter((at) => now - at < withinMs);
}

export function isWithinRate(
  sends: readonly MonotonicMs[],
  limit: RateLimit,
  now: MonotonicMs,
): boolean {
  return recentSends(sends, limit, now).length < limit.count;
}
