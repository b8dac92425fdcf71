/**
 * Backups to another machine: holdfast by SFTP and by its own server, restic by SFTP, over a link
 * that is shaped to 1 Gbit/s; then an unchanged tree over one that takes 50 ms. `npm run bench-ssh`.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startProxy } from '../test/ssh/delaying-proxy.ts';
import { type HostAndPort, restrictedTo, type Sshd, startSshd } from '../test/ssh/sshd-fixture.ts';
import { generateInput } from './generate.ts';
import { type InputName, inputSpec } from './inputs.ts';
import { describeMachine } from './machine.ts';
import { start } from './process.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { median } from './summary.ts';
import { HOLDFAST } from './tools.ts';

const HELP = `npm run bench-ssh -- [options]

  --runs N        rounds; figures are medians (default 3)
  --input NAME    T1, T2 or T4 (default T4)
  --scale X       share of the input (default 0.2)
{common}

Needs root (network namespaces, tc), openssh-server and restic.
`;

const RATE = '1gbit';
const DELAY_EACH_WAY_MS = 25;
const SETTLE_MS = 61_000;
const WAYS = ['holdfast sftp', 'holdfast stdio', 'restic sftp'] as const;
type Way = (typeof WAYS)[number];

interface Measured {
  readonly way: Way;
  readonly act: 'first' | 'unchanged at 50 ms';
  readonly run: number;
  readonly wallS: number;
  /** Over the link, both directions, with what SSH and TCP add. */
  readonly linkBytes: number;
}

interface Stage {
  readonly scratch: Scratch;
  readonly sshd: Sshd;
  readonly input: string;
  /** The card that leads to the server. */
  readonly card: string;
}

const OPTIONS = { runs: '3', input: 'T4', scale: '0.2' };

async function main({ scratch, values, keep }: BenchRun<keyof typeof OPTIONS>): Promise<void> {
  const name = values.input;
  if (name !== 'T1' && name !== 'T2' && name !== 'T4') throw new Error('--input is T1, T2 or T4');
  const sshd = await startSshd();
  try {
    const input = scratch.directory('input');
    const scale = Number(values.scale);
    const made = await generateInput(inputSpec(name, { scale, seed: 1 }), input, scratch);
    const card = cardTo(sshd.host);
    shape(card);
    // A careful tool reads again what is younger than a minute.
    await setTimeout(SETTLE_MS);
    const of = { name, scale, runs: Number(values.runs), ...made } as const;
    const measured = await measureAll({ scratch, sshd, input, card }, of);
    const date = new Date().toISOString();
    const machine = describeMachine(scratch.root);
    const rows = rowsOf(measured);
    keep('ssh', { format: 1, date, ...of, rate: RATE, machine, rows, measured });
  } finally {
    await sshd.stop();
  }
}

async function measureAll(
  stage: Stage,
  of: {
    readonly name: InputName;
    readonly scale: number;
    readonly runs: number;
    readonly sizeBytes: number;
  },
): Promise<readonly Measured[]> {
  const slow = await startProxy({ to: stage.sshd, delayMs: DELAY_EACH_WAY_MS });
  const measured: Measured[] = [];
  try {
    for (let run = 1; run <= of.runs; run++) {
      for (const way of WAYS) {
        const home = stage.scratch.directory(`home-${run}`);
        const far = join(stage.sshd.dir, 'far');
        const at = { home, far };
        await prepare(stage, way, at);
        const take = async (act: Measured['act'], through?: HostAndPort): Promise<void> => {
          const one = await timed(stage, () => backup(stage, way, { ...at, through }));
          measured.push({ way, act, run, ...one });
          const megabytes = (one.linkBytes / 1e6).toFixed(3);
          say(`${run} ${way}, ${act}: ${one.wallS.toFixed(2)} s, ${megabytes} MB`);
        };
        await take('first');
        await take('unchanged at 50 ms', slow);
        await stage.scratch.remove(home);
        await stage.scratch.remove(far);
      }
    }
  } finally {
    await slow.stop();
  }
  return measured;
}

interface At {
  readonly home: string;
  readonly far: string;
  readonly through?: HostAndPort | undefined;
}

async function prepare(stage: Stage, way: Way, at: At): Promise<void> {
  stage.sshd.authorize(way === 'holdfast stdio' ? restrictedTo(at.far) : '');
  if (way === 'restic sftp') await restic(stage, at, ['init', '--repository-version', '2']);
  else await holdfast(stage, at, ['init', '--new-key-file']);
  // The vault of a restricted key is made by it too.
}

async function backup(stage: Stage, way: Way, at: At): Promise<void> {
  if (way === 'restic sftp') await restic(stage, at, ['backup', stage.input]);
  else await holdfast(stage, at, ['backup', stage.input]);
}

async function holdfast(stage: Stage, at: At, args: readonly string[]): Promise<void> {
  const { host, port } = at.through ?? stage.sshd;
  const env = {
    ...stage.sshd.environment,
    HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1',
    HOLDFAST_STATE: `${at.home}/state`,
    HOLDFAST_VAULT: `ssh://root@${host}:${port}${at.far}`,
  };
  await start({ argv: [HOLDFAST, ...args], env, signal: stage.scratch.signal }).ended;
}

async function restic(stage: Stage, at: At, args: readonly string[]): Promise<void> {
  const { host, port } = at.through ?? stage.sshd;
  const ssh = `ssh -F ${stage.sshd.dir}/ssh_config -p ${port} root@${host} -s sftp`;
  const env = {
    RESTIC_REPOSITORY: `sftp:root@${host}:${at.far}`,
    RESTIC_CACHE_DIR: `${at.home}/cache`,
    RESTIC_PASSWORD: 'only for the benchmark',
  };
  const argv = ['restic', '-o', `sftp.command=${ssh}`, ...args];
  await start({ argv, env, signal: stage.scratch.signal }).ended;
}

async function timed(
  { card }: Stage,
  act: () => Promise<void>,
): Promise<{ readonly wallS: number; readonly linkBytes: number }> {
  execFileSync('sync');
  const before = linkBytes(card);
  const startedMs = performance.now();
  await act();
  return { wallS: (performance.now() - startedMs) / 1000, linkBytes: linkBytes(card) - before };
}

function linkBytes(card: string): number {
  const read = (name: string): number =>
    Number(readFileSync(`/sys/class/net/${card}/statistics/${name}`, 'latin1'));
  return read('rx_bytes') + read('tx_bytes');
}

function cardTo(host: string): string {
  const said = execFileSync('ip', ['-o', 'route', 'get', host], { encoding: 'utf8' });
  const card = / dev (\S+)/.exec(said)?.[1];
  if (card === undefined) throw new Error(`no way to ${host}: ${said}`);
  return card;
}

/** What leaves here goes no faster; what comes back (answers) is little. */
function shape(card: string): void {
  const limit = ['tbf', 'rate', RATE, 'burst', '256k', 'latency', '50ms'];
  execFileSync('tc', ['qdisc', 'replace', 'dev', card, 'root', ...limit]);
}

function rowsOf(measured: readonly Measured[]): readonly object[] {
  const rows = (['first', 'unchanged at 50 ms'] as const).flatMap((act) => {
    const figureOf = (way: Way, figure: 'wallS' | 'linkBytes'): number =>
      median(
        measured.filter((one) => one.way === way && one.act === act).map((one) => one[figure]),
      );
    return WAYS.map((way) => ({
      act,
      way,
      wallS: figureOf(way, 'wallS'),
      linkBytes: figureOf(way, 'linkBytes'),
      wallOfRestic: figureOf(way, 'wallS') / figureOf('restic sftp', 'wallS'),
      bytesOfRestic: figureOf(way, 'linkBytes') / figureOf('restic sftp', 'linkBytes'),
      /** Share of the link's 125 MB/s, of what went over it. */
      ofLine: figureOf(way, 'linkBytes') / figureOf(way, 'wallS') / 125e6,
    }));
  });
  say('');
  for (const row of rows) {
    const bytes = `${(row.linkBytes / 1e6).toFixed(3)} MB (${row.bytesOfRestic.toFixed(2)})`;
    const line = row.act === 'first' ? `, ${(100 * row.ofLine).toFixed(0)} % of the line` : '';
    say(
      `${row.act}, ${row.way}: ${row.wallS.toFixed(2)} s (${row.wallOfRestic.toFixed(2)}), ${bytes}${line}`,
    );
  }
  return rows;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
