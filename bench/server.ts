/**
 * What a server carries: `npm run bench-server -- PART...`. The real `holdfast server` in a process of
 * its own, over TLS, and hosts that another process plays with keys, signatures and connections as
 * agents have them. This machine pays for both sides.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import { identityOfPem } from '../src/adapters/agent-link/identity.ts';
import { LINES_PER_AGENT_MAX } from '../src/watch/core/server/changes.ts';
import { Load, percentile, rounded, spreadOf } from './load.ts';
import { fillHistory, loadItemName } from './load-history.ts';
import { loadHostName } from './load-shown.ts';
import { describeMachine } from './machine.ts';
import { machineBusyS } from './measure.ts';
import { diceFor } from './random.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import { type Heard, ServedProcess } from './served-process.ts';

const HELP = `npm run bench-server -- [options] [PART...]

  steady     all agents say what they see, people and Prometheus ask; then a freeze (default)
  storm      killed with all it knows, started, and all agents come at once
  history    a million changes are in its state
  kill       killed under load again and again: what was acknowledged is there

  --agents N      (default 1000)
  --items N       of each agent, looked at each minute (default 40)
  --seconds N     that are measured (default 60; the goal is measured with 600)
  --rounds N      of kill (default 5)
  --seed N        of all chance (default 1)
{common}

Measured is what is shipped: run \`npm run build\` first (HOLDFAST_SHIPPED= measures the checkout).
`;

const OPTIONS = { agents: '1000', items: '40', seconds: '60', rounds: '5', seed: '1' };
type Run = BenchRun<keyof typeof OPTIONS>;

/** Issue 6, section 5. */
const GOALS = { resultsPerS: 700, sayP99Ms: 100, rssPeakBytes: 400e6 };
const WARM_MS = 40_000;
const SPREAD_MS = 20_000;
const LISTENERS = 20;
const STATUS_EVERY_MS = 2000;
const METRICS_EVERY_MS = 15_000;
const HISTORY_COUNT = 1_000_000;
/** And at most so much longer, by the seed. */
const KILL_AFTER_MS = 8000;
const FRESH_LIMIT_MS = 180_000;

interface Size {
  readonly agents: number;
  readonly items: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly seed: number;
}

interface Bench {
  readonly served: ServedProcess;
  readonly pems: readonly string[];
  readonly size: Size;
}

async function main({ scratch, values, parts, keep }: Run): Promise<void> {
  const size: Size = {
    ...{ agents: Number(values.agents), items: Number(values.items), seed: Number(values.seed) },
    ...{ seconds: Number(values.seconds), rounds: Number(values.rounds) },
  };
  const form = process.env.HOLDFAST_SHIPPED === '' ? 'checkout' : 'shipped';
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' });
  const facts = { form, commit: commit.stdout.trim(), machine: describeMachine(scratch.root) };
  for (const part of parts.length === 0 ? ['steady'] : parts) {
    const served = await ServedProcess.prepare(scratch.directory(part));
    const pems = await served.enrol(size.agents);
    const bench = { served, pems, size };
    const begunBusyS = machineBusyS();
    try {
      const figures = await partOf(part)(bench);
      const othersCpuS = machineBusyS() - begunBusyS;
      const result = { date: new Date().toISOString(), ...facts, ...size, machineCpuS: othersCpuS };
      say(`${part} ${JSON.stringify(figures, undefined, 2)}`);
      keep('server', { [part]: { ...result, ...figures } });
    } finally {
      await served.end();
    }
  }
}

function partOf(name: string): (bench: Bench) => Promise<object> {
  const found = { steady, storm, history, kill }[name];
  if (found === undefined) throw new Error(`"${name}" is no part`);
  return found;
}

function loadOf(
  { served, pems, size }: Bench,
  of: { readonly run: number; readonly spreadMs: number; readonly saysLines?: boolean },
): Load {
  const { items, seed } = size;
  return new Load({ pems, place: served.place, items, seed, saysLines: false, ...of });
}

async function steady(bench: Bench): Promise<object> {
  const { served, size } = bench;
  await served.start();
  const load = loadOf(bench, { run: 1, spreadMs: SPREAD_MS });
  try {
    await sleep(WARM_MS);
    const figures = await measured(bench, load);
    const freeze = await frozen(bench, load);
    const fsyncsPerS = await served.fsyncsPerS(10);
    const { resultsPerS, say: said, server } = figures;
    const goals = {
      resultsPerS: { limit: GOALS.resultsPerS, isMet: resultsPerS >= GOALS.resultsPerS },
      sayP99Ms: { limit: GOALS.sayP99Ms, isMet: said.p99Ms <= GOALS.sayP99Ms },
      rssPeakBytes: {
        limit: GOALS.rssPeakBytes,
        isMet: server.rssPeakBytes <= GOALS.rssPeakBytes,
      },
    };
    return { seconds: size.seconds, ...figures, freeze, fsyncsPerS, goals };
  } finally {
    await load.end();
  }
}

/** What is asked for meanwhile, by people, Prometheus and pages that listen. */
async function measured({ served, size }: Bench, load: Load) {
  const stop = new AbortController();
  let events = 0;
  const heard: Heard = {
    event: () => {
      events += 1;
    },
    hungUp: () => undefined,
  };
  for (let nth = 0; nth < LISTENERS; nth++) served.listen(stop.signal, heard);
  await load.report();
  const [before, busyBeforeS] = [served.spent(), machineBusyS()];
  const begun = performance.now();
  const until = begun + size.seconds * 1000;
  const rss: number[] = [];
  const asked = await Promise.all([
    askEach(served, '/v1/status', { everyMs: STATUS_EVERY_MS, until }),
    askEach(served, '/metrics', { everyMs: METRICS_EVERY_MS, until }),
    (async () => {
      while (performance.now() < until) {
        rss.push(served.spent().rssBytes);
        await sleep(1000);
      }
    })(),
  ]);
  const [report, after] = [await load.report(), served.spent()];
  const spanS = (performance.now() - begun) / 1000;
  const busyS = machineBusyS() - busyBeforeS;
  stop.abort();
  const [status, metrics] = asked;
  const serverCpuS = after.cpuS - before.cpuS;
  return {
    resultsPerS: rounded(report.results / (report.spanMs / 1000)),
    saysPerS: rounded(report.says / (report.spanMs / 1000)),
    hearsPerS: rounded(report.hears / (report.spanMs / 1000)),
    say: spreadOf(report.latenciesMs),
    refused: report.refused,
    server: {
      cpuShareOfCore: rounded2(serverCpuS / spanS),
      cpuMsPerSay: rounded((serverCpuS / report.says) * 1000),
      rssMedianBytes: percentile(rss, 0.5),
      rssPeakBytes: after.rssPeakBytes,
      writtenBytesPerS: Math.round((after.writtenBytes - before.writtenBytes) / spanS),
      ...served.sizes(),
    },
    generatorCpuShareOfCore: rounded2(report.cpuS / spanS),
    othersCpuShareOfCore: rounded2((busyS - serverCpuS - report.cpuS) / spanS),
    status: status.spread,
    metrics: { ...metrics.spread, bytes: metrics.bytes },
    listeners: { count: LISTENERS, eventsEach: rounded(events / LISTENERS) },
  };
}

async function askEach(
  served: ServedProcess,
  path: string,
  of: { readonly everyMs: number; readonly until: number },
) {
  const times: number[] = [];
  let bytes = 0;
  while (performance.now() < of.until) {
    const answer = await served.ask(path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    times.push(answer.tookMs);
    bytes = answer.bytes;
    await sleep(of.everyMs);
  }
  return { spread: spreadOf(times), bytes };
}

/** From the moment a person asks to the moment the last host has heard it. */
async function frozen({ served, size }: Bench, load: Load): Promise<object> {
  await load.report();
  const begunMs = performance.timeOrigin + performance.now();
  const answer = await served.ask('/v1/freeze', { reason: 'bench', forMs: 600_000 });
  if (answer.status !== 200) return { status: answer.status, text: answer.text };
  for (let waited = 0, heard = 0; ; waited++) {
    await sleep(2000);
    const { words } = await load.report();
    heard += words.freeze?.count ?? 0;
    const allMs = (words.freeze?.lastMs ?? Number.NaN) - begunMs;
    if (heard >= size.agents) {
      return { answeredMs: rounded(answer.tookMs), heard, allHeardMs: rounded(allMs) };
    }
    if (waited > 15) return { answeredMs: rounded(answer.tookMs), heard };
  }
}

async function storm(bench: Bench): Promise<object> {
  const { served, size } = bench;
  const firstStartMs = await served.start();
  const before = loadOf(bench, { run: 1, spreadMs: 5000 });
  await allFresh(bench);
  await before.end();
  await served.end('SIGKILL');
  const startMs = await served.start();
  const begun = performance.now();
  const spentBefore = served.spent();
  const load = loadOf(bench, { run: 2, spreadMs: 0 });
  try {
    await allFresh(bench);
    const freshS = (performance.now() - begun) / 1000;
    const [spent, report] = [served.spent(), await load.report()];
    await sleep(5000);
    return {
      items: size.agents * (size.items + 1),
      startEmptyMs: Math.round(firstStartMs),
      startMs: Math.round(startMs),
      allFreshS: rounded(freshS),
      serverCpuS: rounded(spent.cpuS - spentBefore.cpuS),
      generatorCpuS: rounded(report.cpuS),
      rssPeakBytes: served.spent().rssPeakBytes,
      say: spreadOf(report.latenciesMs),
      refused: report.refused,
      ...served.sizes(),
    };
  } finally {
    await load.end();
  }
}

/** Until nothing is unknown any more. */
async function allFresh({ served, size }: Bench): Promise<void> {
  const wanted = size.agents * (size.items + 1);
  const begun = performance.now();
  for (;;) {
    const { text } = await served.ask('/v1/status');
    const { items } = JSON.parse(text) as {
      items?: { unknown: number; ok: number; failed: number };
    };
    if (items !== undefined && items.unknown === 0 && items.ok + items.failed >= wanted) return;
    if (performance.now() - begun > FRESH_LIMIT_MS)
      throw new Error(`not fresh: ${text.slice(0, 400)}`);
    await sleep(250);
  }
}

async function history(bench: Bench): Promise<object> {
  const { served, pems, size } = bench;
  const begun = performance.now();
  const transitions = HISTORY_COUNT;
  const filled = { items: size.items, transitions, hostChanges: 0 };
  const count = await fillHistory(served, filled);
  const filledS = (performance.now() - begun) / 1000;
  const sizes = served.sizes();
  const startMs = await served.start();
  const load = loadOf(bench, { run: 1, spreadMs: SPREAD_MS });
  try {
    await sleep(WARM_MS);
    const figures = await measured(bench, load);
    const host = loadHostName(pems.length - 1);
    const item = encodeURIComponent(loadItemName(1));
    const asked = await served.ask(`/v1/hosts/${host}/items/${item}`);
    const shown = { status: asked.status, tookMs: rounded(asked.tookMs), bytes: asked.bytes };
    return {
      transitions: count,
      filledS,
      ...sizes,
      startMs: Math.round(startMs),
      shown,
      ...figures,
    };
  } finally {
    await load.end();
  }
}

/** The oracle is the generator: each line whose number was acknowledged must be in the state, once. */
async function kill(bench: Bench): Promise<object> {
  const { served, size } = bench;
  const dice = diceFor('kill', size.seed);
  const load = loadOf(bench, { run: 1, spreadMs: 2000, saysLines: true });
  const startsMs: number[] = [];
  try {
    for (let round = 0; round < size.rounds; round++) {
      startsMs.push(Math.round(await served.start()));
      await sleep(KILL_AFTER_MS + dice.below(KILL_AFTER_MS));
      await served.end('SIGKILL');
    }
    // Nobody answers any more: the books are complete.
    const { books, wentBack } = await load.report();
    const kept = await keptLines(bench);
    const acknowledged = books.flatMap((book, nth) => book.map((n) => `${nth} ${n}`));
    const lost = acknowledged.filter((line) => !kept.has(line));
    const figures = { acknowledged: acknowledged.length, kept: kept.size, wentBack };
    if (lost.length > 0 || wentBack > 0 || acknowledged.length === 0) {
      throw new Error(`seed ${size.seed}: lost ${lost.length} of ${JSON.stringify(figures)}`);
    }
    return { ...figures, lost: lost.length, startsMs };
  } finally {
    await load.end();
  }
}

/** As `agent n`. */
async function keptLines({ served, pems }: Bench): Promise<ReadonlySet<string>> {
  const state = await served.openState();
  const kept = new Set<string>();
  for (const [nth, pem] of pems.entries()) {
    const { agent } = identityOfPem(pem);
    for (const { n, text } of await state.lines({ agent, countMax: LINES_PER_AGENT_MAX })) {
      if (text !== `${agent} ${n}`) throw new Error(`a line that nobody said: ${text}`);
      kept.add(`${nth} ${n}`);
    }
  }
  await state.close();
  return kept;
}

function rounded2(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
