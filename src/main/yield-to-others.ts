import { diskLoad } from '../adapters/node/disk-load.ts';
import type { Gate } from '../adapters/node/gated-source.ts';
import type { Clock } from '../host/clock.ts';
import { Yielding } from '../watch/core/yielding.ts';

/**
 * Opens and closes a gate so that others who use the disk are held up little: see `Yielding`.
 *
 * @returns what ends it, with the gate open
 */
export function yieldToOthers(clock: Pick<Clock, 'monotonic'>, gate: Gate): () => void {
  const rule = new Yielding();
  let timer: NodeJS.Timeout | undefined;
  const turn = (): void => {
    const load = diskLoad(clock);
    if (load === undefined) {
      gate.set(true); // Nobody looks again.
      return;
    }
    const { isOpen, forMs } = rule.next(load);
    gate.set(isOpen);
    timer = setTimeout(turn, forMs);
    timer.unref();
  };
  turn();
  return () => {
    clearTimeout(timer);
    gate.set(true);
  };
}
