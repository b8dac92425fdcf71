/**
 * Hosts with networks of their own, on one switch: what they say to each other goes over cables that a
 * test can pull. Programs are those of this machine. Whatever ends the test ends all that runs in them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';

const NET = '10.99.0';
const START_MS_MAX = 30_000;
const SYSTEM_PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;

/** Ends with the test, however that ends; and what it started with it. */
const APART = ['--pdeathsig', 'KILL', 'unshare', '--kill-child=KILL', '--fork', '--pid', '--net'];

/** Whether hosts can be started here; else says why on `t`. */
export function canStartHosts(t: { skip(message?: string): void }): boolean {
  return needs(t, 'root', 'mount', 'netns', 'iproute2', 'iptables');
}

/** What all hosts are plugged into. */
export class Switch {
  readonly #process: ChildProcess;
  #ports = 0;

  constructor() {
    const script =
      'ip link add sw type bridge && ip link set sw up && echo ready && sleep infinity';
    this.#process = started('setpriv', [...APART, 'sh', '-c', script]);
  }

  async ready(): Promise<void> {
    await isReady(this.#process);
  }

  /** @returns the name of the port; the host's end of the cable is `eth0` */
  plugIn(hostPid: number): string {
    this.#ports += 1;
    const port = `port${this.#ports}`;
    const far = ['peer', 'name', 'eth0', 'netns', String(hostPid)];
    this.run('ip', 'link', 'add', port, 'type', 'veth', ...far);
    this.run('ip', 'link', 'set', port, 'master', 'sw', 'up');
    return port;
  }

  run(...argv: readonly string[]): void {
    ranIn(this.#process, ['--net'], argv);
  }

  /** The next address that nobody has. */
  get nextAddress(): string {
    return `${NET}.${this.#ports + 1}`;
  }

  async remove(): Promise<void> {
    await ended(this.#process);
  }
}

export interface NetHostOptions {
  readonly net: Switch;
  readonly name: string;
  /** Its own; anything else that it has is shared with the machine. */
  readonly dir: string;
  /** Shell text, run with its mounts before anything else. */
  readonly story?: string;
}

export class NetHost {
  readonly name: string;
  readonly dir: string;
  readonly address: string;
  readonly #net: Switch;
  readonly #process: ChildProcess;
  readonly #started: HostProcess[] = [];
  #port = '';

  constructor({ net, name, dir, story = '' }: NetHostOptions) {
    this.name = name;
    this.dir = dir;
    this.#net = net;
    this.address = net.nextAddress;
    fs.mkdirSync(dir, { recursive: true });
    const script = [
      'set -e',
      `cd '${dir}'`,
      `hostname ${name}`,
      'mount --make-rprivate /',
      'mount -t tmpfs tmpfs /run',
      'mkdir -p /run/lock',
      story,
      'echo ready',
      'exec sleep infinity',
    ].join('\n');
    const own = ['--mount', '--uts', '--mount-proc'];
    this.#process = started('setpriv', [...APART, ...own, 'sh', '-c', script]);
  }

  async ready(): Promise<void> {
    await isReady(this.#process);
    this.#port = this.#net.plugIn(this.init);
    this.must('ip', 'addr', 'add', `${this.address}/24`, 'dev', 'eth0');
    this.must('ip', 'link', 'set', 'eth0', 'up');
    this.must('ip', 'link', 'set', 'lo', 'up');
  }

  /** Its first process, as this machine counts. */
  get init(): number {
    return firstChild(this.#process.pid ?? 0);
  }

  /** In it, as root. */
  run(argv: readonly string[], input = ''): Ran {
    const ran = spawnSync('nsenter', [...this.#entry, '--', ...argv], {
      ...{ cwd: this.dir, encoding: 'utf8', timeout: 120_000, env: this.#environment() },
      // What Node gives for an input is a socket: an rsync daemon would take it for one of inetd.
      ...(input === '' ? { stdio: ['ignore', 'pipe', 'pipe'] } : { input }),
    });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** @throws where it ends with anything but 0 */
  must(...argv: readonly string[]): string {
    const { status, stdout, stderr } = this.run(argv);
    if (status !== 0) throw new Error(`${this.name}: ${argv.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  start(argv: readonly string[], options: StartOptions = {}): HostProcess {
    const log = path.join(this.dir, options.log ?? 'log');
    const out = fs.openSync(log, 'a');
    // Whoever enters the host is outside: it ends with the test, and what it started with it.
    const inside = ['setpriv', '--pdeathsig', 'KILL', ...argv];
    const enter = ['--pdeathsig', 'KILL', 'nsenter', ...this.#entry, '--', ...inside];
    const child = spawn('setpriv', enter, {
      ...{ cwd: this.dir, stdio: ['ignore', out, out], env: this.#environment(options.env) },
    });
    fs.closeSync(out);
    const one = new HostProcess(child, log);
    this.#started.push(one);
    return one;
  }

  /** Nothing that `other` sends arrives here. What is sent from here does arrive there. */
  dropFrom(other: NetHost): void {
    this.must('iptables', '-w', '-A', 'INPUT', '-s', other.address, '-j', 'DROP');
  }

  hearFrom(other: NetHost): void {
    this.must('iptables', '-w', '-D', 'INPUT', '-s', other.address, '-j', 'DROP');
  }

  /** The cable to the switch. */
  unplug(): void {
    this.#net.run('ip', 'link', 'set', this.#port, 'down');
  }

  plug(): void {
    this.#net.run('ip', 'link', 'set', this.#port, 'up');
  }

  /** All at once, as on a machine that hangs: nothing of it does anything any more. */
  hang(): void {
    for (const pid of this.#pids('pid')) process.kill(pid, 'SIGSTOP');
  }

  goOn(): void {
    // Who entered the host for a program has stopped with it.
    for (const pid of this.#pids('net')) process.kill(pid, 'SIGCONT');
  }

  /** Command lines of what runs in it. */
  processes(): readonly string[] {
    return this.#pids('pid').flatMap((pid) => {
      const line = readIfThere(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
      return line === undefined || line === '' ? [] : [line];
    });
  }

  async remove(): Promise<void> {
    await ended(this.#process);
    await Promise.all(this.#started.map((one) => one.kill()));
  }

  #pids(of: 'net' | 'pid'): readonly number[] {
    const own = namespaceOf(this.init, of);
    const all = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
    return all.map(Number).filter((pid) => namespaceOf(pid, of) === own && own !== undefined);
  }

  get #entry(): readonly string[] {
    return ['--target', String(this.init), '--net', '--mount', '--uts', '--pid'];
  }

  #environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { PATH: SYSTEM_PATH, LANG: 'C.UTF-8', HOME: this.dir, ...more };
  }
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Of its words, below the directory of the host. */
  readonly log?: string;
}

/** A program that runs in a host. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #log: string;

  constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.#log = log;
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** All that it and those before it have said. */
  get said(): string {
    return fs.readFileSync(this.#log, 'utf8');
  }

  /** Itself, and not who entered the host for it. */
  get pid(): number {
    return firstChild(this.#child.pid ?? 0);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** `kill -9`; at its end nothing of it runs. */
  async kill(): Promise<void> {
    if (this.isOver) return;
    const over = once(this.#child, 'exit');
    const { pid } = this;
    if (pid !== 0) endProcess(pid);
    // Who entered for it waits for it; and is stopped where it was stopped.
    this.#child.kill('SIGKILL');
    await over;
    while (namespaceOf(pid, 'pid') !== undefined) await sleep(5);
  }
}

function started(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: SYSTEM_PATH, LANG: 'C.UTF-8' },
  });
}

async function isReady(child: ChildProcess): Promise<void> {
  let said = '';
  child.stdout?.on('data', (part: Buffer) => {
    said += part.toString();
  });
  for (let waited = 0; !said.includes('ready'); waited += 10) {
    const isOver = child.exitCode !== null || waited > START_MS_MAX;
    if (isOver) throw new Error(`a host does not start: ${said}`);
    await sleep(10);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}

function ranIn(child: ChildProcess, what: readonly string[], argv: readonly string[]): void {
  const init = String(firstChild(child.pid ?? 0));
  const ran = spawnSync('nsenter', ['--target', init, ...what, '--', ...argv], {
    ...{ encoding: 'utf8', env: { PATH: SYSTEM_PATH } },
  });
  if (ran.status !== 0) throw new Error(`${argv.join(' ')}: ${ran.stderr}`);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in between.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

/** unshare and nsenter wait outside; what they started is in the host. 0 where there is none. */
function firstChild(pid: number): number {
  return Number(readIfThere(`/proc/${pid}/task/${pid}/children`)?.split(' ')[0] ?? 0);
}

function namespaceOf(pid: number, kind: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined; // It has ended in between.
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return undefined; // It has ended in between.
  }
}
