/** How long an agent waits before it tries again. */
import { type DurationMs, durationMs, minutes, seconds } from '../../../base/units.ts';

const FIRST_MS = seconds(1);
const LAST_MS = seconds(60);

/** After the server said that it does not know this agent, or its signature. */
export const UNWELCOME_MS: DurationMs = minutes(5);

/**
 * 1 s, doubled up to 60 s, times a random half to one: a thousand agents do not come back at once.
 *
 * @param failures in a row, from 1
 * @param roll from 0 to 255
 */
export function backoffMs(failures: number, roll: number): DurationMs {
  const whole = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return durationMs(Math.round((whole * (255 + roll)) / 510));
}

/** A tenth more or less, so that what began together does not stay together. */
export function jittered(spanMs: number, roll: number): DurationMs {
  return durationMs(Math.max(1, Math.round(spanMs * (0.9 + (0.2 * roll) / 255))));
}
