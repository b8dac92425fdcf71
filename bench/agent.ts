/**
 * What an agent costs at rest: `npm run bench-agent`. `holdfast agent` as a unit starts it, enrolled
 * with a real server on this machine, beside agents that Debian has, in the same minutes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, rounded } from './load.ts';
import { describeMachine } from './machine.ts';
import { machineBusyS } from './measure.ts';
import { type BenchRun, runBench } from './run-bench.ts';
import type { Scratch } from './scratch.ts';
import { freePort, ServedProcess } from './served-process.ts';
import { HOLDFAST } from './tools.ts';

const HELP = `npm run bench-agent -- [options]

  --seconds N     that are measured, after a minute (default 600)
  --others DIR    where the others were unpacked, by \`apt-get download prometheus-node-exporter
                  zabbix-agent2 collectd-core\` and \`dpkg -x EACH DIR\`; installed ones are in /
  --program PATH  another holdfast, such as /opt/holdfast/bin/holdfast of the package
{common}

Measured is what is shipped: run \`npm run build\` first (HOLDFAST_SHIPPED= measures the checkout).
`;

const OPTIONS = { seconds: '600', program: '', others: '/' };
type Run = BenchRun<keyof typeof OPTIONS>;

/** Issue 6, section 1. */
const GOALS = { rssBytes: 90e6, cpuShareOfCore: 0.005 };
const SETTLE_MS = 60_000;
const SAMPLE_EVERY_MS = 5000;
const SCRAPE_EVERY_MS = 15_000;
const TICKS_PER_SECOND = 100;

interface Watched {
  readonly name: string;
  readonly version: string;
  readonly child: ChildProcess;
  readonly pss: number[];
  readonly rss: number[];
  readonly own: number[];
  beforeS: number;
}

async function main({ scratch, values, keep }: Run): Promise<void> {
  const served = await ServedProcess.prepare(scratch.directory('server'));
  const watched: Watched[] = [];
  try {
    await served.start();
    watched.push(await startAgent(scratch, served, values.program));
    for (const other of OTHERS) {
      const program = join(values.others, other.program);
      if (existsSync(program)) watched.push(await startOther(scratch, { ...other, program }));
      else say(`note: ${other.name} is not there and is left out`);
    }
    await sleep(SETTLE_MS);
    const figures = await measured(watched, Number(values.seconds));
    const form = values.program === '' ? formOf() : 'package';
    const date = new Date().toISOString();
    const machine = describeMachine(scratch.root);
    say(JSON.stringify(figures, undefined, 2));
    keep('agent', { [form]: { date, machine, seconds: Number(values.seconds), ...figures } });
  } finally {
    for (const { child } of watched) child.kill('SIGKILL');
    await served.end();
  }
}

function formOf(): string {
  return process.env.HOLDFAST_SHIPPED === '' ? 'checkout' : 'shipped';
}

async function startAgent(
  scratch: Scratch,
  served: ServedProcess,
  given: string,
): Promise<Watched> {
  const program = given === '' ? HOLDFAST : given;
  const env = {
    ...process.env,
    HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1',
    HOLDFAST_STATE: scratch.directory('agent'),
  };
  const enrolled = spawnSync(program, ['agent', 'enroll', '-'], {
    ...{ env, encoding: 'utf8', input: `${served.enrolmentLine('bench')}\n` },
  });
  if (enrolled.status !== 0) throw new Error(`agent enroll: ${enrolled.stderr}`);
  const { stdout } = spawnSync(program, ['--version'], { env, encoding: 'utf8' });
  const child = spawn(program, ['agent'], { env, stdio: 'ignore' });
  return watchedOf('holdfast agent', stdout.trim(), child);
}

interface Other {
  readonly name: string;
  /** Below where it was unpacked. */
  readonly program: string;
  /** Its own way to be at rest; where it is asked from outside, a page that is asked for. */
  readonly argv: (dir: string, port: number) => readonly string[];
  readonly page?: string;
}

/** Everything at its own default, but where it listens and where its files are. */
const OTHERS: readonly Other[] = [
  {
    name: 'prometheus-node-exporter',
    program: 'usr/bin/prometheus-node-exporter',
    argv: (_dir, port) => [`--web.listen-address=127.0.0.1:${port}`],
    page: '/metrics',
  },
  {
    name: 'zabbix-agent2',
    program: 'usr/sbin/zabbix_agent2',
    argv: (dir, port) => {
      const file = join(dir, 'zabbix.conf');
      const lines = ['Server=127.0.0.1', `ListenPort=${port}`, 'ListenIP=127.0.0.1'];
      const where = [`PidFile=${dir}/pid`, `ControlSocket=${dir}/sock`, 'LogType=console'];
      const limits = [`PluginSocket=${dir}/plugin`, 'Hostname=bench'];
      writeFileSync(file, `${[...lines, ...where, ...limits].join('\n')}\n`);
      return ['-f', '-c', file];
    },
  },
  {
    name: 'collectd',
    program: 'usr/sbin/collectd',
    argv: (dir) => {
      const file = join(dir, 'collectd.conf');
      const plugins = ['cpu', 'df', 'disk', 'interface', 'load', 'memory', 'processes', 'swap'];
      const lines = [`BaseDir "${dir}"`, `PIDFile "${dir}/pid"`, 'TypesDB "TYPES"'];
      const loads = [...plugins, 'csv'].map((name) => `LoadPlugin ${name}`);
      const csv = `<Plugin csv>\nDataDir "${dir}/csv"\n</Plugin>`;
      writeFileSync(file, `${[...lines, 'PluginDir "PLUGINS"', ...loads, csv].join('\n')}\n`);
      return ['-f', '-C', file];
    },
  },
];

async function startOther(scratch: Scratch, other: Other): Promise<Watched> {
  const dir = scratch.directory(other.name);
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const argv = other.argv(dir, port);
  placeFilesOf(other, dir);
  const version = spawnSync(other.program, [other.name === 'collectd' ? '-h' : '--version'], {
    encoding: 'utf8',
  });
  const said = `${version.stdout}${version.stderr}`;
  const child = spawn(other.program, argv, { stdio: 'ignore' });
  if (other.page !== undefined) void scraped(child, `http://127.0.0.1:${port}${other.page}`);
  const [found = 'not known'] = /\d+\.\d+[.\w-]*/.exec(said) ?? [];
  return watchedOf(other.name, found, child);
}

/** collectd finds its own files beside where it was unpacked. */
function placeFilesOf(other: Other, dir: string): void {
  const file = join(dir, 'collectd.conf');
  if (!existsSync(file)) return;
  const root = other.program.replace(/usr\/sbin\/.*$/, '');
  const text = readFileSync(file, 'utf8')
    .replace('TYPES', join(root, 'usr/share/collectd/types.db'))
    .replace('PLUGINS', join(root, 'usr/lib/collectd'));
  writeFileSync(file, text);
}

/** As Prometheus does. */
async function scraped(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    await sleep(SCRAPE_EVERY_MS);
    const request = get(url, (reply) => reply.resume());
    request.on('error', () => undefined); // It is seen below that it has ended.
  }
}

function watchedOf(name: string, version: string, child: ChildProcess): Watched {
  return { name, version, child, pss: [], rss: [], own: [], beforeS: 0 };
}

async function measured(all: readonly Watched[], seconds: number): Promise<object> {
  const watched = all.filter(({ name, child }, nth) => {
    const isThere = child.exitCode === null && child.signalCode === null;
    if (!isThere && nth > 0) say(`note: ${name} has ended by itself and is left out`);
    return isThere || nth === 0;
  });
  for (const each of watched) {
    requireAlive(each);
    each.beforeS = cpuSOf(each.child);
  }
  const [begun, busyBeforeS] = [performance.now(), machineBusyS()];
  while (performance.now() - begun < seconds * 1000) {
    for (const each of watched) {
      const { pss, rss, own } = memoryOf(each.child);
      each.pss.push(pss);
      each.rss.push(rss);
      each.own.push(own);
    }
    await sleep(SAMPLE_EVERY_MS);
  }
  const spanS = (performance.now() - begun) / 1000;
  const rows = watched.map((each) => {
    requireAlive(each);
    return {
      name: each.name,
      version: each.version,
      cpuShareOfCore: (cpuSOf(each.child) - each.beforeS) / spanS,
      pssMedianBytes: percentile(each.pss, 0.5),
      pssPeakBytes: Math.max(...each.pss),
      rssMedianBytes: percentile(each.rss, 0.5),
      privateMedianBytes: percentile(each.own, 0.5),
    };
  });
  const [agent] = rows;
  if (agent === undefined) throw new Error('no agent');
  const ratios = rows.slice(1).map(({ name, pssMedianBytes, cpuShareOfCore }) => ({
    name,
    pss: rounded(agent.pssMedianBytes / pssMedianBytes),
    cpu: rounded(agent.cpuShareOfCore / cpuShareOfCore),
  }));
  const goals = {
    // Not PSS: the server of this bench shares the program with it, on a host nobody does.
    rss: { limitBytes: GOALS.rssBytes, isMet: agent.rssMedianBytes <= GOALS.rssBytes },
    cpu: { limit: GOALS.cpuShareOfCore, isMet: agent.cpuShareOfCore <= GOALS.cpuShareOfCore },
  };
  const busyShare = (machineBusyS() - busyBeforeS) / spanS;
  return { rows, ratios, goals, machineBusyCores: rounded(busyShare) };
}

function requireAlive({ name, child }: Watched): void {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} has ended`);
}

/** Its children that have ended are counted. */
function cpuSOf({ pid = 0 }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(stat[at]), 0) / TICKS_PER_SECOND;
}

/** Of it and of those that it has started and that run still. */
function memoryOf({ pid = 0 }: { readonly pid?: number | undefined }): {
  pss: number;
  rss: number;
  own: number;
} {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const bytes = (key: string): number =>
      Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
    const children = readdirSync(`/proc/${pid}/task`)
      .flatMap((task) =>
        readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
      )
      .map((child) => memoryOf({ pid: Number(child) }));
    const own = bytes('Private_Clean') + bytes('Private_Dirty');
    return children.reduce(
      (sum, child) => ({
        pss: sum.pss + child.pss,
        rss: sum.rss + child.rss,
        own: sum.own + child.own,
      }),
      { pss: bytes('Pss'), rss: bytes('Rss'), own },
    );
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error;
    if (isGone) return { pss: 0, rss: 0, own: 0 }; // It ended between two looks.
    throw error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runBench({ help: HELP, options: OPTIONS }, main);
