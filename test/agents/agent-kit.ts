/** An agent's loop over ports that a test owns: its time, its server, its disk. */
import { SimDisk } from '../../sim/disk.ts';
import { seededRandom } from '../../sim/seeded.ts';
import { DiskSpool } from '../../src/adapters/agent-spool/disk-spool.ts';
import { FileHeardBook } from '../../src/adapters/agent-spool/heard-book.ts';
import { openNumbers } from '../../src/adapters/agent-spool/numbers.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type DurationMs, unixMs } from '../../src/base/units.ts';
import type {
  AgentRecord,
  Hear,
  Heard,
  ItemSaw,
  JobWord,
  Level,
  Said,
  Say,
  Word,
} from '../../src/watch/core/agent/messages.ts';
import { AgentLoop } from '../../src/watch/shell/agent/agent-loop.ts';
import type { AgentClock, AgentParts, FoundJob } from '../../src/watch/shell/agent/agent-ports.ts';
import type { Probe, ProbeFinding } from '../../src/watch/shell/agent/probe.ts';
import type { ServerLink } from '../../src/watch/shell/agent/server-link.ts';

const DIR = byteString('/state');
const START_MS = 1_800_000_000_000;

/** Time passes when the test says so: to the next thing that waits, and then what follows of it. */
export class TestClock implements AgentClock {
  readonly boot = 'boot-1';
  #nowMs = 0;
  readonly #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];

  now() {
    return unixMs(START_MS + this.#nowMs);
  }

  upMs(): number {
    return 50_000 + this.#nowMs;
  }

  wait(span: DurationMs, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const abort = (): void => {
        const at = this.#waiting.indexOf(entry);
        if (at !== -1) this.#waiting.splice(at, 1);
        resolve();
      };
      const wake = (): void => {
        // Of many hours there would be thousands.
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const entry = { atMs: this.#nowMs + Math.max(1, span), wake };
      this.#waiting.push(entry);
      signal.addEventListener('abort', abort);
    });
  }

  async pass(spanMs: number): Promise<void> {
    const endMs = this.#nowMs + spanMs;
    await settle();
    for (;;) {
      const next = this.#waiting.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#nowMs = next.atMs;
      next.wake();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** Everything that follows of what happened, without any time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A server that does as docs/format/agent.md says, and whatever trouble the test plans. */
export class TestServer implements ServerLink {
  readonly says: Say[] = [];
  readonly hears: Hear[] = [];
  /** All that was ever acknowledged, by number. */
  readonly had = new Map<number, AgentRecord>();
  readonly words: Word[] = [];
  id = 'a'.repeat(32);
  acked = 0;
  /** Thrown instead of taking anything. */
  trouble: (() => Fault) | undefined;
  /** Taken, and the answer is lost. */
  isDeafAfter = false;
  #knows = false;
  readonly #clock: TestClock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  restart(id: string): void {
    this.id = id;
    this.#knows = false;
    this.wakeAll();
  }

  word(word: Word): void {
    this.words.push(word);
    this.wakeAll();
  }

  wakeAll(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  enrol(): never {
    throw new Error('nobody enrols here');
  }

  async say(message: Say): Promise<Said> {
    await Promise.resolve();
    if (this.trouble !== undefined) throw this.trouble();
    this.says.push(message);
    const answer = { format: 'holdfast-said-0', mark: this.#mark(), acked: this.acked } as const;
    if (message.mark?.server !== this.id) return { ...answer, wants: 'mark' };
    for (const record of message.records) {
      if (record.n <= this.acked) continue;
      this.had.set(record.n, record);
      this.acked = record.n;
    }
    if (this.isDeafAfter) throw away();
    const isNew = !this.#knows;
    this.#knows = true;
    return { ...answer, acked: this.acked, ...(isNew ? { wants: 'all' as const } : {}) };
  }

  async hear(message: Hear, signal: AbortSignal): Promise<Heard> {
    await Promise.resolve();
    if (this.trouble !== undefined) throw this.trouble();
    this.hears.push(message);
    const here = (): Word[] => this.words.filter(({ n }) => n > message.after);
    if (here().length === 0) {
      const end = new AbortController();
      this.#waiting.add(() => end.abort());
      await this.#clock.wait(25_000 as DurationMs, AbortSignal.any([end.signal, signal]));
    }
    return { format: 'holdfast-heard-0', mark: this.#mark(), words: here() };
  }

  #mark(): { readonly server: string; readonly at: number } {
    return { server: this.id, at: this.#clock.upMs() - 40_000 };
  }
}

export function away(): Fault {
  return new Fault('HF_SERVER_AWAY', 'the line is cut', { server: 'test' });
}

export function refusing(problem: string): Fault {
  return new Fault('HF_SERVER_REFUSED', problem, { problem, instead: '', server: 'test' });
}

/** A probe that sees what the test says, and hangs where it says so. */
export class TestProbe implements Probe {
  readonly item: string;
  readonly kind = 'test';
  readonly everyMs: number;
  readonly timeoutMs = 5000;
  saw: ItemSaw = 'healthy';
  hangs: 'no' | 'until aborted' | 'for ever' = 'no';
  looks = 0;
  readonly release: (() => void)[] = [];

  constructor(name: string, everyMs = 60_000) {
    this.item = `test:${name}`;
    this.everyMs = everyMs;
  }

  async look(signal: AbortSignal): Promise<ProbeFinding> {
    this.looks += 1;
    const finding = { saw: this.saw, why: `it is ${this.saw}`, detail: {} };
    if (this.hangs === 'no') return await Promise.resolve(finding);
    return await new Promise((resolve) => {
      this.release.push(() => resolve(finding));
      if (this.hangs === 'until aborted') signal.addEventListener('abort', () => resolve(finding));
    });
  }
}

export interface Kit {
  readonly clock: TestClock;
  readonly server: TestServer;
  readonly disk: SimDisk;
  readonly frozen: string[];
  readonly found: Map<string, FoundJob>;
  readonly asked: JobWord[];
  /** Starts an agent over the same disk; the test stops it by the signal. */
  start(
    probes: readonly Probe[],
    level?: Level,
    more?: {
      readonly freezer?: Partial<AgentParts['freezer']>;
      readonly reachFor?: AgentParts['reachFor'];
      readonly discover?: AgentParts['discover'];
      readonly shows?: AgentParts['shows'];
      /** Changed as the test wants it. */
      readonly spoil?: (heard: FileHeardBook) => void;
    },
  ): { stop(): Promise<void>; kill(): void };
  /** What the server has of one item, oldest first. */
  of(item: string): readonly AgentRecord[];
  jobs(job: string): readonly string[];
}

export function makeKit(seed = 1): Kit {
  const clock = new TestClock();
  const server = new TestServer(clock);
  const disk = new SimDisk({});
  disk.makeDir(DIR);
  const frozen: string[] = [];
  const found = new Map<string, FoundJob>();
  const asked: JobWord[] = [];
  const random = seededRandom(seed);
  const tools = { ...nodeTools(), random };
  return {
    ...{ clock, server, disk, frozen, found, asked },
    start: (probes, level = 'look', { freezer, reachFor, discover, shows, spoil } = {}) => {
      const numbers = openNumbers({ disk, tools }, DIR, clock.now());
      const heard = new FileHeardBook({ disk, tools }, DIR);
      spoil?.(heard);
      const parts: AgentParts = {
        ...{ clock, random, link: server, numbers, probes },
        spool: new DiskSpool({ disk, tools, numbers }, DIR),
        heard,
        ...{ reachFor, discover, shows },
        jobs: {
          find: (word) => {
            asked.push(word);
            return found.get(word.name) ?? { refused: `there is no job ${word.name} on this host` };
          },
        },
        freezer: {
          isFrozen: () => frozen.length > 0,
          standing: () => undefined,
          resume: async () => [],
          freeze: async ({ id }) => {
            frozen.push(id);
            return await Promise.resolve([]);
          },
          unfreeze: async ({ id }) => {
            frozen.splice(0, frozen.length, ...frozen.filter((each) => each !== id));
            return await Promise.resolve([]);
          },
          ...freezer,
        },
        claims: { claim: () => undefined },
      };
      const stop = new AbortController();
      const facts = { agent: 'b'.repeat(32), level, version: '0' };
      const run = new AgentLoop(parts, facts).run(stop.signal);
      run.catch(() => undefined); // Awaited by `stop`.
      return {
        stop: async () => {
          stop.abort();
          await run;
        },
        // As far as a process can be killed within a process: nothing of it is waited for.
        kill: () => stop.abort(),
      };
    },
    of: (item) =>
      [...server.had.values()].filter((record) => 'item' in record && record.item === item),
    jobs: (job) =>
      [...server.had.values()].flatMap((record) =>
        record.t === 'job' && record.job === job ? [record.state] : [],
      ),
  };
}
