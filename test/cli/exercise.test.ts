// Goal: an exercise of the real program measures how long a server was really out, refuses a second one,
// keeps what it saw when it is killed, and leaves evidence that expires.
// Method: a server that this test takes away and puts back, with its own clock beside it.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { days, hours, unixMs } from '../../src/base/units.ts';
import { ExerciseBook } from '../../src/main/exercise/exercise-book.ts';
import { keepProof } from '../../src/main/exercise/exercise-proof.ts';
import { exerciseReport, type ExerciseStart } from '../../src/watch/core/exposure/exercise.ts';
import { Bench } from './run-cli.ts';

let bench: Bench;
let started: ChildProcess[] = [];
let servers: Server[] = [];
beforeEach(() => {
  bench = new Bench();
});
afterEach(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  await Promise.all(started.map((each) => each.exitCode ?? each.signalCode ?? once(each, 'exit')));
  await Promise.all(servers.map((each) => takeAway(each)));
  [started, servers] = [[], []];
  bench.remove();
});

interface Server {
  readonly worker: Worker;
  readonly port: number;
}

/** In a thread of its own: it answers while this one waits for a command to end. */
const SERVER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:http').createServer((_, answer) => answer.end('wiki'));
  server.listen(workerData, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;

async function serve(wanted = 0): Promise<Server> {
  const worker = new Worker(SERVER, { eval: true, workerData: wanted });
  const [port] = (await once(worker, 'message')) as [number];
  const server = { worker, port };
  servers.push(server);
  return server;
}

async function takeAway({ worker }: Server): Promise<void> {
  await worker.terminate();
}

interface Exercise {
  readonly child: ChildProcess;
  /** Until it has said so. */
  readonly said: (words: RegExp) => Promise<void>;
}

function start(args: readonly string[]): Exercise {
  const child = bench.start(['exercise', 'start', '--every', '1s', ...args]);
  started.push(child);
  let text = '';
  let hear = (): void => undefined;
  child.stderr?.on('data', (bytes: Buffer) => {
    text += bytes.toString();
    hear();
  });
  const said = (words: RegExp): Promise<void> =>
    new Promise((done, fail) => {
      const limit = setTimeout(
        () => fail(new Error(`never said ${String(words)}: ${text}`)),
        60_000,
      );
      hear = () => {
        if (!words.test(text)) return;
        clearTimeout(limit);
        done();
      };
      hear();
    });
  return { child, said };
}

interface SaidReport {
  readonly isOpen: boolean;
  readonly services: readonly {
    readonly atLeastMs: number;
    readonly atMostMs?: number;
    readonly outings: readonly object[];
  }[];
  readonly said: readonly { readonly event: string; readonly who?: string }[];
}

function shown(): SaidReport {
  const { said, status } = bench.json(['exercise', 'show']);
  assert.equal(status, 0, JSON.stringify(said));
  const [report] = (said.exercises as readonly SaidReport[]).slice(-1);
  assert.ok(report !== undefined);
  return report;
}

test('how long a server was really out, noted and ended from elsewhere; a second one is refused', async () => {
  const server = await serve();
  const { port } = server;
  const { child, said } = start([
    '--reason',
    'yearly',
    '--watch',
    `wiki=http://127.0.0.1:${port}/`,
  ]);
  await said(/wiki is well/);
  const second = bench.json(['exercise', 'start', '--watch', 'x=tcp:127.0.0.1:1']);
  assert.deepEqual([second.status, second.said.error?.code], [1, 'HF_EXERCISE_RUNS']);
  assert.equal(bench.run(['exercise', 'note', '--pulled', 'host:hv3']).status, 0);
  const [lostFrom, , lostBy] = [performance.now(), await takeAway(server), performance.now()];
  await said(/wiki is out/);
  const backFrom = performance.now();
  await serve(port);
  const backBy = performance.now();
  await said(/is out[\s\S]*wiki is well/);
  assert.equal(bench.run(['exercise', 'note', '--put-back', 'host:hv3', 'all is well']).status, 0);
  assert.equal(bench.run(['exercise', 'stop']).status, 0);
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0);
  const report = shown();
  const [wiki] = report.services;
  assert.equal(report.isOpen, false);
  assert.equal(wiki?.outings.length, 1);
  // Its wall clock and ours are read apart: a tenth of a second.
  assert.ok(wiki.atLeastMs <= backBy - lostFrom + 100, `${wiki.atLeastMs}`);
  assert.ok((wiki.atMostMs ?? 0) >= backFrom - lostBy - 100, `${String(wiki.atMostMs)}`);
  assert.deepEqual(
    report.said.map(({ event }) => event),
    ['start', 'watching', 'pulled', 'back', 'note', 'stop', 'unwatched'],
  );
  const none = bench.json(['exercise', 'note', 'late']);
  assert.deepEqual([none.status, none.said.error?.code], [1, 'HF_EXERCISE_NONE']);
});

test('killed: what it saw is kept, it is still open, and it can be gone on with', async () => {
  const server = await serve();
  const watch = ['--watch', `wiki=tcp:127.0.0.1:${server.port}`];
  const first = start(watch);
  await first.said(/wiki is well/);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  assert.equal(shown().isOpen, true);
  const again = start(['--go-on']);
  await again.said(/wiki is well/);
  again.child.kill('SIGINT');
  await once(again.child, 'exit');
  assert.equal(shown().isOpen, true);
  assert.deepEqual(
    shown().said.map(({ event }) => event),
    ['start', 'watching', 'watching', 'unwatched'],
  );
  assert.equal(bench.run(['exercise', 'stop']).status, 0);
  assert.equal(bench.json(['exercise', 'start', '--go-on']).said.error?.code, 'HF_EXERCISE_NONE');
});

const START: ExerciseStart = {
  ...{
    event: 'start',
    at: unixMs(1_000_000),
    who: 'ann@hv1',
    reason: '',
    until: unixMs(9_000_000),
  },
  ...{ pull: [], watch: { wiki: 'tcp:w:1' }, everyMs: 1000, limitMs: 2000 },
};

test('of two that begin at once one is refused, even where neither saw the other', () => {
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  const state = byteString(bench.state);
  const blind = new Proxy(ports.disk, {
    get: (disk, name) => (name === 'list' ? () => [] : Reflect.get(disk, name).bind(disk)),
  });
  new ExerciseBook(ports, state).begin(START);
  const other = new ExerciseBook({ ...ports, disk: blind }, state);
  const isRefused = (error: unknown): boolean =>
    error instanceof Fault && error.code === 'HF_EXERCISE_RUNS';
  assert.throws(() => other.begin(START), isRefused);
  assert.throws(() => new ExerciseBook(ports, state).begin(START), isRefused);
  // Its announced end is over: the next may begin.
  const later = { ...START, at: unixMs(9_000_001), until: unixMs(9_900_000) };
  assert.equal(new ExerciseBook(ports, state).begin(later).number, 2);
});

test('a damaged event is said and proves nothing, and keeps no other from beginning', () => {
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  const book = new ExerciseBook(ports, byteString(bench.state));
  const { number } = book.begin({
    ...START,
    at: unixMs(Date.now()),
    until: unixMs(Date.now() + 9e6),
  });
  const directory = `${bench.state}/exercises/0000000${number}`;
  assert.match(fs.readFileSync(`${directory}/00000001.json`, 'utf8'), /^\{"at":.*"v":0.*\}\n$/);
  fs.writeFileSync(`${directory}/00000002.json`, '{"event":"stop"}');
  const { said } = bench.json(['exercise', 'show']);
  assert.equal((said.damaged as readonly object[]).length, 1);
  assert.equal(book.open(unixMs(Date.now())), undefined);
  assert.equal(book.begin(START).number, number + 1);
});

test('what was shown becomes evidence that expires, once', async () => {
  const at = (second: number) => unixMs(START.at + second * 1000);
  const base = { session: 1, service: 'wiki', why: 'x' };
  const record = {
    ...{ number: 1, lookedAt: new Map() },
    events: [
      START,
      { event: 'saw', at: at(1), ...base, saw: 'healthy', before: undefined },
      { event: 'pulled', at: at(100), who: 'ann', what: 'host:hv3' },
      { event: 'back', at: at(300), who: 'ann', what: 'host:hv3' },
      { event: 'unwatched', at: at(310), session: 1 },
      { event: 'stop', at: at(310), who: 'ann' },
    ] as const,
  };
  fs.mkdirSync(bench.state, { recursive: true });
  const now = unixMs(START.at + hours(1));
  const report = exerciseReport(record, now);
  assert.ok(report !== undefined);
  for (let times = 0; times < 2; times++) await keepProof(byteString(bench.state), report, now);
  const ledger = await openLedger(`${bench.state}/state.db`);
  try {
    const [proof, ...more] = await ledger.current('moves/');
    assert.deepEqual(more, []);
    assert.equal(proof?.subject, 'moves/wiki/host:hv3');
    assert.equal(proof.saw, 'healthy');
    assert.equal(proof.expiresAt - at(100), days(90));
    assert.deepEqual(proof.detail, {
      exercise: 1,
      who: 'ann@hv1',
      outAtLeastMs: 0,
      outAtMostMs: 3000,
    });
  } finally {
    await ledger.close();
  }
});

test('bad words are usage, and begin nothing', () => {
  const cases = [
    ['start'],
    ['start', '--watch', 'wiki'],
    ['start', '--watch', 'wiki=ftp://x/'],
    ['start', '--watch', 'wiki=https://ann:secret@x/'],
    ['start', '--watch', 'w=tcp:h:1', '--for', '25h'],
    ['note'],
  ];
  for (const args of cases) {
    const { status, said } = bench.json(['exercise', ...args]);
    assert.deepEqual([status, said.error?.code], [64, 'HF_USAGE'], args.join(' '));
    assert.doesNotMatch(JSON.stringify(said), /secret/);
  }
  assert.equal(fs.existsSync(`${bench.state}/exercises`), false);
});
