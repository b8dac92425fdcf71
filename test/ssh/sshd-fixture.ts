/**
 * A real sshd with keys and configuration of its own, in a network namespace of its own; the tests
 * reach it through a pair of virtual cards. Nothing of the machine's own ssh is read or written.
 * A test that is killed leaves none of it: sshd ends with its parent, the namespace with sshd, and
 * the cards with the namespace.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SshPlace } from '../../src/adapters/ssh/ssh-place.ts';
import { byteString } from '../../src/base/bytes.ts';
import { needs } from '../run/needs.ts';

export interface Sshd {
  /** All of it; vaults may lie there too. */
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  /** HOLDFAST_SSH leads to this server and nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @param path absolute. @param through a proxy that leads here */
  readonly place: (path: string, through?: HostAndPort) => SshPlace;
  /** What stands before the key in authorized_keys: `restrict,command="..."`. Default: nothing. */
  readonly authorize: (options?: string) => void;
  /** What sshd said so far. */
  readonly log: () => string;
  /** Takes the cable away: nobody is told, nothing arrives. */
  readonly unplug: () => void;
  /** Of a process in its network. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface SshdOptions {
  readonly port?: number;
  /** Its network is one that only this server reaches. */
  readonly behind?: Sshd;
  readonly machine?: SshdMachine;
  /** Further lines of sshd_config. */
  readonly settings?: readonly string[];
}

/** A machine of its own around the server: processes, host name, and a root directory. */
export interface SshdMachine {
  /** Shell text, run in its own namespaces. What it mounts at `root` is the root of the server. */
  readonly setUp: string;
  readonly root: string;
}

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const PORT = 2222;
const ROOT = path.join(import.meta.dirname, '..', '..');
const SSHD = '/usr/sbin/sshd';
/** Where a machine of its own has the files of its server. */
const IN_MACHINE = '/etc/ssh';
const READY = 'waiting for its card';
const START_MS_MAX = 20_000;
/** `HostKeyAlias`: behind a proxy, too, it is this server. */
export const ALIAS = 'holdfast-test';

/** As in authorized_keys: the key may run this, and nothing else. */
export function restrictedTo(vault: string): string {
  return `restrict,command="${programFor(vault)}"`;
}

/** The same, on what has another machine-id and is another machine by that. */
export function restrictedElsewhere(vault: string): string {
  const id = `${vault}.machine-id`;
  fs.writeFileSync(id, '000102030405060708090a0b0c0d0e0f\n');
  const script = `mount --bind ${id} /etc/machine-id && exec ${programFor(vault)}`;
  return `restrict,command="unshare --mount sh -c '${script}'"`;
}

function programFor(vault: string): string {
  return `${path.join(ROOT, 'bin', 'holdfast')} vault stdio --append-only ${vault}`;
}

/** Whether a server can be started here; else says why on `t`. */
export function canStartSshd(t: { skip(message?: string): void }): boolean {
  return needs(t, 'root', 'mount', 'netns', 'iproute2', 'openssh-client', 'openssh-server');
}

/** Whoever starts it stops it. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-sshd-'));
  const { port = PORT, machine, settings = [] } = options;
  const network = new Network(options.behind);
  const server = begun(dir, network, machine);
  const stop = async (): Promise<void> => {
    await endAll(server);
    fs.rmSync(dir, { recursive: true });
  };
  try {
    await saidBy(server, dir, READY);
    network.connect(server);
    writeConfiguration(dir, {
      host: network.host,
      port,
      at: machine === undefined ? dir : IN_MACHINE,
      settings,
    });
    server.stdin?.write('go\n');
    await saidBy(server, dir, 'Server listening');
  } catch (error) {
    await stop();
    throw error;
  }
  const publicKey = fs.readFileSync(path.join(dir, 'client-key.pub'), 'utf8');
  const { host } = network;
  return {
    dir,
    host,
    port,
    environment: { ...process.env, HOLDFAST_SSH: `ssh -F ${path.join(dir, 'ssh_config')}` },
    place: (at, through = { host, port }) => ({ ...through, path: byteString(at) }),
    authorize(options = '') {
      fs.writeFileSync(path.join(dir, 'authorized_keys'), `${options} ${publicKey}`.trimStart());
    },
    log: () => fs.readFileSync(path.join(dir, 'log'), 'utf8'),
    unplug: () => network.unplug(),
    pid: Number(server.pid),
    stop,
  };
}

/** @param of `at`: where the server sees `dir` */
function writeConfiguration(
  dir: string,
  of: {
    readonly host: string;
    readonly port: number;
    readonly at: string;
    readonly settings: readonly string[];
  },
): void {
  const { host, port, at, settings } = of;
  for (const name of ['host-key', 'client-key']) {
    run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path.join(dir, name));
  }
  const write = (name: string, lines: readonly string[]): void =>
    fs.writeFileSync(path.join(dir, name), `${lines.join('\n')}\n`, { mode: 0o600 });
  const hostKey = fs.readFileSync(path.join(dir, 'host-key.pub'), 'utf8').trim();
  write('known_hosts', [`${ALIAS} ${hostKey}`]);
  write('authorized_keys', [fs.readFileSync(path.join(dir, 'client-key.pub'), 'utf8').trim()]);
  write('sshd_config', [
    `ListenAddress ${host}:${port}`,
    `HostKey ${path.join(at, 'host-key')}`,
    `AuthorizedKeysFile ${path.join(at, 'authorized_keys')}`,
    `PidFile none`,
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PrintMotd no',
    'MaxStartups 100',
    'MaxSessions 100',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
    ...settings,
  ]);
  write('ssh_config', [
    'User root',
    `IdentityFile ${path.join(dir, 'client-key')}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${path.join(dir, 'known_hosts')}`,
    'GlobalKnownHostsFile none',
    `HostKeyAlias ${ALIAS}`,
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
  ]);
}

type Server = ReturnType<typeof begun>;

/** With mounts of its own it gets the /run/sshd that it insists on. It waits for its card. */
function begun(dir: string, { host, card }: Network, machine: SshdMachine | undefined) {
  const isAlone = machine === undefined;
  const config = path.join(isAlone ? dir : IN_MACHINE, 'sshd_config');
  const script = [
    'set -e',
    ...(isAlone
      ? ['mount -t tmpfs tmpfs /run', 'mkdir /run/sshd']
      : [machine.setUp, `mount --bind ${dir} ${machine.root}${IN_MACHINE}`]),
    `echo ${READY}`,
    'read -r go',
    `ip addr add ${host}/30 dev ${card}b`,
    `ip link set ${card}b up`,
    'ip link set lo up',
    `exec ${isAlone ? '' : `chroot ${machine.root} `}${SSHD} -D -e -f ${config}`,
  ].join('\n');
  const log = fs.openSync(path.join(dir, 'log'), 'a+');
  const own = isAlone ? [] : ['--uts', '--pid', '--kill-child=KILL'];
  const apart = ['--pdeathsig', 'KILL', 'unshare', '--net', '--mount', ...own];
  const server = spawn('setpriv', [...apart, 'sh', '-c', script], {
    stdio: ['pipe', log, log],
  });
  fs.closeSync(log);
  return server;
}

async function saidBy(server: Server, dir: string, words: string): Promise<void> {
  const said = (): string => fs.readFileSync(path.join(dir, 'log'), 'utf8');
  const until = Date.now() + START_MS_MAX;
  while (!said().includes(words)) {
    const isOver = server.exitCode !== null || Date.now() > until;
    if (isOver) throw new Error(`sshd does not start: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A cable with addresses that nobody else has (100.64.0.0/10). */
class Network {
  readonly host: string;
  /** Its end here has an `a` behind, the one there a `b`. */
  readonly card: string;
  readonly #here: string;
  /** Runs what follows at this end of the cable. */
  readonly #from: readonly string[];
  readonly #fromPid: number;

  constructor(behind: Sshd | undefined) {
    this.#fromPid = behind?.pid ?? process.pid;
    this.#from = behind === undefined ? [] : ['nsenter', `--target=${behind.pid}`, '--net'];
    const nth = randomInt(2 ** 20);
    this.card = `hf${nth.toString(16)}`;
    const at = (nthAddress: number): string => {
      const value = nth * 4 + nthAddress;
      return `100.${64 + (value >> 16)}.${(value >> 8) & 255}.${value & 255}`;
    };
    this.#here = at(1);
    this.host = at(2);
  }

  connect(server: Server): void {
    const { card } = this;
    const far = ['peer', 'name', `${card}b`, 'netns', String(server.pid)];
    const near = ['netns', String(this.#fromPid)];
    run('ip', 'link', 'add', `${card}a`, ...near, 'type', 'veth', ...far);
    this.#ip('addr', 'add', `${this.#here}/30`, 'dev', `${card}a`);
    this.#ip('link', 'set', `${card}a`, 'up');
  }

  unplug(): void {
    this.#ip('link', 'set', `${this.card}a`, 'down');
  }

  #ip(...args: readonly string[]): void {
    const [program = 'ip', ...rest] = [...this.#from, 'ip', ...args];
    run(program, ...rest);
  }
}

/** sshd, and what its sessions left: all that is in its network. */
async function endAll(server: Server): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const network = networkOf(String(server.pid));
  const pids = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  const inside = pids.filter((pid) => networkOf(pid) === network);
  if (network !== networkOf('self')) for (const pid of inside) endProcess(Number(pid));
  else server.kill('SIGKILL');
  await once(server, 'exit');
}

function networkOf(pid: string): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // It has ended in between.
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in between.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ESRCH') throw error;
  }
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
