/**
 * How soon a page comes: `npm run bench-pages`. The real server with what many hosts show of
 * themselves, a million changes in its state and results that go on arriving; every page and every
 * route that a reader may read is asked for again and again, one after the other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import type { z } from 'zod';
import type { Route } from '../src/wire/api/route.ts';
import { allRoutes } from '../src/wire/api/routes.ts';
import { Load, percentile, rounded, spreadOf } from './load.ts';
import { fillHistory, loadItemName } from './load-history.ts';
import { loadDataPath, loadHostName } from './load-shown.ts';
import { describeMachine } from './machine.ts';
import { machineBusyS } from './measure.ts';
import { diceFor } from './random.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import { type Heard, ServedProcess } from './served-process.ts';

const HELP = `npm run bench-pages -- [options]

  --hosts N        (default 1000)
  --items N        of each host; together they are looked at 667 times a second (default 20)
  --data-sets N    of each host, one of them in no recovery point (default 10)
  --points N       of each data set, in two copies (default 5)
  --transitions N  in its state at the start (default 1000000)
  --change-s N     a host's ledger has another point, one of all hosts after so many seconds (default 4)
  --rounds N       each page is asked for so often (default 40)
  --listeners N    on /v1/events (default 20)
  --seed N         of all chance (default 1)
{common}

Measured is what is shipped: run \`npm run build\` first (HOLDFAST_SHIPPED= measures the checkout).
`;

const OPTIONS = {
  ...{ hosts: '1000', items: '20', 'data-sets': '10', points: '5', transitions: '1000000' },
  ...{ 'change-s': '4', rounds: '40', listeners: '20', seed: '1' },
};

/** Issue 7, section 4. */
const GOALS = { p95Ms: 300, firstViewBytes: 100_000 };
const RESULTS_PER_S = 667;
const SPREAD_MS = 20_000;
const SHOWN_LIMIT_MS = 600_000;
const PAUSE_MS = 20;
const LIMITED_MS = 500;
const HOST_CHANGES = 100;
const SERVICES = 20;

async function main({ scratch, values, keep }: BenchRun<keyof typeof OPTIONS>): Promise<void> {
  const size = Object.fromEntries(
    Object.entries(OPTIONS).map(([name]) => [name, Number(values[name as keyof typeof OPTIONS])]),
  ) as Record<keyof typeof OPTIONS, number>;
  const { hosts, items, points, seed, transitions } = size;
  const form = process.env.HOLDFAST_SHIPPED === '' ? 'checkout' : 'shipped';
  const commit = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' });
  const served = await ServedProcess.prepare(scratch.directory('pages'), declaredOf(size));
  let load: Load | undefined;
  try {
    const pems = await served.enrol(hosts);
    const count = await fillHistory(served, { items, transitions, hostChanges: HOST_CHANGES });
    say(`${count} transitions are there`);
    const startMs = await served.start();
    load = new Load({
      ...{ pems, place: served.place, items, seed, run: 1, saysLines: false, spreadMs: SPREAD_MS },
      lookEveryMs: Math.max(1000, Math.round((hosts * items * 1000) / RESULTS_PER_S)),
      shows: {
        hosts,
        dataSets: size['data-sets'],
        points,
        everyMs: size['change-s'] * 1000 * hosts,
      },
    });
    await allShown(load, hosts);
    say('all hosts have shown themselves');
    const figures = await measured({ served, load, size });
    const result = {
      ...{ date: new Date().toISOString(), form, commit: commit.stdout.trim() },
      ...{ machine: describeMachine(scratch.root), size, startMs: Math.round(startMs) },
      ...{ ...served.sizes(), ...figures },
    };
    say(JSON.stringify(result, undefined, 2));
    keep('pages', result);
  } finally {
    await load?.end();
    await served.end();
  }
}

/** Data sets of the first hosts, restored together, with promises that some keep. */
function declaredOf({ hosts, 'data-sets': sets }: Measuring['size']): string {
  const numbers = Array.from({ length: Math.min(SERVICES, hosts) }, (_, nth) => nth);
  const own = Array.from({ length: Math.min(3, sets) }, (_, at) => at);
  const lines = {
    hosts: numbers.map((nth) => `${loadHostName(nth)}: {}`),
    datasets: numbers.flatMap((nth) =>
      own.map((at) => {
        const where = `host: ${loadHostName(nth)}, paths: [${loadDataPath(at)}]`;
        return `data-${nth}-${at}: {${where}, may-lose: 6h}`;
      }),
    ),
    services: numbers.map((nth) => {
      const names = own.map((at) => `data-${nth}-${at}`).join(', ');
      const depends = nth === 0 ? '' : `, depends-on: [service-${nth - 1}]`;
      return `service-${nth}: {datasets: [${names}], tier: 1, back-within: 4h${depends}}`;
    }),
  };
  return Object.entries(lines)
    .map(([key, below]) => `${key}:\n${below.map((line) => `  ${line}\n`).join('')}`)
    .join('');
}

async function allShown(load: Load, hosts: number): Promise<void> {
  const begun = performance.now();
  for (let shows = 0; shows < 2 * hosts; ) {
    await sleep(1000);
    shows += (await load.report()).shows;
    if (performance.now() - begun > SHOWN_LIMIT_MS) throw new Error(`${shows} frames shown`);
  }
}

interface Measuring {
  readonly served: ServedProcess;
  readonly load: Load;
  readonly size: Record<keyof typeof OPTIONS, number>;
}

async function measured({ served, load, size }: Measuring) {
  const stop = new AbortController();
  const listeners = new Listeners();
  for (let nth = 0; nth < size.listeners; nth++) served.listen(stop.signal, listeners);
  const paths = pathsOf(size);
  for (const { path } of paths) await served.ask(path);
  await load.report();
  const [before, busyBeforeS, begun] = [served.spent(), machineBusyS(), performance.now()];
  const rss: number[] = [];
  const asked = new Map(
    paths.map(({ path }) => [path, { times: [] as number[], bytes: 0, status: 0 }]),
  );
  const dice = diceFor('pages', size.seed);
  for (let round = 0; round < size.rounds; round++) {
    const turns = paths.map((each) => ({ ...each, turn: dice.below(1_000_000) }));
    for (const { path } of turns.sort((one, other) => one.turn - other.turn)) {
      let answer = await served.ask(path);
      // One user who asks so much is told to wait: that is no page.
      for (; answer.status === 429; answer = await served.ask(path)) await sleep(LIMITED_MS);
      const known = asked.get(path);
      known?.times.push(answer.tookMs);
      if (known !== undefined) Object.assign(known, { bytes: answer.bytes, status: answer.status });
      await sleep(PAUSE_MS);
    }
    rss.push(served.spent().rssBytes);
  }
  const [report, after] = [await load.report(), served.spent()];
  const spanS = (performance.now() - begun) / 1000;
  stop.abort();
  const pages = paths.map(({ id, path, isPage }) => {
    const { times, bytes, status } = asked.get(path) ?? { times: [], bytes: 0, status: 0 };
    return { id, path, isPage, status, bytes, ...spreadOf(times) };
  });
  pages.sort((one, other) => other.p95Ms - one.p95Ms);
  const cpuS = after.cpuS - before.cpuS;
  const [slowest] = pages;
  const largest = Math.max(...pages.flatMap(({ isPage, bytes }) => (isPage ? bytes : [])));
  return {
    ...{ spanS: rounded(spanS), resultsPerS: rounded(report.results / (report.spanMs / 1000)) },
    ...{ shows: report.shows, say: spreadOf(report.latenciesMs), refused: report.refused },
    server: {
      cpuShareOfCore: Math.round((cpuS / spanS) * 1000) / 1000,
      rssMedianBytes: percentile(rss, 0.5),
      rssPeakBytes: after.rssPeakBytes,
    },
    othersCpuShareOfCore: rounded((machineBusyS() - busyBeforeS - cpuS - report.cpuS) / spanS),
    listeners: { count: size.listeners, ...listeners.each(size.listeners) },
    goals: {
      p95Ms: {
        limit: GOALS.p95Ms,
        slowest: slowest?.path,
        isMet: (slowest?.p95Ms ?? 0) <= GOALS.p95Ms,
      },
      firstViewBytes: {
        limit: GOALS.firstViewBytes,
        largest,
        isMet: largest <= GOALS.firstViewBytes,
      },
    },
    notAsked: notAsked(),
    pages,
  };
}

/** What all who listen were told, together. */
class Listeners implements Heard {
  readonly #counts = new Map<string, number>();
  #bytes = 0;
  #bytesMax = 0;
  #hungUp = 0;

  event(name: string, bytes: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#bytes += bytes;
    this.#bytesMax = Math.max(this.#bytesMax, bytes);
  }

  hungUp(): void {
    this.#hungUp += 1;
  }

  each(count: number) {
    const ofEach = (all: number): number => rounded(all / Math.max(1, count));
    const kinds = [...this.#counts].map(([name, times]) => [name, ofEach(times)] as const);
    return {
      eventsEach: ofEach([...this.#counts.values()].reduce((sum, times) => sum + times, 0)),
      kindsEach: Object.fromEntries(kinds),
      bytesEach: ofEach(this.#bytes),
      largestBytes: this.#bytesMax,
      hungUpEach: ofEach(this.#hungUp),
    };
  }
}

/** What stands for each name in a path or a question; of what is not here nothing is asked. */
function examplesOf(size: Measuring['size']): Readonly<Record<string, string>> {
  const host = loadHostName(size.hosts >> 1);
  const set = `${host}:${loadDataPath(0)}`;
  return {
    host,
    item: loadItemName(1),
    dataSet: set,
    name: set,
    q: 'data-001',
    domain: `host:${host}`,
  };
}

/** Beside the plain question. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  losePage: ['lost=host:{host}', 'lost=host:{store}&lost=host:{host}'],
  recoveryPage: ['lost=host:{host}', 'lost=host:{store}'],
  lose: ['domain=host:{store}&domain=host:{host}'],
  dataSets: ['count=1000'],
  exposure: ['count=1000'],
  changesPage: ['host={host}'],
  unprotectedPage: ['host={host}'],
};

interface Asked {
  readonly id: string;
  readonly path: string;
  readonly isPage: boolean;
}

function isReadable({ id, method, asker }: Route): boolean {
  return method === 'GET' && ['read', 'metrics', 'audit'].includes(asker) && id !== 'events';
}

function pathsOf(size: Measuring['size']): readonly Asked[] {
  const known = examplesOf(size);
  return allRoutes.filter(isReadable).flatMap((route) => {
    const path = filled(route.path, known);
    if (path === undefined) return [];
    const isPage = route.mediaType?.startsWith('text/html') === true;
    const of = { id: route.id, isPage };
    const query = needed(route).map(
      (name) => `${name}=${encodeURIComponent(nameFor(route, name, known))}`,
    );
    const also = (ALSO[route.id] ?? []).map((each) => `${path}?${withNames(each, size)}`);
    return [[path, ...query].join('?'), ...also].map((each) => ({ ...of, path: each }));
  });
}

function nameFor({ id }: Route, name: string, known: Readonly<Record<string, string>>): string {
  return id === 'servicePage' && name === 'name' ? 'service-3' : (known[name] ?? '');
}

function withNames(text: string, { hosts }: Measuring['size']): string {
  return text.replaceAll('{host}', loadHostName(hosts >> 1)).replaceAll('{store}', loadHostName(0));
}

function filled(path: string, known: Readonly<Record<string, string>>): string | undefined {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  if (names.some((name) => known[name] === undefined)) return undefined;
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(known[name] ?? ''));
}

/** What a question must say. */
function needed({ query }: Route): readonly string[] {
  const { shape } = query as z.ZodObject;
  return Object.entries(shape).flatMap(([name, of]) => {
    return (of as z.ZodType).safeParse(undefined).success ? [] : [name];
  });
}

function notAsked(): readonly string[] {
  const known = { host: '', item: '', dataSet: '' };
  return allRoutes.flatMap((route) =>
    isReadable(route) && filled(route.path, known) === undefined ? route.path : [],
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
