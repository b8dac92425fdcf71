/** Claim words, kept in the guard's own book of this host. */
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { Fault } from '../../base/fault.ts';
import { ClaimStore } from '../../guard/shell/claim-store.ts';
import type { BookPorts } from '../../guard/shell/pipeline-book.ts';
import type { Clock } from '../../host/clock.ts';
import type { ClaimWord } from '../../watch/core/agent/messages.ts';
import type { Claims } from '../../watch/shell/agent/agent-ports.ts';

const SUFFIX = ' (by the server)';
/** Who is named by a server is not who is known here by that name. */
export const byServer = (by: string): string => `${by}${SUFFIX}`;

/** Each is a file that every plan reads. */
const STANDING_MAX = 64;

export class StoredClaims implements Claims {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #store: ClaimStore;

  constructor(ports: BookPorts, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#store = new ClaimStore(ports);
  }

  claim({ by, reason, forMs }: ClaimWord): void {
    const now = momentHere(this.#clock);
    const standing = this.#store.list(now).filter((each) => each.by.endsWith(SUFFIX)).length;
    if (standing >= STANDING_MAX) {
      const message = `${standing} claims of the server stand on this host already`;
      throw new Fault('HF_AGENT_CLAIMS', message);
    }
    this.#store.add({ by: byServer(by), reason, made: now, spanMs: forMs, on: {} }, now);
  }
}
