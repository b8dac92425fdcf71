/**
 * How long it takes to list many snapshots, and to compare two large ones: `npm run bench-listing`.
 * Vaults made by the shipped code; the shipped program is timed as a person waits for it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { byteString } from '../src/base/bytes.ts';
import { unixMs } from '../src/base/units.ts';
import { keyFileSecret } from '../src/main/cli/secrets.ts';
import { directoryLine } from '../src/main/vault-line.ts';
import { nodePorts, openSession, type VaultSession } from '../src/main/vault-session.ts';
import { makeDataKey } from '../src/vault/core/data-keys.ts';
import { NAMES } from '../src/vault/core/object-id.ts';
import {
  listSnapshots,
  nextOf,
  publishSnapshot,
  readSnapshotContent,
} from '../src/vault/shell/snapshot-store.ts';
import { describeMachine } from './machine.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import { HOLDFAST } from './tools.ts';

const HELP = `npm run bench-listing -- [options]

  --snapshots N    to be listed, of ten data sets (default 100000; 0: not done)
  --entries N      of each of the two snapshots that are compared (default 1000000; 0: not done)
  --changes N      between them (default 100)
  --runs N         of each measurement; figures are medians, the first one apart (default 5)
{common}
`;

const OPTIONS = { snapshots: '100000', entries: '1000000', changes: '100', runs: '5' };
type Run = BenchRun<keyof typeof OPTIONS>;

/** Issue 8, section 5. */
const GOALS = { listMs: 1000, diffMs: 200 };
const HOUR_MS = 3_600_000;
const FILES_PER_DIR = 1000;
const DATA_SETS = 10;

interface Bench {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function main({ scratch, values, keep }: Run): Promise<void> {
  const [snapshots, entries, changes, runs] = [
    values.snapshots,
    values.entries,
    values.changes,
    values.runs,
  ].map(Number) as [number, number, number, number];
  const machine = describeMachine(scratch.root);
  const list = snapshots === 0 ? {} : await listing(scratch.directory('many'), snapshots, runs);
  const diff =
    entries === 0 ? {} : difference(scratch.directory('large'), { entries, changes, runs });
  const result = { date: new Date().toISOString(), machine, goals: GOALS, ...list, ...diff };
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  keep('listing', result);
}

function benchIn(root: string): Bench {
  mkdirSync(root, { recursive: true });
  const env = {
    ...process.env,
    HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1',
    HOLDFAST_STATE: join(root, 'state'),
    HOLDFAST_VAULT: join(root, 'vault'),
    HOLDFAST_KEY_FILE: join(root, 'key'),
  };
  run({ root, env }, ['init', '--new-key-file', join(root, 'key')]);
  return { root, env };
}

function run({ root, env }: Bench, args: readonly string[]): Took & { readonly out: string } {
  // The times of the child alone come with what it says of itself at its end.
  const before = process.hrtime.bigint();
  const timed = ['-f', 'cpu %U %S', HOLDFAST, ...args];
  const ran = spawnSync('/usr/bin/time', timed, {
    ...{ env, cwd: root, encoding: 'utf8', maxBuffer: 2 ** 30 },
  });
  const wallMs = Number(process.hrtime.bigint() - before) / 1e6;
  if (ran.status !== 0)
    throw new Error(`${args.join(' ')} ended with ${ran.status}: ${ran.stderr}`);
  const [, user, system] = /cpu ([0-9.]+) ([0-9.]+)\s*$/.exec(ran.stderr) ?? [];
  return { wallMs, cpuMs: (Number(user) + Number(system)) * 1000, out: ran.stdout };
}

function measured(bench: Bench, args: readonly string[], runs: number): object {
  const first = run(bench, args);
  const all = Array.from({ length: runs }, () => run(bench, args));
  const median = (of: (each: Took) => number): number => {
    const sorted = all.map(of).sort((a, b) => a - b);
    return Math.round(sorted[sorted.length >> 1] ?? Number.NaN);
  };
  return {
    firstMs: Math.round(first.wallMs),
    wallMs: median(({ wallMs }) => wallMs),
    cpuMs: median(({ cpuMs }) => cpuMs),
    bytesSaid: first.out.length,
  };
}

async function listing(root: string, count: number, runs: number): Promise<object> {
  const bench = benchIn(root);
  mkdirSync(join(root, 'data'));
  writeFileSync(join(root, 'data/file'), 'content');
  run(bench, ['backup', join(root, 'data')]);
  const startedMs = Date.now();
  await publishMany(await sessionOf(bench), count - 1);
  const madeMs = Date.now() - startedMs;
  return {
    snapshots: count,
    madeMs,
    list: measured(bench, ['snapshots'], runs),
    listJson: measured(bench, ['snapshots', '--json'], runs),
    listLast: measured(bench, ['snapshots', '--last', '10'], runs),
  };
}

async function sessionOf({ root }: Bench): Promise<VaultSession> {
  const ports = nodePorts();
  const line = directoryLine(ports, byteString(join(root, 'vault')));
  const value = byteString(join(root, 'key'));
  const { secret } = keyFileSecret(ports.disk, { value, by: '' });
  return openSession({ line, secret, state: byteString(join(root, 'state')) });
}

/** As many backups of the same tree would, hour by hour, without reading it each time. */
async function publishMany(
  { vault, tools, state, clock }: VaultSession,
  count: number,
): Promise<void> {
  const { snapshots } = await listSnapshots(vault);
  const [first] = snapshots;
  const writer = state.readWriter();
  if (first === undefined || writer === undefined) throw new Error('nothing to go on from');
  const content = readSnapshotContent(vault, first.record);
  let chain = nextOf(vault, writer, snapshots);
  const begin = clock.now() - count * HOUR_MS;
  for (let at = 0; at < count; at++) {
    const finished = unixMs(begin + at * HOUR_MS);
    const written = await publishSnapshot(vault, {
      content: { ...content, dataSet: `data-${at % DATA_SETS}`, started: finished, finished },
      chain,
      writerKey: writer.privateKey,
      namesKey: makeDataKey(tools, vault.keyring, NAMES),
    });
    chain = { seq: chain.seq + 1, previous: written.id };
  }
  state.writeWriter({ ...writer, ...chain, seq: chain.seq - 1 });
}

function difference(
  root: string,
  of: { readonly entries: number; readonly changes: number; readonly runs: number },
): object {
  const { entries, changes, runs } = of;
  const bench = benchIn(root);
  const data = join(root, 'data');
  const pathOf = (at: number): string => join(data, `d${Math.trunc(at / FILES_PER_DIR)}`, `f${at}`);
  const write = (at: number, text: string): void => {
    writeFileSync(pathOf(at), text);
    utimesSync(pathOf(at), 1_700_000_000, 1_700_000_000 + text.length);
  };
  for (let at = 0; at < entries; at++) {
    if (at % FILES_PER_DIR === 0)
      mkdirSync(join(data, `d${at / FILES_PER_DIR}`), { recursive: true });
    write(at, `${at}`);
  }
  run(bench, ['backup', data]);
  for (let nth = 0; nth < changes; nth++) {
    write(Math.trunc((nth * entries) / changes), `changed ${nth}`);
  }
  run(bench, ['backup', data]);
  const ids = (
    JSON.parse(run(bench, ['snapshots', '--json']).out) as { snapshots: { id: string }[] }
  ).snapshots.map(({ id }) => id);
  const [after = '', before = ''] = ids;
  return { entries, changes, diff: measured(bench, ['diff', before, after], runs) };
}

await runBench({ help: HELP, options: OPTIONS }, main);
