/** Hosts that run what they are asked for, and a server that is killed, cut off and set wrong. */
import { unixMs } from '../src/base/units.ts';
import type {
  AgentRecord,
  CitedMark,
  JobState,
  JobWord,
} from '../src/watch/core/agent/messages.ts';
import type { StoredAgent } from '../src/watch/core/server/changes.ts';
import type { Pending, ServerNow } from '../src/watch/core/server/held.ts';
import { isRefused } from '../src/watch/core/server/held.ts';
import { isAskRefused } from '../src/watch/core/server/orders.ts';
import { askOf, Scheduler } from '../src/watch/core/server/scheduler.ts';
import { ServerCore } from '../src/watch/core/server/server-core.ts';
import { keyOf, type Schedule } from '../src/watch/core/schedule/schedule.ts';
import { SimStore } from './agents-store.ts';
import { Seeded, seededRandom } from './seeded.ts';

const WALL = 1_800_000_000_000;
const HOUR = 3_600_000;
export const BUDGET = { atOnce: 3, atOncePerHost: 1 };

interface Running {
  readonly word: JobWord;
  readonly endsAt: number;
  readonly end: JobState;
}

export interface Asked {
  readonly key: string;
  readonly job: string;
  readonly t: number;
  /** How often the wall clock had been set by then. */
  readonly steps: number;
}

class SimAgent {
  readonly id: string;
  readonly host: string;
  isUp = true;
  seq = 0;
  n = 0;
  after = 0;
  mark: CitedMark | undefined;
  readonly heard = new Set<string>();
  running: Running[] = [];
  unsaid: AgentRecord[] = [];

  constructor(host: string, nth: number) {
    this.host = host;
    this.id = nth.toString(16).padStart(32, '0');
  }

  say(job: string, state: JobState): void {
    this.n += 1;
    this.unsaid.push({ t: 'job', n: this.n, job, state, why: '' });
  }
}

export class SchedulesEstate {
  t = 0;
  stepMs = 0;
  steps = 0;
  isCalm = false;
  readonly asked: Asked[] = [];
  /** Jobs that failed: each may be asked for once more. */
  readonly failed = new Set<string>();
  /** Of good runs: when they were asked for, by the true time. */
  readonly good: Asked[] = [];
  readonly troubles: string[] = [];
  core: ServerCore;
  readonly schedules: readonly Schedule[];
  readonly #store = new SimStore();
  readonly #agents: readonly SimAgent[];
  readonly #seeded: Seeded;
  readonly #seed: number;
  #starts = 0;
  #scheduler = new Scheduler(BUDGET);

  constructor(
    seed: number,
    of: { readonly hosts: readonly string[]; schedules: readonly Schedule[] },
  ) {
    this.#seed = seed;
    this.#seeded = new Seeded(seed);
    this.schedules = of.schedules;
    this.#agents = of.hosts.map((host, nth) => new SimAgent(host, nth + 1));
    for (const { id, host } of this.#agents)
      this.#store.commit([{ do: 'agent', agent: enrolled(id, host) }]);
    this.core = this.restart();
  }

  now(): ServerNow {
    return { atMs: 1_000_000 + this.t, wallMs: unixMs(WALL + this.t + this.stepMs) };
  }

  restart(): ServerCore {
    const kept = { ...this.#store.kept(), schedules: this.schedules };
    this.#starts += 1;
    const random = seededRandom(this.#seed * 100_003 + this.#starts);
    this.core = new ServerCore(kept, random, this.now());
    this.#scheduler = new Scheduler(BUDGET);
    return this.core;
  }

  tick(ms: number): void {
    this.t += ms;
    if (!this.isCalm) this.#befall();
    for (const agent of this.#agents) if (agent.isUp) this.#turn(agent);
    for (const id of this.core.due(this.now())) this.#done(this.core.sweep(id, this.now()));
    this.#plan();
    for (const agent of this.#agents) if (agent.isUp) this.#hear(agent);
  }

  calm(): void {
    this.isCalm = true;
    for (const agent of this.#agents) agent.isUp = true;
  }

  #befall(): void {
    const seeded = this.#seeded;
    if (seeded.isTrue(0.01)) this.restart();
    if (seeded.isTrue(0.003)) {
      this.stepMs += seeded.isTrue(0.5) ? HOUR : -HOUR;
      this.steps += 1;
    }
    for (const agent of this.#agents) {
      if (seeded.isTrue(0.01)) agent.isUp = !agent.isUp;
      if (!seeded.isTrue(0.01)) continue;
      // Killed: what it ran is lost, and it says so when it is back.
      for (const { word } of agent.running) agent.say(word.job, 'lost');
      agent.running = [];
    }
  }

  #turn(agent: SimAgent): void {
    const ended = agent.running.filter(({ endsAt }) => endsAt <= this.t);
    agent.running = agent.running.filter(({ endsAt }) => endsAt > this.t);
    for (const { word, end } of ended) {
      agent.say(word.job, end);
      if (end === 'failed') this.failed.add(word.job);
      const asked = this.asked.find(({ job }) => job === word.job);
      if (asked !== undefined && end === 'done') this.good.push(asked);
    }
    this.#say(agent);
  }

  #say(agent: SimAgent): void {
    for (let tries = 0; tries < 3; tries++) {
      agent.seq += 1;
      const pending = this.core.take(
        {
          ...{ format: 'holdfast-say-0', agent: agent.id, run: 1, seq: agent.seq, boot: 'b' },
          ...{ upMs: this.t, wallMs: WALL, level: 'keep', version: '1', isFrozen: false },
          ...{ mark: agent.mark, records: agent.unsaid },
        },
        this.now(),
      );
      const { answer } = pending;
      if (isRefused(answer)) throw new Error(answer.problem);
      if (!this.isCalm && this.#seeded.isTrue(0.03)) return; // Its commit failed: nothing happened.
      this.#done(pending);
      agent.mark = { ...answer.mark, upMs: this.t };
      if (answer.wants === 'mark') continue;
      agent.unsaid = agent.unsaid.filter(({ n }) => n > answer.acked);
      return;
    }
  }

  #plan(): void {
    for (const { schedule, verdict } of this.#scheduler.plan(this.core, this.now())) {
      if (verdict !== 'ask') continue;
      const pending = this.core.askJob(askOf(schedule), this.now());
      if (isAskRefused(pending.answer)) throw new Error(pending.answer.why);
      if (!this.isCalm && this.#seeded.isTrue(0.1)) continue; // Its commit failed.
      this.#done(pending);
      this.#scheduler.asked(schedule, this.now());
      const { job } = pending.answer;
      this.asked.push({ key: keyOf(schedule), job, t: this.t, steps: this.steps });
      // Killed as soon as it was kept.
      if (!this.isCalm && this.#seeded.isTrue(0.02)) this.restart();
    }
  }

  #hear(agent: SimAgent): void {
    const mark = agent.mark;
    if (mark === undefined) return;
    agent.seq += 1;
    const head = { agent: agent.id, run: 1, seq: agent.seq, boot: 'b', upMs: this.t, mark };
    const pending = this.core.hear(
      { format: 'holdfast-hear-0', ...head, after: agent.after },
      this.now(),
    );
    const { answer } = pending;
    if (isRefused(answer)) throw new Error(answer.problem);
    this.#done(pending);
    for (const word of answer.words) {
      agent.after = Math.max(agent.after, word.n);
      if (word.word === 'job') this.#begin(agent, word);
    }
  }

  #begin(agent: SimAgent, word: JobWord): void {
    if (agent.heard.has(word.job)) return;
    agent.heard.add(word.job);
    const isSame = agent.running.some(
      ({ word: { act, name } }) => act === word.act && name === word.name,
    );
    if (isSame) this.troubles.push(`two of ${agent.host} ${word.act} ${word.name} at ${this.t}`);
    agent.say(word.job, 'running');
    const took = (0.1 + this.#seeded.next()) * HOUR;
    const end = this.isCalm || this.#seeded.isTrue(0.8) ? 'done' : 'failed';
    agent.running.push({ word, end, endsAt: this.t + took });
  }

  #done<T>(pending: Pending<T>): T {
    this.#store.commit(pending.changes);
    pending.settle();
    return pending.answer;
  }

  /** Of hosts that speak: what runs there in truth. */
  runningNow(): readonly string[] {
    return this.#agents.flatMap(({ host, isUp, running }) =>
      isUp ? running.map(({ word }) => `${host} ${word.act} ${word.name}`) : [],
    );
  }
}

function enrolled(agent: string, host: string): StoredAgent {
  return {
    ...{ agent, host, publicKey: 'key', level: 'keep', version: '1', enrolledAt: unixMs(WALL) },
    ...{ run: 0, seq: 0, acked: 0, boot: 'b', isRevoked: false },
  };
}
