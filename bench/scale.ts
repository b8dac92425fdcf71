/**
 * What backups cost in CPU and memory as the number of files grows: `npm run bench-scale -- --help`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sizeOfTree } from './compare.ts';
import { describeMachine } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import { FILES_PER_DIRECTORY, formatFor, roomFor, ScaleTree } from './scale-tree.ts';
import type { Scratch } from './scratch.ts';
import { type Command, holdfast, type Site, TOOLS, versionOf } from './tools.ts';

const HELP = `npm run bench-scale -- [options]

  --points N,N,...  numbers of files, ascending (default 10000,50000,100000,500000,5000000)
  --changes N       files with other bytes before the third backup (default 100)
  --restore-max N   largest point that is restored too (default 500000)
  --settle S        seconds between making a tree and its first backup (default 61)
  --seed N          of all chance (default 1)
{common}
As root the tree lies in an ext4 with inodes of 1 kB, in which small files have room: 5 000 000 take
6 GB, and as much again what is made of them. Without root it takes 20 GB.
`;

const OPTIONS = {
  points: '10000,50000,100000,500000,5000000',
  changes: '100',
  'restore-max': '500000',
  settle: '61',
  seed: '1',
};
type Run = BenchRun<keyof typeof OPTIONS>;

/** Issue 8, section 5: memory of the largest point to that of 500 000 files. */
const GOAL = { memoryRatio: 1.2, from: 500_000 };

interface Act extends Cost {
  readonly cpuPerFileUs: number;
}

interface Point {
  readonly files: number;
  readonly contentBytes: number;
  readonly vaultBytes: number;
  readonly stateBytes: number;
  readonly acts: Readonly<Record<string, Act>>;
}

async function main({ scratch, values, keep }: Run): Promise<void> {
  const points = values.points.split(',').map(Number);
  const largest = points.at(-1) ?? 0;
  const place = await scratch.freshPlace(roomFor(largest), formatFor(largest));
  const tree = new ScaleTree(place.path, Number(values.seed));
  const measured: Point[] = [];
  for (const [at, files] of points.entries()) {
    tree.growTo(files);
    say(`${files} files, ${tree.sizeBytes} bytes`);
    await sleep(Number(values.settle) * 1000, undefined, { signal: scratch.signal });
    const home = scratch.directory(`home-${files}`);
    const site = { input: place.path, home, target: home, backupNumber: 0, isSparse: false };
    const change = (): void => tree.change(Number(values.changes), at + 1);
    const withRestore = files <= Number(values['restore-max']);
    const acts = await actsOf({ site, files, change, withRestore }, scratch);
    measured.push({
      ...{ files, contentBytes: tree.sizeBytes },
      ...{
        vaultBytes: sizeOfTree(join(home, 'vault')),
        stateBytes: sizeOfTree(join(home, 'state')),
      },
      acts,
    });
    await scratch.remove(home);
  }
  const result = {
    ...{ date: new Date().toISOString(), machine: describeMachine(scratch.root) },
    version: versionOf(TOOLS.holdfast),
    options: {
      changes: values.changes,
      seed: values.seed,
      filesPerDirectory: FILES_PER_DIRECTORY,
      place: scratch.freshKind,
    },
    ...{ goal: GOAL, memoryRatio: memoryRatio(measured), points: measured },
  };
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  keep('scale', result);
  await place.discard();
}

interface Acts {
  readonly site: Site;
  readonly files: number;
  readonly change: () => void;
  readonly withRestore: boolean;
}

async function actsOf(
  { site, files, change, withRestore }: Acts,
  scratch: Scratch,
): Promise<Record<string, Act>> {
  const { prepare, save, restore } = TOOLS.holdfast;
  if (prepare === undefined || restore === undefined) throw new Error('holdfast can do both');
  await measure({ command: prepare(site) }, scratch);
  const acts: Record<string, Act> = {};
  const act = async (name: string, command: Command, syncPath?: string): Promise<void> => {
    const options = syncPath === undefined ? { command } : { command, syncPath };
    const cost = await measure(options, scratch);
    const cpuPerFileUs = (cost.cpuS / files) * 1e6;
    acts[name] = { ...cost, cpuPerFileUs };
    const memory = Math.round(cost.rssPeakBytes / 1e6);
    say(
      `${files} ${name}: ${cost.cpuS.toFixed(2)} s of CPU, ${cpuPerFileUs.toFixed(1)} us a file, ${memory} MB`,
    );
  };
  await act('first', save(site));
  await act('unchanged', save(site));
  change();
  await act('changed', save(site));
  await act('ls', holdfast(site, 'ls', { rest: ['latest', 'd000/e00000'] }));
  await act('diff', holdfast(site, 'diff', { rest: idsOfLastTwo(site) }));
  if (withRestore) {
    const place = await scratch.freshPlace(roomFor(files), formatFor(files));
    await act('restore', restore({ ...site, target: place.path }), place.path);
    await place.discard();
  }
  return acts;
}

function idsOfLastTwo(site: Site): string[] {
  const { argv, env } = holdfast(site, 'snapshots', { rest: ['--json'] });
  const [program = '', ...args] = argv;
  const ran = spawnSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  const said = JSON.parse(ran.stdout) as { readonly snapshots: readonly { readonly id: string }[] };
  return said.snapshots
    .map(({ id }) => id)
    .slice(0, 2)
    .reverse();
}

/** By act; undefined where there is nothing to compare with. */
function memoryRatio(points: readonly Point[]): Record<string, number> {
  const from = points.find(({ files }) => files === GOAL.from);
  const to = points.at(-1);
  if (from === undefined || to === undefined) return {};
  return Object.fromEntries(
    Object.entries(to.acts).flatMap(([name, { rssPeakBytes }]) => {
      const base = from.acts[name]?.rssPeakBytes;
      return base === undefined ? [] : [[name, rssPeakBytes / base]];
    }),
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
