/**
 * A wrapped `rsync -a --delete` beside rsync alone, on equal trees with 1 % changed: wall, CPU,
 * memory, and directories listed. `npm run bench-guard-run`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { median } from './summary.ts';
import { HOLDFAST } from './tools.ts';

const HELP = `npm run bench-guard-run -- [options]

  --files N       of the tree (default 100000)
  --runs N        rounds; figures are medians (default 3)
{common}

Needs rsync; with strace, directories listed are counted too.
`;

const OPTIONS = { files: '100000', runs: '3' };
type Run = BenchRun<keyof typeof OPTIONS>;

const FILES_PER_DIR = 100;
const SIZE = 2_000;
/** In each hundred files: one is changed; every fourth hundred loses one, and another gains one. */
const CHANGED_OF = 100;
const DAY_S = 86_400;
/** Of the wall time of rsync alone. */
const RATIO_MAX = 1.2;

interface Sides {
  readonly source: string;
  /** Of rsync alone, and of the guarded one. */
  readonly plain: string;
  readonly guarded: string;
  readonly state: string;
  /** Rounds follow each other as days do; that they are of one day is not to be judged. */
  readonly config: string;
}

type Measured = Record<'plain' | 'guarded', Cost[]>;

async function main({ scratch, values, keep }: Run): Promise<void> {
  const [files, runs] = [Number(values.files), Number(values.runs)];
  const sides = prepare(scratch, files);
  const costs: Measured = { plain: [], guarded: [] };
  for (let run = 1; run <= runs; run++) {
    change(sides.source, { files, run });
    // Who comes first finds a colder cache: they take turns.
    const order = run % 2 === 1 ? (['plain', 'guarded'] as const) : (['guarded', 'plain'] as const);
    for (const side of order) costs[side].push(await once(scratch, { sides, side }));
    say(`run ${run}: rsync ${wallOf(costs.plain)} s, guarded ${wallOf(costs.guarded)} s`);
  }
  change(sides.source, { files, run: runs + 1 });
  const listed = listings(scratch, sides);
  tell({ scratch, files, runs, costs, listed, keep });
}

function prepare(scratch: Scratch, files: number): Sides {
  const source = scratch.directory('source');
  for (let at = 0; at < files; at++) write(source, at, `0 ${at}`);
  const sides = {
    source,
    plain: scratch.directory('plain'),
    guarded: scratch.directory('guarded'),
    state: scratch.directory('state'),
    config: join(scratch.root, 'holdfast.yaml'),
  };
  writeFileSync(sides.config, 'guard:\n  modes:\n    radius: observe\n');
  for (const target of [sides.plain, sides.guarded])
    run(['rsync', '-a', `${source}/`, `${target}/`]);
  // The first run takes over what lies there.
  run(guardedArgv(sides), environmentOf(sides));
  return sides;
}

function write(source: string, at: number, text: string): void {
  const dir = join(source, `d${Math.trunc(at / FILES_PER_DIR)}`);
  if (at % FILES_PER_DIR === 0) mkdirSync(dir, { recursive: true });
  const file = join(dir, `f${at}`);
  writeFileSync(file, text.padEnd(SIZE, 'x'));
  const old = Date.now() / 1000 - 3 * DAY_S;
  utimesSync(file, old, old);
}

function change(source: string, of: { readonly files: number; readonly run: number }): void {
  const { files, run: nth } = of;
  const pathOf = (at: number): string =>
    join(source, `d${Math.trunc(at / FILES_PER_DIR)}`, `f${at}`);
  for (let at = nth; at < files; at += CHANGED_OF) {
    const hundred = Math.trunc(at / CHANGED_OF);
    if (hundred % 4 === 0) rmSync(pathOf(at), { force: true });
    else if (hundred % 4 === 1) writeFileSync(`${pathOf(at)}-new${nth}`, 'new'.padEnd(SIZE, 'x'));
    else writeFileSync(pathOf(at), `${nth} ${at}`.padEnd(SIZE, 'y'));
  }
}

function guardedArgv({ source, guarded }: Sides): readonly string[] {
  return [HOLDFAST, 'guard', 'run', '--', 'rsync', '-a', '--delete', `${source}/`, `${guarded}/`];
}

function environmentOf({ state, config }: Sides): Readonly<Record<string, string>> {
  const shipped = process.env.HOLDFAST_SHIPPED ?? '1';
  return { HOLDFAST_SHIPPED: shipped, HOLDFAST_STATE: state, HOLDFAST_CONFIG: config };
}

async function once(
  scratch: Scratch,
  { sides, side }: { readonly sides: Sides; readonly side: keyof Measured },
): Promise<Cost> {
  const { source, plain } = sides;
  const env = environmentOf(sides);
  const argv =
    side === 'plain' ? ['rsync', '-a', '--delete', `${source}/`, `${plain}/`] : guardedArgv(sides);
  return measure({ command: { argv, env }, syncPath: scratch.root }, scratch);
}

/** Calls that read a directory, below the source and the target; undefined without strace. */
function listings(scratch: Scratch, sides: Sides): Record<keyof Measured, number> | undefined {
  if (spawnSync('strace', ['-V']).error !== undefined) return undefined;
  const count = (argv: readonly string[]): number => {
    const out = join(scratch.root, 'strace.txt');
    const traced = ['strace', '-f', '-y', '-qq', '-e', 'trace=getdents64', '-o', out, ...argv];
    run(traced, environmentOf(sides));
    // The last call of each directory says that there is no more.
    const lines = readFileSync(out, 'latin1')
      .split('\n')
      .filter((line) => line.endsWith('= 0'));
    const trees = [sides.source, sides.plain, sides.guarded];
    return lines.filter((line) => trees.some((tree) => line.includes(`<${tree}`))).length;
  };
  const { source, plain } = sides;
  return {
    plain: count(['rsync', '-a', '--delete', `${source}/`, `${plain}/`]),
    guarded: count(guardedArgv(sides)),
  };
}

function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const [program = '', ...args] = argv;
  const ran = spawnSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (ran.status !== 0)
    throw new Error(`${argv.join(' ')} ended with ${ran.status}: ${ran.stderr}`);
}

function wallOf(costs: readonly Cost[]): string {
  return (costs.at(-1)?.wallS ?? Number.NaN).toFixed(2);
}

function tell(of: {
  readonly scratch: Scratch;
  readonly files: number;
  readonly runs: number;
  readonly costs: Measured;
  readonly listed: Record<keyof Measured, number> | undefined;
  readonly keep: Run['keep'];
}): void {
  const { scratch, files, runs, costs, listed, keep } = of;
  const medians = Object.fromEntries(
    Object.entries(costs).map(([side, all]) => [
      side,
      {
        wallS: median(all.map(({ wallS }) => wallS)),
        cpuS: median(all.map(({ cpuS }) => cpuS)),
        rssPeakBytes: Math.max(...all.map(({ rssPeakBytes }) => rssPeakBytes)),
      },
    ]),
  );
  const ratio = (medians.guarded?.wallS ?? 0) / (medians.plain?.wallS ?? 1);
  const result = { files, runs, medians, ratio, goal: RATIO_MAX, directoriesListed: listed };
  process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
  say(`guarded takes ${ratio.toFixed(2)} times as long as rsync alone; the goal is ${RATIO_MAX}`);
  keep('guard-run', { ...result, machine: describeMachine(scratch.root), costs });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
