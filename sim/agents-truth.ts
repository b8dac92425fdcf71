/** How a thing really was, over all true time: what an oracle knows and nobody in the simulation does. */
import type { ItemSaw } from '../src/watch/core/agent/messages.ts';

export class Truth<S extends string = ItemSaw> {
  readonly #changes: { readonly at: number; readonly state: S }[];

  constructor(first: S) {
    this.#changes = [{ at: Number.NEGATIVE_INFINITY, state: first }];
  }

  set(at: number, state: S): void {
    if (this.now !== state) this.#changes.push({ at, state });
  }

  get now(): S {
    return this.#last.state;
  }

  /** Since when it is what it is. */
  get since(): number {
    return this.#last.at;
  }

  /** At some moment between these two, both included. */
  was(state: S, from: number, to: number): boolean {
    return this.#changes.some((change, nth) => {
      const end = this.#changes[nth + 1]?.at ?? Number.POSITIVE_INFINITY;
      return change.state === state && change.at <= to && end >= from;
    });
  }

  get #last(): { readonly at: number; readonly state: S } {
    const last = this.#changes.at(-1);
    if (last === undefined) throw new Error('there is always a first one');
    return last;
  }
}
