/** Long work beside a server that answers: a little at each turn of the event loop. */
import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../../base/steps.ts';
import type { Clock } from '../../host/clock.ts';

/** As long as the event loop waits for one turn, where no single piece takes longer. */
const TURN_MS = 10;

export interface InTurns<T> {
  readonly made: T;
  /** Of the processor, waits left out. */
  readonly workMs: number;
}

/** Whatever came meanwhile is answered between two turns, and after the last one. */
export async function inTurns<T>(
  clock: Pick<Clock, 'monotonic'>,
  steps: Steps<T>,
): Promise<InTurns<T>> {
  let workMs = 0;
  for (;;) {
    const begunMs = clock.monotonic();
    let { done, value } = steps.next();
    while (done !== true && clock.monotonic() - begunMs < TURN_MS) ({ done, value } = steps.next());
    workMs += clock.monotonic() - begunMs;
    await setImmediate();
    if (done === true) return { made: value as T, workMs };
  }
}
