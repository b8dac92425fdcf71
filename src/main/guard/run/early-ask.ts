/** A dry run that is begun before somebody asks: it goes on while all that judges it is loaded. */
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import type { Asked, Guarded } from './wrapped.ts';

type Ask = Guarded['ask'];
/** @param stop the run is over, whatever it would still say */
export type StoppableAsk = (...given: [...Parameters<Ask>, stop?: AbortSignal]) => Promise<Asked>;

interface Begun {
  readonly changes: readonly WrappedChange[];
  readonly asked: Promise<Asked>;
  readonly stop: AbortController;
}

export class EarlyAsk {
  readonly #ask: StoppableAsk;
  #begun: Begun | undefined;

  constructor(ask: StoppableAsk) {
    this.#ask = ask;
  }

  begin(): void {
    const changes: WrappedChange[] = [];
    const stop = new AbortController();
    const asked = this.#ask((change) => void changes.push(change), undefined, stop.signal);
    asked.catch(() => undefined); // Thrown where it is asked for.
    this.#begun = { changes, asked, stop };
  }

  /** What was begun counts no more, and is over when this returns. */
  async leave(): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    begun?.stop.abort();
    // Its answer is not wanted any more, and neither is why there is none.
    await Promise.allSettled([begun?.asked]);
  }

  /** As `Guarded.ask`. What was begun does not tell what stays as it is. */
  async ask(...[see, same]: Parameters<Ask>): Promise<Asked> {
    if (same !== undefined) await this.leave();
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun === undefined) return this.#ask(see, same);
    const asked = await begun.asked;
    for (const change of begun.changes) see(change);
    return asked;
  }
}
