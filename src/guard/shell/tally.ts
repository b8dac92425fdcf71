/** What a run of an apply did, counted as it goes. */
import type { Op } from '../../base/plan.ts';
import { keptBytes } from './apply-order.ts';

export class Tally {
  readonly #goesForGood: (op: Op) => boolean;
  done = 0;
  asideEntries = 0;
  asideBytes = 0;
  forGoodEntries = 0;

  constructor(goesForGood: (op: Op) => boolean) {
    this.#goesForGood = goesForGood;
  }

  /** @param by -1 takes it back: the command did not do it after all */
  count(op: Op, by: 1 | -1 = 1): void {
    this.done += by;
    if (keptBytes(op) === 0 && op.op !== 'delete') return;
    if (this.#goesForGood(op)) {
      this.forGoodEntries += by * op.entries;
      return;
    }
    this.asideEntries += by * op.entries;
    this.asideBytes += by * keptBytes(op);
  }
}
