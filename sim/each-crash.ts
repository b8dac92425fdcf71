/** States that a simulated disk or volume may be in after the power went. */
import type { SimVolume } from './volume.ts';
import { StatesSeen } from './coverage.ts';

interface Forkable<T> {
  fingerprint(): string;
  statesAfterCrash(seed: number, count: number): Iterable<T>;
}

/** Another one on which is durable what is seen on this one. */
export function forked<T extends Forkable<T>>(medium: T): T {
  const seen = medium.fingerprint();
  for (const state of medium.statesAfterCrash(0, 3)) if (state.fingerprint() === seen) return state;
  throw new Error('all that is seen may be durable');
}

/**
 * The power goes after each writing call of what was done on `volume`.
 *
 * @param of.statesPerPoint how many are tried after one call
 * @returns how many distinct states were seen
 */
export async function demandEachState(
  volume: SimVolume,
  of: { readonly seed: number; readonly statesPerPoint: number },
  demand: (state: SimVolume, where: string) => Promise<void>,
): Promise<number> {
  const { seed, statesPerPoint } = of;
  const states = new StatesSeen();
  for (const point of volume.crashPoints()) {
    for (const state of point.states(seed + point.calls, statesPerPoint)) {
      const fingerprint = state.fingerprint();
      if (states.has(fingerprint)) continue;
      states.add(fingerprint);
      await demand(state, `SEED=${seed} power gone after call ${point.calls}`);
    }
  }
  return states.size;
}
