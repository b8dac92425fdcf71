/**
 * Space given back: a history of snapshots of one tree, of which 1 % changes before each, all but some
 * forgotten, by `holdfast vault gc` and by `restic forget --prune`. `npm run bench-gc -- --help`.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sizeOfTree } from './compare.ts';
import { changeInput, generateInput } from './generate.ts';
import { inputSpec } from './inputs.ts';
import { describeMachine } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { type Command, holdfast, restic, type Site, TOOLS, versionOf } from './tools.ts';

const HELP = `npm run bench-gc -- [options]

  --files N       of T1 (default 500000)
  --snapshots N   of each history (default 300)
  --keep N        snapshots that stay, the newest (default 7)
  --sparse SHARE  of holdfast (default 60%; restic leaves 5 % unused)
{common}

holdfast frees in two runs: one forgets and moves, one some days later looks again and deletes. Both
are counted. restic packs, checks and deletes in one.
`;

const OPTIONS = { files: '500000', snapshots: '300', keep: '7', sparse: '60%' };

/** Issue 8, section 5: so many times as fast as restic. */
const GOAL = 5;
const T1_FILES = 500_000;
const GRACE_MS = 2000;

interface Freed {
  readonly cpuS: number;
  readonly wallS: number;
  readonly rssPeakBytes: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

async function main({ scratch, values, keep }: BenchRun<keyof typeof OPTIONS>): Promise<void> {
  const [files, snapshots, keeping] = [values.files, values.snapshots, values.keep].map(Number);
  if (files === undefined || snapshots === undefined || keeping === undefined) return;
  const spec = inputSpec('T1', { scale: files / T1_FILES, seed: 1 });
  const input = scratch.directory('input');
  await generateInput(spec, input, scratch);
  const sites = { holdfast: siteIn(scratch, input, 'h'), restic: siteIn(scratch, input, 'r') };
  const tools = ['holdfast', 'restic'] as const;
  for (const tool of tools) await run(TOOLS[tool].prepare?.(sites[tool]), scratch);
  for (let number = 0; number < snapshots; number++) {
    if (number > 0) {
      await changeInput({ spec, root: input, generation: number }, scratch.signal);
    }
    for (const tool of tools) {
      await run(TOOLS[tool].save({ ...sites[tool], backupNumber: number }), scratch);
    }
    if ((number + 1) % 10 === 0) say(`${number + 1} of ${snapshots} snapshots`);
  }
  const vault = join(sites.holdfast.home, 'vault');
  const opening = { before: await openingOf(sites.holdfast, scratch) };
  const own = await freedByHoldfast(sites.holdfast, { keeping, sparse: values.sparse }, scratch);
  const objects = readdirSync(join(vault, 'packs')).length;
  const indexes = readdirSync(join(vault, 'index')).length;
  const after = await openingOf(sites.holdfast, scratch);
  const other = await freedByRestic(sites.restic, keeping, scratch);
  for (const tool of tools) await run(TOOLS[tool].check?.(sites[tool]), scratch);
  const result = {
    machine: describeMachine(scratch.root),
    versions: { restic: versionOf(TOOLS.restic), holdfast: versionOf(TOOLS.holdfast) },
    options: { files, snapshots, keeping, sparse: values.sparse },
    ...{ holdfast: { ...own, packs: objects, indexes }, restic: other },
    opening: { ...opening, after },
    timesAsFast: { wall: other.wallS / own.wallS, cpu: other.cpuS / own.cpuS, goal: GOAL },
  };
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  keep('gc', { [`${files} files, ${snapshots} snapshots`]: result });
}

function siteIn(scratch: Scratch, input: string, name: string): Site {
  const home = scratch.directory(name);
  return { input, home, target: home, backupNumber: 0, isSparse: false };
}

async function run(command: Command | undefined, scratch: Scratch): Promise<Cost> {
  if (command === undefined) throw new Error('there is no such command');
  return measure({ command }, scratch);
}

/** The command that opens the vault and does least: it lists the root of the newest. */
async function openingOf(site: Site, scratch: Scratch): Promise<{ readonly cpuS: number }> {
  const { cpuS } = await run(holdfast(site, 'ls', { rest: ['latest'] }), scratch);
  return { cpuS };
}

async function freedByHoldfast(
  site: Site,
  of: { readonly keeping: number; readonly sparse: string },
  scratch: Scratch,
): Promise<Freed> {
  const vault = join(site.home, 'vault');
  const bytesBefore = sizeOfTree(vault);
  const keep = ['--keep', `last=${of.keeping},min-age=1s`, '--yes', '--sparse', of.sparse];
  const grace = ['--grace', `${GRACE_MS / 1000}s`];
  const gc = (): Command => holdfast(site, 'vault gc', { rest: [...keep, ...grace] });
  const first = await run(gc(), scratch);
  await sleep(GRACE_MS + 200);
  const second = await run(gc(), scratch);
  return {
    ...{ cpuS: first.cpuS + second.cpuS, wallS: first.wallS + second.wallS },
    rssPeakBytes: Math.max(first.rssPeakBytes, second.rssPeakBytes),
    ...{ bytesBefore, bytesAfter: sizeOfTree(vault) },
  };
}

async function freedByRestic(site: Site, keeping: number, scratch: Scratch): Promise<Freed> {
  const repository = join(site.home, 'repository');
  const bytesBefore = sizeOfTree(repository);
  const command = restic(site, 'forget', '--keep-last', String(keeping), '--prune');
  const { cpuS, wallS, rssPeakBytes } = await run(command, scratch);
  return { cpuS, wallS, rssPeakBytes, bytesBefore, bytesAfter: sizeOfTree(repository) };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
