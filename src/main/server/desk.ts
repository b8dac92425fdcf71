/** Takes what agents say: to the core, through the writer, and the answer back. */
import type { OneTime } from '../../access/core/account.ts';
import { Fault } from '../../base/fault.ts';
import type { DurationMs } from '../../base/units.ts';
import { durationMs } from '../../base/units.ts';
import {
  type AgentId,
  type Enrol,
  type Enrolled,
  HEAR_WAIT_MS,
  type Hear,
  type Heard,
  type Said,
  type Say,
  type Show,
  type Shown,
} from '../../watch/core/agent/messages.ts';
import type { StateChange } from '../../adapters/sqlite/open-server-state.ts';
import type { ServerChange } from '../../watch/core/server/changes.ts';
import { isRefused, type Pending, type ServerNow } from '../../watch/core/server/held.ts';
import type { ServerCore } from '../../watch/core/server/server-core.ts';
import type { AgentDesk, RefusedSoon } from '../../watch/shell/server/agent-desk.ts';
import type { Writer } from './writer.ts';

export interface DeskParts {
  readonly core: ServerCore;
  readonly writer: Writer;
  readonly now: () => ServerNow;
  /** Ends the token and commits what follows from it, together. */
  readonly spend: (
    by: { readonly secret: string; readonly from: string; readonly agent: AgentId },
    follow: (spent: OneTime) => readonly ServerChange[],
  ) => Promise<OneTime | undefined>;
  readonly agentIdOf: (publicKey: string) => AgentId;
  /** Reads what is shown, and takes it. */
  readonly show: (message: Show, frame: Uint8Array | undefined) => Promise<Shown | RefusedSoon>;
  readonly hearWaitMs?: DurationMs;
}

interface Waiter {
  readonly after: number;
  readonly wake: () => void;
}

/** What an agent said of itself that no item has; gone with this start of the server. */
export interface AgentSaid {
  readonly isFrozen: boolean;
}

export class Desk implements AgentDesk {
  readonly #parts: DeskParts;
  readonly #waiting = new Map<AgentId, Waiter>();
  readonly #said = new Map<AgentId, AgentSaid>();
  #isClosed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  publicKeyOf(agent: AgentId): string | undefined {
    const known = this.#parts.core.agent(agent);
    return known === undefined || known.isRevoked ? undefined : known.publicKey;
  }

  saidBy(agent: AgentId): AgentSaid | undefined {
    return this.#said.get(agent);
  }

  /** What was said of an earlier freeze confirms nothing of the one that begins now. */
  forgetFrozen(): void {
    for (const agent of this.#said.keys()) this.#said.set(agent, { isFrozen: false });
  }

  async enrol(message: Enrol, from: string): Promise<Enrolled | RefusedSoon> {
    const { core, writer, now, spend, agentIdOf } = this.#parts;
    const { publicKey, level, version, boot } = message;
    const agent = agentIdOf(publicKey);
    return notNowOnFault(() =>
      writer.alone(async () => {
        let pending: Pending<Enrolled> | undefined;
        let otherHost: string | undefined;
        const spent = await spend({ secret: message.token, from, agent }, (token) => {
          const known = core.agent(agent);
          // A host whose agent became another's would be watched by nobody, and nobody would see it.
          if (known !== undefined && !known.isRevoked && known.host !== token.of) {
            otherHost = known.host;
            return [];
          }
          const facts = { agent, host: token.of, publicKey, level, version, boot };
          pending = core.enrol(facts, now());
          return pending.changes;
        });
        if (otherHost !== undefined) {
          const remedy = `This key is enrolled as ${otherHost}: revoke that one, or make a new key.`;
          return { problem: 'bad-token', remedy } as const;
        }
        if (spent === undefined || pending === undefined) {
          const remedy =
            'Ask for a new line, `holdfast server token HOST`: it counts once, an hour.';
          return { problem: 'bad-token', remedy } as const;
        }
        pending.settle();
        return pending.answer;
      }),
    );
  }

  async say(message: Say): Promise<Said | RefusedSoon> {
    const { core, writer, now } = this.#parts;
    const { agent, isFrozen } = message;
    const answer = await notNowOnFault(() => writer.take(agent, () => core.take(message, now())));
    if (!isRefused(answer) && answer.wants !== 'mark') this.#said.set(agent, { isFrozen });
    return answer;
  }

  show(message: Show, frame: Uint8Array | undefined): Promise<Shown | RefusedSoon> {
    return notNowOnFault(() => this.#parts.show(message, frame));
  }

  async hear(message: Hear, signal: AbortSignal): Promise<Heard | RefusedSoon> {
    const { core, writer, now } = this.#parts;
    const { agent, after } = message;
    const answer = await notNowOnFault(() => writer.take(agent, () => core.hear(message, now())));
    if (isRefused(answer) || answer.words.length > 0) return answer;
    // With a mark of another start it is to ask again at once.
    if (message.mark?.server !== answer.mark.server) return answer;
    const word = this.#wordFor(agent, after, signal);
    // One may have come between the answer and the wait.
    if (core.heard(agent, after, now()).words.length > 0) this.#waiting.get(agent)?.wake();
    await word;
    return core.heard(agent, after, now());
  }

  /** Words that were committed just now: who waits for one is told at once. */
  wake(changes: readonly StateChange[]): void {
    for (const change of changes) {
      if (change.do !== 'word') continue;
      const waiter = this.#waiting.get(change.word.agent);
      if (waiter !== undefined && change.word.n > waiter.after) waiter.wake();
    }
  }

  /** Those who wait are answered with nothing, and ask again. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiting.values()]) waiter.wake();
  }

  /** A second request of one agent ends the wait of its first: only the newest is listened to. */
  #wordFor(agent: AgentId, after: number, signal: AbortSignal): Promise<void> {
    this.#waiting.get(agent)?.wake();
    if (signal.aborted || this.#isClosed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { after, wake: resolve };
    this.#waiting.set(agent, waiter);
    const timer = setTimeout(resolve, this.#parts.hearWaitMs ?? durationMs(HEAR_WAIT_MS));
    signal.addEventListener('abort', () => resolve(), { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      if (this.#waiting.get(agent) === waiter) this.#waiting.delete(agent);
    });
  }
}

/** A state that cannot be written has taken nothing; the agent says it again. */
async function notNowOnFault<T>(act: () => Promise<T>): Promise<T | RefusedSoon> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { problem: 'not-now', remedy: `Say it again later: ${error.code}.`, retryAfterS: 5 };
  }
}
