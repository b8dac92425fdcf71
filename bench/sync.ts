/**
 * `holdfast sync` beside `rsync -a --delete` on a tree of which 1 % changed: T1 on one machine, by time, and
 * T2 to another by the bytes on the line; and plans of a million entries. `npm run bench-sync`.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startSshd } from '../test/ssh/sshd-fixture.ts';
import { generateInput } from './generate.ts';
import { inputSpec, planFile } from './inputs.ts';
import { describeMachine } from './machine.ts';
import { type Cost, measure } from './measure.ts';
import { environment } from './process.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { median } from './summary.ts';
import { changeTree, makeTree, PLANNED, type Planned, sayPlans } from './sync-plan.ts';
import { HOLDFAST } from './tools.ts';

const HELP = `npm run bench-sync -- [options]

  --part NAME     time, bytes, large or plan; all of them without it
  --scale X       share of the inputs (default 1: 500 000 files, 20 000, a million entries)
  --runs N        rounds; figures are medians (default 3)
{common}

bytes and large need root (network namespaces) and openssh-server.
`;

const OPTIONS = { part: '', scale: '1', runs: '3' };
type Run = BenchRun<keyof typeof OPTIONS>;

const CHANGED_OF = 100;
/** A little more than what a capture takes for young. */
const YOUNG_MS = 65_000;
const QUIET = 'guard:\n  modes: { live: observe, radius: observe }\n';

const PLAN_ENTRIES = 1_000_000;
/** Of what rsync takes. */
const TIME_GOAL = 1.2;

interface Trees {
  readonly scratch: Scratch;
  readonly source: string;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Figures = Readonly<Record<string, number>>;

async function treesOf(scratch: Scratch, name: 'T1' | 'T2', scale: number): Promise<Trees> {
  const spec = inputSpec(name, { scale, seed: 1 });
  const source = join(scratch.root, `${name}-source`);
  await generateInput(spec, source, scratch);
  const files = Array.from({ length: spec.tree.fileCount }, (_, at) =>
    join(source, planFile(spec, at).path),
  );
  return { scratch, source, files, env: newVault(scratch, name) };
}

function newVault(scratch: Scratch, name: string): Trees['env'] {
  const config = join(scratch.root, 'holdfast.yaml');
  writeFileSync(config, QUIET);
  const env = {
    HOLDFAST_STATE: join(scratch.root, `${name}-state`),
    HOLDFAST_VAULT: join(scratch.root, `${name}-vault`),
    HOLDFAST_CONFIG: config,
    HOLDFAST_FULL_SPEED: '1',
    HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1',
  };
  mkdirSync(env.HOLDFAST_STATE);
  quietly([HOLDFAST, 'init', '--new-key-file'], env);
  return env;
}

function quietly(argv: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const [program = '', ...args] = argv;
  return execFileSync(program, args, { env: environment(env), encoding: 'utf8' });
}

/** One line more in the middle of text; some bytes others; another length of every fourth. */
function change({ files }: Trees, round: number): void {
  for (let at = round; at < files.length; at += CHANGED_OF) {
    const file = files[at];
    if (file === undefined) continue;
    const { mtimeMs } = statSync(file);
    const bytes = readFileSync(file);
    const middle = Math.trunc(bytes.length / 2);
    const insert = Buffer.from(`\n// changed in round ${round}\n`);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, middle), insert, bytes.subarray(middle)]));
    utimesSync(file, new Date(mtimeMs + 1000 * round), new Date(mtimeMs + 1000 * round));
  }
}

async function times(scratch: Scratch, scale: number, runs: number): Promise<Figures> {
  const trees = await treesOf(scratch, 'T1', scale);
  const { source, env } = trees;
  const ours = scratch.directory('ours');
  const theirs = scratch.directory('theirs');
  quietly(['rsync', '-a', `${source}/`, `${theirs}/`]);
  quietly(['cp', '-aT', source, ours]);
  quietly([HOLDFAST, 'sync', source, ours, '--yes'], env);
  const costs: Record<'rsync' | 'place' | 'snapshot' | 'plan', Cost[]> = {
    ...{ rsync: [], place: [], snapshot: [], plan: [] },
  };
  const cost = (argv: readonly string[]): Promise<Cost> =>
    measure({ command: { argv, env }, syncPath: scratch.root }, scratch);
  for (let run = 1; run <= runs; run++) {
    change(trees, 2 * run);
    costs.rsync.push(await cost(['rsync', '-a', '--delete', `${source}/`, `${theirs}/`]));
    costs.place.push(await cost([HOLDFAST, 'sync', source, ours, '--yes']));
    change(trees, 2 * run + 1);
    quietly([HOLDFAST, 'backup', source], env);
    costs.plan.push(await cost([HOLDFAST, 'sync', 'latest', ours, '--dry-run']));
    costs.snapshot.push(await cost([HOLDFAST, 'sync', 'latest', ours, '--yes']));
    quietly(['rsync', '-a', '--delete', `${source}/`, `${theirs}/`]);
    process.stdout.write(`round ${run}: ${JSON.stringify(figuresOf(costs))}\n`);
  }
  const figures = figuresOf(costs);
  for (const name of ['snapshot', 'place'] as const) {
    const ratio = median(costs[name].map(({ wallS }) => wallS)) / (figures.rsyncWallS ?? 0);
    const isMet = ratio <= TIME_GOAL ? 'met' : 'NOT MET';
    process.stdout.write(
      `sync of a ${name}: ${ratio.toFixed(2)} of rsync, wanted ${TIME_GOAL}: ${isMet}\n`,
    );
  }
  return figures;
}

/** The trees differ in 1 %; against an empty directory, in everything. */
async function plans(scratch: Scratch, scale: number, runs: number): Promise<Figures> {
  const [source, target, empty] = ['plan-source', 'plan-target', 'plan-empty'].map((name) =>
    scratch.directory(name),
  );
  if (source === undefined || target === undefined || empty === undefined) return {};
  const dirs = makeTree(source, PLAN_ENTRIES * scale);
  quietly(['cp', '-aT', source, target]);
  const env = newVault(scratch, 'plan');
  quietly([HOLDFAST, 'sync', source, target, '--yes'], env);
  changeTree(source, dirs);
  // What was just written is read again: that is not what is measured.
  await new Promise((resolve) => setTimeout(resolve, YOUNG_MS));
  quietly([HOLDFAST, 'backup', source], env);
  const argvs: Record<Planned, readonly string[]> = {
    snapshot: ['latest', target],
    place: [source, target],
    all: ['latest', empty],
  };
  const costs: Record<Planned, Cost[]> = { snapshot: [], place: [], all: [] };
  for (let run = 1; run <= runs; run++) {
    for (const name of PLANNED) {
      const argv = [HOLDFAST, 'sync', ...argvs[name], '--dry-run'];
      costs[name].push(await measure({ command: { argv, env } }, scratch));
    }
    process.stdout.write(`round ${run}: ${JSON.stringify(figuresOf(costs))}\n`);
  }
  const figures = figuresOf(costs);
  process.stdout.write(sayPlans(figures));
  return figures;
}

function figuresOf(costs: Readonly<Record<string, readonly Cost[]>>): Figures {
  return Object.fromEntries(
    Object.entries(costs).flatMap(([name, all]) => [
      [`${name}WallS`, median(all.map(({ wallS }) => wallS))],
      [`${name}CpuS`, median(all.map(({ cpuS }) => cpuS))],
      [`${name}RssPeakBytes`, median(all.map(({ rssPeakBytes }) => rssPeakBytes))],
    ]),
  );
}

async function bytes(scratch: Scratch, scale: number): Promise<Figures> {
  const trees = await treesOf(scratch, 'T2', scale);
  return overSsh(trees, async (sent) => {
    const figures: Record<string, number> = {};
    for (const what of ['first', 'unchanged', 'changed'] as const) {
      if (what === 'changed') change(trees, 1);
      Object.assign(figures, sent(what));
    }
    return figures;
  });
}

const LARGE_BYTES = 100_000_000;

/** One large file of noise, 1 % of it changed: at once, in a hundred places, put in, and in an image. */
async function large(scratch: Scratch, scale: number): Promise<Figures> {
  const source = scratch.directory('large-source');
  const size = Math.round(LARGE_BYTES * scale);
  const figures: Record<string, number> = {};
  for (const name of ['file', 'disk.img']) writeFileSync(join(source, name), randomBytes(size));
  await overSsh({ source, env: newVault(scratch, 'large') }, async (sent) => {
    sent('first');
    for (const [name, hows] of Object.entries(LARGE_CHANGES)) {
      for (const how of hows) {
        const file = join(source, name);
        writeFileSync(file, CHANGES[how](readFileSync(file), Math.round(size / 100)));
        Object.assign(figures, sent(`${name} ${how}`));
      }
    }
    return figures;
  });
  return figures;
}

const PLACES = 100;
const LARGE_CHANGES = {
  file: ['once', 'spread', 'insert'],
  'disk.img': ['once', 'spread'],
} as const;

const CHANGES = {
  once: (bytes: Buffer, size: number): Buffer => {
    randomFillSync(bytes, Math.trunc(bytes.length / 3), size);
    return bytes;
  },
  spread: (bytes: Buffer, size: number): Buffer => {
    const step = Math.trunc(bytes.length / PLACES);
    const length = Math.trunc(size / PLACES);
    for (let at = 0; at < PLACES; at++) randomFillSync(bytes, at * step, length);
    return bytes;
  },
  insert: (bytes: Buffer, size: number): Buffer => {
    const middle = Math.trunc(bytes.length / 2);
    return Buffer.concat([bytes.subarray(0, middle), randomBytes(size), bytes.subarray(middle)]);
  },
};

/** What one sync of each costs, in bytes on the line. */
type Sent = (what: string) => Figures;

async function overSsh(
  { source, env }: Pick<Trees, 'env' | 'source'>,
  work: (sent: Sent) => Promise<Figures>,
): Promise<Figures> {
  const sshd = await startSshd();
  const there = mkdtempSync(join(dirname(source), 'far-'));
  try {
    sshd.authorize('');
    const ssh = `${sshd.environment.HOLDFAST_SSH ?? 'ssh'} -p ${sshd.port}`;
    const [ours, theirs] = [join(there, 'ours'), join(there, 'theirs')];
    for (const dir of [ours, theirs]) mkdirSync(dir);
    const far = { ...env, HOLDFAST_STATE: join(there, 'state') };
    const words = Object.entries(far).map(([key, value]) => `${key}=${value}`);
    const near = {
      ...env,
      HOLDFAST_SSH: sshd.environment.HOLDFAST_SSH,
      HOLDFAST_REMOTE: ['env', ...words, HOLDFAST].join(' '),
    };
    const rsync = ['rsync', '-a', '--delete', '-e', ssh, `${source}/`, `${sshd.host}:${theirs}/`];
    const target = `${sshd.host}:${sshd.port}:${ours}`;
    const sync = [HOLDFAST, 'sync', source, target, '--yes'];
    const card = cardOf(sshd.host);
    const cost = (argv: readonly string[], own: NodeJS.ProcessEnv): number => {
      const before = bytesOn(card);
      quietly(argv, own);
      return bytesOn(card) - before;
    };
    return await work((what) => {
      return { [`rsync ${what}`]: cost(rsync, {}), [`sync ${what}`]: cost(sync, near) };
    });
  } finally {
    await sshd.stop();
  }
}

/** The card whose cable leads there. */
function cardOf(host: string): string {
  const route = execFileSync('ip', ['-o', 'route', 'get', host], { encoding: 'utf8' });
  return / dev (\S+)/.exec(route)?.[1] ?? 'lo';
}

/** Both directions, with what SSH, TCP and Ethernet add. */
function bytesOn(card: string): number {
  const read = (name: string): number =>
    Number(readFileSync(`/sys/class/net/${card}/statistics/${name}`, 'utf8'));
  return read('tx_bytes') + read('rx_bytes');
}

async function main({ scratch, values, keep }: Run): Promise<void> {
  const [scale, runs] = [Number(values.scale), Number(values.runs)];
  const wanted = (part: string): boolean => values.part === '' || values.part === part;
  const result = {
    machine: describeMachine(scratch.root),
    scale,
    ...(wanted('time') ? { time: await times(scratch, scale, runs) } : {}),
    ...(wanted('bytes') ? { bytes: await bytes(scratch, scale) } : {}),
    ...(wanted('large') ? { large: await large(scratch, scale) } : {}),
    ...(wanted('plan') ? { plan: await plans(scratch, scale, runs) } : {}),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  keep('sync', result);
}

await runBench({ help: HELP, options: OPTIONS }, main);
