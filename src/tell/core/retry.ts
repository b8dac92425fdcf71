/** When a message is tried again, and when it is given up (Standard Webhooks has the same spans). */
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const AFTER_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

export const ATTEMPTS_MAX = AFTER_MS.length + 1;

/** After so many attempts that failed; undefined: it is given up. */
export function retryAfterMs(attempts: number): number | undefined {
  return AFTER_MS[attempts - 1];
}
