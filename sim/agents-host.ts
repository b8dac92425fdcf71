/** A host with the real loop of an agent on it. Its disk outlives what runs there. */
import { durationMs } from '../src/base/units.ts';
import type { AgentId, ItemSaw, LineRecord, Peer } from '../src/watch/core/agent/messages.ts';
import { AgentLoop } from '../src/watch/shell/agent/agent-loop.ts';
import type {
  AgentParts,
  FoundJob,
  HeardBook,
  KeptRecord,
  Numbers,
  Spool,
} from '../src/watch/shell/agent/agent-ports.ts';
import type { Probe } from '../src/watch/shell/agent/probe.ts';
import type { SimLine } from './agents-line.ts';
import type { SimMachine } from './agents-time.ts';
import { Truth } from './agents-truth.ts';
import { type Seeded, seededRandom } from './seeded.ts';

const LOOK_MAX_MS = 1500;
const JOB_MAX_MS = 40_000;
const NUMBERS_LEFT_OUT = 32;
const REACH_EVERY_MS = 20_000;

export interface SimItem {
  readonly item: string;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly truth: Truth;
}

export class SimHost {
  readonly agent: AgentId;
  readonly machine: SimMachine;
  readonly line: SimLine;
  readonly items: readonly SimItem[];
  /** Whether its agent runs on it: it may be killed while the machine goes on. */
  readonly life = new Truth<'runs' | 'gone'>('gone');
  /** Whether others could reach it, as far as it goes. */
  readonly up = new Truth<'up' | 'down'>('down');
  /** Records of which it was told that the server has them. */
  readonly acknowledged: KeptRecord[] = [];
  /** A look on another host, by what it reaches: set by who builds the estate. */
  reaches: (peer: AgentId) => boolean = () => true;
  failure: unknown;
  readonly #seeded: Seeded;
  readonly #disk = {
    run: 0,
    n: 0,
    spool: [] as KeptRecord[],
    heard: new Set<string>(),
    begun: new Set<string>(),
  };
  #onLine: ((line: Omit<LineRecord, 't' | 'n'>) => void) | undefined;

  constructor(of: {
    readonly agent: AgentId;
    readonly machine: SimMachine;
    readonly line: SimLine;
    readonly items: readonly SimItem[];
    readonly seeded: Seeded;
  }) {
    this.agent = of.agent;
    this.machine = of.machine;
    this.line = of.line;
    this.items = of.items;
    this.#seeded = of.seeded;
  }

  get isRunning(): boolean {
    return this.life.now === 'runs';
  }

  start(): void {
    if (this.isRunning) return;
    this.#disk.run += 1;
    this.#disk.n += this.#seeded.below(NUMBERS_LEFT_OUT);
    this.life.set(this.machine.time.now, 'runs');
    this.up.set(this.machine.time.now, 'up');
    const facts = { agent: this.agent, level: 'look' as const, version: 'sim' };
    const loop = new AgentLoop(this.#parts(), facts);
    loop.run(new AbortController().signal).catch((error: unknown) => {
      this.failure = error;
    });
  }

  kill(): void {
    this.machine.kill();
    this.life.set(this.machine.time.now, 'gone');
    this.#onLine = undefined;
  }

  sayLine(text: string): void {
    const upMs = this.machine.upMs();
    if (this.machine.isStopped) return;
    this.#onLine?.({ from: 'kernel', upMs, priority: 4, text });
  }

  #parts(): AgentParts {
    const { machine } = this;
    return {
      clock: {
        now: () => machine.wallMs(),
        upMs: () => machine.upMs(),
        boot: machine.boot,
        wait: (span, signal) => machine.wait(span, signal),
      },
      random: seededRandom(this.#seeded.below(2 ** 31)),
      link: this.line,
      numbers: this.#numbers(),
      spool: this.#spool(),
      heard: this.#heard(),
      jobs: { find: () => this.#job() },
      freezer: {
        ...{ isFrozen: () => false, standing: () => undefined, resume: async () => [] },
        ...{ freeze: async () => [], unfreeze: async () => [] },
      },
      claims: { claim: () => {} },
      probes: this.items.map((item) => this.#probe(item)),
      reachFor: (peer) => this.#reach(peer),
      lines: [{ start: (onLine) => this.#hearLines(onLine) }],
    };
  }

  #hearLines(onLine: (line: Omit<LineRecord, 't' | 'n'>) => void): void {
    this.#onLine = onLine;
  }

  #numbers(): Numbers {
    return { run: this.#disk.run, next: () => this.#nextNumber() };
  }

  #nextNumber(): number {
    this.#disk.n += 1;
    return this.#disk.n;
  }

  #spool(): Spool {
    const disk = this.#disk;
    const next = (): number => this.#nextNumber();
    return {
      keep: (records) => {
        for (const record of records) disk.spool.push({ ...record, n: next() } as KeptRecord);
      },
      oldest: ({ count }) => disk.spool.slice(0, count),
      forget: (n) => {
        this.acknowledged.push(...disk.spool.filter((record) => record.n <= n));
        disk.spool = disk.spool.filter((record) => record.n > n);
      },
      state: () => ({ count: disk.spool.length, bytes: 0, bytesMax: 1 }),
    };
  }

  #heard(): HeardBook {
    const { heard, begun } = this.#disk;
    return {
      has: (id) => heard.has(id),
      hear: (id) => void heard.add(id),
      begin: (job) => {
        if (heard.has(job)) return false;
        heard.add(job);
        begun.add(job);
        return true;
      },
      end: (job) => void begun.delete(job),
      begun: () => [...begun],
    };
  }

  #job(): FoundJob {
    return {
      run: async () => {
        await this.machine.wait(this.#seeded.below(JOB_MAX_MS));
        return { state: 'done', why: 'it is done' };
      },
    };
  }

  #probe({ item, everyMs, timeoutMs, truth }: SimItem): Probe {
    return this.#look({ item, kind: 'sim', everyMs, timeoutMs }, () => truth.now);
  }

  #reach({ agent }: Peer): Probe {
    const times = { everyMs: REACH_EVERY_MS, timeoutMs: 5000 };
    return this.#look({ item: `reach:${agent}`, kind: 'reach', ...times }, () =>
      this.reaches(agent) ? 'healthy' : 'broken',
    );
  }

  /** A look takes a while: what it saw was so at one moment of it. */
  #look(of: Omit<Probe, 'look'>, see: () => ItemSaw): Probe {
    return {
      ...of,
      look: async () => {
        await this.machine.wait(durationMs(this.#seeded.below(LOOK_MAX_MS)));
        const saw = see();
        await this.machine.wait(durationMs(this.#seeded.below(LOOK_MAX_MS)));
        return { saw, why: `it is ${saw}`, detail: {} };
      },
    };
  }
}
