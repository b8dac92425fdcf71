/**
 * A process of its own that plays many hosts against one server: `server.ts` starts it, and asks it by
 * messages for what was answered.
 */
import { LoadAgent, type LoadTally } from './load-agent.ts';
import { identityOfPem } from '../src/adapters/agent-link/identity.ts';
import type { ServerPlace } from '../src/adapters/agent-link/pinned-agent.ts';
import type { ShownHost } from './load-shown.ts';
import { diceFor } from './random.ts';

export interface LoadOrder {
  readonly pems: readonly string[];
  readonly place: ServerPlace;
  readonly items: number;
  readonly seed: number;
  readonly run: number;
  readonly saysLines: boolean;
  /** Over so long the first words of all are spread. */
  readonly spreadMs: number;
  readonly lookEveryMs?: number;
  /** What hosts show of themselves, and how long until one has another point. */
  readonly shows?: Omit<ShownHost, 'nth'> & { readonly everyMs: number };
}

export type LoadAsk =
  | { readonly do: 'begin'; readonly order: LoadOrder }
  /** What was counted since it was asked last. */
  | { readonly do: 'report' }
  | { readonly do: 'end' };

export interface LoadReport {
  readonly spanMs: number;
  readonly says: number;
  readonly results: number;
  readonly hears: number;
  readonly shows: number;
  readonly latenciesMs: readonly number[];
  readonly refused: Readonly<Record<string, number>>;
  /** Of each kind: how many words came, and the last of them when (of this machine's clock, ms). */
  readonly words: Readonly<Record<string, { readonly count: number; readonly lastMs: number }>>;
  readonly cpuS: number;
  /** Of each agent: numbers of lines that were acknowledged. */
  readonly books: readonly (readonly number[])[];
  readonly wentBack: number;
}

class Tally implements LoadTally {
  readonly latenciesMs: number[] = [];
  results = 0;
  hears = 0;
  shows = 0;
  readonly refusals: Record<string, number> = {};
  readonly words: Record<string, { count: number; lastMs: number }> = {};
  readonly begunMs = performance.now();

  said(tookMs: number, records: number): void {
    this.latenciesMs.push(tookMs);
    this.results += records;
  }

  heard(): void {
    this.hears += 1;
  }

  showed(): void {
    this.shows += 1;
  }

  word(word: string, atMs: number): void {
    const { count } = this.words[word] ?? { count: 0 };
    this.words[word] = { count: count + 1, lastMs: performance.timeOrigin + atMs };
  }

  refused(what: string): void {
    this.refusals[what] = (this.refusals[what] ?? 0) + 1;
  }
}

let tally = new Tally();
let cpuBefore = process.cpuUsage();
let agents: readonly LoadAgent[] = [];
const stop = new AbortController();
let runs: Promise<unknown> = Promise.resolve();

const relay: LoadTally = {
  said: (tookMs, records) => tally.said(tookMs, records),
  heard: () => tally.heard(),
  showed: () => tally.showed(),
  word: (word, atMs) => tally.word(word, atMs),
  refused: (what) => tally.refused(what),
};

function begin({ pems, seed, spreadMs, shows, ...order }: LoadOrder): void {
  agents = pems.map((pem, nth) => {
    const dice = diceFor('load', seed, nth);
    const beginMs = dice.below(Math.max(1, spreadMs));
    const identity = identityOfPem(pem);
    const own = shows && { ...shows, nth };
    return new LoadAgent({ ...order, identity, dice, beginMs, shows: own }, relay);
  });
  runs = Promise.all(agents.map((agent) => agent.run(stop.signal)));
}

function report(): LoadReport {
  const { latenciesMs, results, hears, shows, refusals, words, begunMs } = tally;
  const { user, system } = process.cpuUsage(cpuBefore);
  const now: LoadReport = {
    ...{ spanMs: performance.now() - begunMs, says: latenciesMs.length, results, hears, shows },
    ...{ latenciesMs, refused: refusals, words, cpuS: (user + system) / 1e6 },
    books: agents.map(({ book }) => book),
    wentBack: agents.reduce((sum, agent) => sum + agent.wentBack, 0),
  };
  tally = new Tally();
  cpuBefore = process.cpuUsage();
  return now;
}

process.on('message', (ask: LoadAsk) => {
  if (ask.do === 'begin') begin(ask.order);
  if (ask.do === 'report') process.send?.(report());
  if (ask.do === 'end') {
    stop.abort();
    void runs.then(() => process.disconnect());
  }
});
