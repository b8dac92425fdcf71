/** A freeze that holds is said again to who was started anew, and to who came since it began. */
import type { AgentId } from '../../watch/core/agent/messages.ts';
import { isAskRefused, waitsToFreeze } from '../../watch/core/server/orders.ts';
import { freezeNow } from './answers-freeze.ts';
import type { Served } from './served.ts';

interface FreezeParts extends Pick<Served, 'core' | 'now'> {
  readonly writer: Pick<Served['writer'], 'take'>;
  readonly desk: Pick<Served['desk'], 'saidBy'>;
  readonly noted: Pick<Served['noted'], 'freezes'>;
}

export class FreezeWords {
  readonly #served: FreezeParts;
  /** Who was told of this one, by the run of each. */
  #told: { readonly id: string; readonly runs: Map<AgentId, number> } | undefined;

  constructor(served: FreezeParts) {
    this.#served = served;
  }

  /**
   * An agent that was killed while it froze its host has heard the word, and does not hear it a second
   * time by itself. Who has done it does nothing.
   */
  async beat(): Promise<void> {
    const { core, writer, desk, now } = this.#served;
    const freeze = freezeNow(this.#served);
    if (freeze === undefined) return;
    const { id, by, reason, until } = freeze;
    if (this.#told?.id !== id) this.#told = { id, runs: new Map() };
    const { runs } = this.#told;
    for (const held of core.agents()) {
      const { agent, host, run } = held.stored;
      // Who has heard the first word may have been killed before it did it, and be another run by now.
      if (runs.get(agent) === run || waitsToFreeze(held, id)) continue;
      if (desk.saidBy(agent)?.isFrozen !== true) {
        const forMs = Math.max(1, until - now().wallMs);
        const word = { word: 'freeze', id, by, reason, forMs } as const;
        const told = await writer.take(agent, () => core.tell(host, word, now()));
        // Too many words wait for it: it is told when it has heard them.
        if (isAskRefused(told)) continue;
      }
      runs.set(agent, run);
    }
  }
}
