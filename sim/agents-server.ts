/** The real core of the server, composed as a server does it: lanes, commits, then answers. */
import type { Random } from '../src/host/random.ts';
import type { Hear, Heard, Said, Say } from '../src/watch/core/agent/messages.ts';
import { HEAR_WAIT_MS } from '../src/watch/core/agent/messages.ts';
import { type EstateNow, estateNow } from '../src/watch/core/server/estate-now.ts';
import {
  isRefused,
  type Pending,
  type Refused,
  type ServerNow,
} from '../src/watch/core/server/held.ts';
import { isAskRefused, type JobAsk, type Unsaid } from '../src/watch/core/server/orders.ts';
import { ServerCore } from '../src/watch/core/server/server-core.ts';
import { SimStore } from './agents-store.ts';
import type { SimMachine } from './agents-time.ts';
import type { Seeded } from './seeded.ts';

const COMMIT_MAX_MS = 15;
const SWEEP_EVERY_MS = 5000;
/** Of the server's clock at a boot: whatever it is, it says nothing of that of another boot. */
const CLOCK_BASE_MAX_MS = 1_000_000;

export type Answer = Said | Heard | Refused;

export class SimServer {
  readonly store = new SimStore();
  readonly machine: SimMachine;
  commitFails = 0;
  core: ServerCore | undefined;
  #clockBaseMs: number;
  readonly #seeded: Seeded;
  readonly #random: Random;
  readonly #lanes = new Map<string, Promise<unknown>>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(machine: SimMachine, seeded: Seeded, random: Random) {
    this.machine = machine;
    this.#seeded = seeded;
    this.#random = random;
    this.#clockBaseMs = CLOCK_BASE_MAX_MS + seeded.below(CLOCK_BASE_MAX_MS);
  }

  now(): ServerNow {
    return { atMs: this.#clockBaseMs + this.machine.upMs(), wallMs: this.machine.wallMs() };
  }

  start(): void {
    if (this.core !== undefined) return;
    this.core = new ServerCore(this.store.kept(), this.#random, this.now());
    this.#sweepOnAndOn();
  }

  /** Its process is killed: what was not committed never was. */
  kill(): void {
    this.machine.kill();
    this.core = undefined;
    this.#lanes.clear();
    this.#waiting.clear();
  }

  /** The machine under it loses its power: another clock, and nothing of now. */
  loseMachine(): void {
    this.kill();
    this.machine.turnOff();
    this.machine.turnOn();
    this.#clockBaseMs = CLOCK_BASE_MAX_MS + this.#seeded.below(CLOCK_BASE_MAX_MS);
  }

  async say(say: Say): Promise<Answer> {
    return await this.#act(say.agent, (core) => core.take(say, this.now()));
  }

  async hear(hear: Hear): Promise<Answer> {
    const { agent, after, mark } = hear;
    const answer = await this.#act(agent, (core) => core.hear(hear, this.now()));
    if (isRefused(answer) || !('words' in answer) || answer.words.length > 0) return answer;
    if (mark === undefined || mark.server !== answer.mark.server) return answer;
    await this.#wordOrTime(agent);
    return this.core?.heard(agent, after, this.now()) ?? answer;
  }

  async askJob(ask: JobAsk): Promise<string | undefined> {
    const agent = this.core?.agents().find(({ stored }) => stored.host === ask.host)?.stored.agent;
    if (agent === undefined) return undefined;
    const answer = await this.#act(agent, (core) => core.askJob(ask, this.now()));
    return 'job' in answer ? answer.job : undefined;
  }

  async tell(host: string, word: Unsaid): Promise<boolean> {
    const agent = this.core?.agents().find(({ stored }) => stored.host === host)?.stored.agent;
    if (agent === undefined) return false;
    const answer = await this.#act(agent, (core) => core.tell(host, word, this.now()));
    return !isRefused(answer) && !isAskRefused(answer);
  }

  estate(): EstateNow | undefined {
    return this.core === undefined ? undefined : estateNow(this.core, this.now());
  }

  /** One at a time for each agent: decide, commit, settle, answer. */
  async #act<T>(agent: string, decide: (core: ServerCore) => Pending<T>): Promise<T | Refused> {
    const before = this.#lanes.get(agent) ?? Promise.resolve();
    const act = before.then(async (): Promise<T | Refused> => {
      const { core } = this;
      if (core === undefined) return await new Promise<never>(() => {});
      const pending = decide(core);
      if (pending.changes.length > 0 && !(await this.#commit(pending))) {
        return { problem: 'not-now', remedy: 'Say it again.' };
      }
      pending.settle();
      if (pending.changes.some((change) => change.do === 'word')) this.#wake(agent);
      return pending.answer;
    });
    this.#lanes.set(agent, act);
    return await act;
  }

  async #commit({ changes }: Pending<unknown>): Promise<boolean> {
    await this.machine.wait(1 + this.#seeded.below(COMMIT_MAX_MS));
    if (this.#seeded.next() < this.commitFails) return false;
    this.store.commit(changes);
    // Durable, and nobody knows it yet: here a kill hurts most.
    await this.machine.wait(1 + this.#seeded.below(COMMIT_MAX_MS));
    return true;
  }

  async #wordOrTime(agent: string): Promise<void> {
    const waiting = this.#waiting.get(agent) ?? new Set();
    this.#waiting.set(agent, waiting);
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
      this.machine.after(HEAR_WAIT_MS, resolve);
    });
  }

  #wake(agent: string): void {
    for (const wake of this.#waiting.get(agent) ?? []) wake();
    this.#waiting.delete(agent);
  }

  #sweepOnAndOn(): void {
    this.machine.after(SWEEP_EVERY_MS, () => {
      for (const agent of this.core?.due(this.now()) ?? []) {
        void this.#act(agent, (core) => core.sweep(agent, this.now()));
      }
      this.#sweepOnAndOn();
    });
  }
}
