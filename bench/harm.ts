/**
 * What others lose while a backup runs: fio alone, and with each tool reading cold data beside it
 * on the same disk. `npm run bench-harm -- --help`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateInput } from './generate.ts';
import { inputSpec } from './inputs.ts';
import { describeMachine } from './machine.ts';
import { environment, runQuiet, start } from './process.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { median } from './summary.ts';
import { type Command, type Site, TOOLS } from './tools.ts';

const HELP = `npm run bench-harm -- [options]

  --runs N        rounds; figures are medians (default 3)
  --seconds N     how long fio runs each time (default 15)
  --scale X       share of T4 that is backed up (default 0.6: 6 GB)
{common}

Needs root (to forget the page cache) and fio. The backup must outlast fio, or the round says so.
`;

/** What the neighbour does: reads as a web server does, and small synced writes as a database does. */
const NEIGHBOURS = {
  reads: ['--rw=randread', '--bs=16k', '--iodepth=4', '--ioengine=libaio'],
  'synced writes': ['--rw=randwrite', '--bs=8k', '--fsync=1', '--ioengine=psync'],
} as const;
type Neighbour = keyof typeof NEIGHBOURS;

const BESIDE = ['nothing', 'holdfast', 'holdfast --full-speed', 'restic'] as const;
type Beside = (typeof BESIDE)[number];

interface Measured {
  readonly neighbour: Neighbour;
  readonly beside: Beside;
  readonly run: number;
  /** Of fio, both directions. */
  readonly bytesPerS: number;
  readonly latencyMeanMs: number;
  /** Whether the backup still ran when fio ended. */
  readonly isWhole: boolean;
}

const GIB = 1024 ** 3;

const OPTIONS = { runs: '3', seconds: '15', scale: '0.6' };

async function main({ scratch, values, keep }: BenchRun<keyof typeof OPTIONS>): Promise<void> {
  const { runs, seconds, scale } = values;
  const of = { runs: Number(runs), seconds: Number(seconds), scale: Number(scale) };
  const input = scratch.directory('input');
  await generateInput(inputSpec('T4', { scale: of.scale, seed: 1 }), input, scratch);
  const file = join(scratch.root, 'fio.dat');
  await runQuiet(
    'fio',
    [
      '--name=lay',
      `--filename=${file}`,
      `--size=${2 * GIB}`,
      '--rw=write',
      '--bs=1M',
      '--end_fsync=1',
    ],
    scratch.signal,
  );
  const measured: Measured[] = [];
  for (let run = 1; run <= of.runs; run++) {
    for (const neighbour of ['reads', 'synced writes'] as const) {
      for (const beside of BESIDE) {
        const one = await measure(scratch, { input, file, seconds: of.seconds, neighbour, beside });
        measured.push({ ...one, neighbour, beside, run });
        const rate = (one.bytesPerS / 1e6).toFixed(1);
        const short = one.isWhole ? '' : '  (the backup ended before fio)';
        say(
          `${run} ${neighbour} beside ${beside}: ${rate} MB/s, ${one.latencyMeanMs.toFixed(2)} ms${short}`,
        );
      }
    }
  }
  const date = new Date().toISOString();
  const machine = describeMachine(scratch.root);
  const rows = rowsOf(measured);
  keep('harm', { format: 1, date, ...of, machine, rows, measured });
}

async function measure(
  scratch: Scratch,
  of: {
    readonly input: string;
    readonly file: string;
    readonly seconds: number;
    readonly neighbour: Neighbour;
    readonly beside: Beside;
  },
): Promise<Pick<Measured, 'bytesPerS' | 'latencyMeanMs' | 'isWhole'>> {
  const home = scratch.directory('home');
  const site: Site = { input: of.input, home, target: home, backupNumber: 0, isSparse: false };
  const backup = await prepared(of.beside, site, scratch.signal);
  execFileSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '3\n');
  const running = backup && start({ ...backup, signal: scratch.signal });
  const ended = running?.ended.catch(() => undefined); // It is stopped below.
  const report = await fio(of);
  const pid = running?.process.exitCode === null ? running.process.pid : undefined;
  const isWhole = running === undefined || pid !== undefined;
  if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  await ended;
  await scratch.remove(home);
  return { ...report, isWhole };
}

async function prepared(
  beside: Beside,
  site: Site,
  signal: AbortSignal,
): Promise<Command | undefined> {
  if (beside === 'nothing') return undefined;
  const tool = TOOLS[beside === 'restic' ? 'restic' : 'holdfast'];
  const prepare = tool.prepare?.(site);
  if (prepare !== undefined) await start({ ...prepare, signal }).ended;
  const command = tool.save(site);
  const isFull = beside === 'holdfast --full-speed';
  return isFull ? { ...command, argv: [...command.argv, '--full-speed'] } : command;
}

async function fio(of: {
  readonly file: string;
  readonly seconds: number;
  readonly neighbour: Neighbour;
}): Promise<Pick<Measured, 'bytesPerS' | 'latencyMeanMs'>> {
  const text = await outputOf('fio', [
    '--name=neighbour',
    `--filename=${of.file}`,
    `--size=${2 * GIB}`,
    '--direct=1',
    ...NEIGHBOURS[of.neighbour],
    '--time_based',
    `--runtime=${of.seconds}`,
    '--output-format=json',
  ]);
  const report: unknown = JSON.parse(text);
  const job = at(at(report, 'jobs'), '0');
  const sum = (...path: readonly string[]): number =>
    ['read', 'write'].reduce((total, side) => {
      const value = path.reduce<unknown>((from, key) => at(from, key), at(job, side));
      return total + (typeof value === 'number' ? value : 0);
    }, 0);
  return { bytesPerS: sum('bw_bytes'), latencyMeanMs: sum('clat_ns', 'mean') / 1e6 };
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: environment() });
  return stdout;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function rowsOf(measured: readonly Measured[]): readonly object[] {
  const rows = (['reads', 'synced writes'] as const).flatMap((neighbour) => {
    const rateOf = (beside: Beside): number =>
      median(
        measured
          .filter((each) => each.neighbour === neighbour && each.beside === beside)
          .map(({ bytesPerS }) => bytesPerS),
      );
    return BESIDE.map((beside) => ({
      neighbour,
      beside,
      bytesPerS: rateOf(beside),
      ofAlone: rateOf(beside) / rateOf('nothing'),
    }));
  });
  say('');
  for (const row of rows) {
    say(`${row.neighbour} beside ${row.beside}: ${(100 * row.ofAlone).toFixed(0)} % of alone`);
  }
  return rows;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
