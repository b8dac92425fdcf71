import { setTimeout } from 'node:timers/promises';
import type { DurationMs } from '../../base/units.ts';
import { monotonicMs, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';

/** Node's timers count 31 bits of milliseconds and turn more into 1 ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function nodeClock(): Clock {
  return {
    now: () => unixMs(Date.now()),
    monotonic: () => monotonicMs(performance.now()),
    async sleep(span: DurationMs): Promise<void> {
      for (let leftMs: number = span; leftMs > 0; leftMs -= TIMER_MS_MAX) {
        await setTimeout(Math.min(leftMs, TIMER_MS_MAX));
      }
    },
  };
}
