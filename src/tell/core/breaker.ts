/** Leaves a channel alone that fails, and lets one message at a time find out whether it works again. */
import { type MonotonicMs, monotonicMs } from '../../base/units.ts';

export interface Breaker {
  readonly failures: number;
  /** Nothing is sent before. */
  readonly closedUntil: MonotonicMs | undefined;
  /** It said that nothing will ever be taken. */
  readonly isGone: boolean;
}

export const WHOLE: Breaker = { failures: 0, closedUntil: undefined, isGone: false };

const FAILURES_MAX = 3;
const FIRST_MS = 60_000;
const LONGEST_MS = 30 * 60_000;

export function mayPass({ closedUntil, isGone }: Breaker, now: MonotonicMs): boolean {
  return !isGone && (closedUntil === undefined || now >= closedUntil);
}

/** Whether what passes now is a trial: one message, and the rest only when it got through. */
export function isTrial({ failures }: Breaker): boolean {
  return failures >= FAILURES_MAX;
}

export function afterFailure(breaker: Breaker, now: MonotonicMs): Breaker {
  const failures = breaker.failures + 1;
  if (failures < FAILURES_MAX) return { ...breaker, failures };
  const waitMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - FAILURES_MAX));
  return { ...breaker, failures, closedUntil: monotonicMs(now + waitMs) };
}
