import os from 'node:os';
import type { Clock } from '../../host/clock.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';

/** To ask for it reads a file, and it is told to ten milliseconds. */
const KEPT_MS = 5;

/**
 * Time since boot counts sleep and never steps; to fifteen milliseconds. What was read is given again
 * until one of the other clocks has moved on: after a sleep the wall clock has.
 *
 * @param uptimeMs milliseconds since boot, sleep counted
 */
export function serverTime(
  clock: Pick<Clock, 'now' | 'monotonic'>,
  uptimeMs: () => number = () => Math.floor(os.uptime() * 1000),
): () => ServerNow {
  let read: { readonly atMs: number; readonly wallMs: number; readonly fromMs: number } | undefined;
  return () => {
    const [wallMs, fromMs] = [clock.now(), clock.monotonic()];
    if (
      read === undefined ||
      fromMs - read.fromMs >= KEPT_MS ||
      Math.abs(wallMs - read.wallMs) >= KEPT_MS
    ) {
      read = { atMs: uptimeMs(), wallMs, fromMs };
    }
    return { atMs: read.atMs, wallMs };
  };
}
