/**
 * Real engines in private directories: started, loaded, stopped and killed. Each dies with the
 * process of the tests (`setpriv --pdeathsig`), whatever happens to that.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const PG_BIN = '/usr/lib/postgresql/15/bin';
const START_MS_MAX = 60_000;

const engines = new WeakMap<TestContext, Engine[]>();

/** A private directory that other users may pass through: engines do not run as root. */
export function privateDir(t: TestContext): string {
  const base = [os.tmpdir(), path.dirname(os.tmpdir())].find(
    (dir) => (fs.statSync(dir).mode & 0o001) !== 0,
  );
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(base ?? os.tmpdir(), 'hf-torn-')));
  fs.chmodSync(dir, 0o755);
  t.after(async () => {
    // Not before its engines have ended: they would go on writing into it.
    for (const engine of engines.get(t) ?? []) await engine.kill();
    fs.rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Engines refuse to run as root; anybody else runs them as himself. */
export function ownerNamed(name: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

export function ownDir(dir: string, owner: Owner | undefined): void {
  fs.mkdirSync(dir);
  if (owner !== undefined) fs.chownSync(dir, owner.uid, owner.gid);
}

/** @returns what it printed */
export function run(program: string, args: readonly string[], owner?: Owner): string {
  const done = spawnSync(program, args, { ...owner, cwd: '/', encoding: 'utf8' });
  if (done.status === 0) return done.stdout;
  throw new Error(`${program} ${args.join(' ')}: ${done.stdout}${done.stderr}`, {
    cause: done.error,
  });
}

/** A child that ends with the test (see `privateDir`), and with this process. */
export class Engine {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #said = '';

  constructor(
    t: TestContext,
    command: { program: string; args: readonly string[]; owner?: Owner | undefined },
  ) {
    this.#child = spawn('setpriv', ['--pdeathsig', 'TERM', command.program, ...command.args], {
      ...command.owner,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.#said += bytes.toString();
      });
    }
    engines.set(t, [...(engines.get(t) ?? []), this]);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async until(isReady: (said: string) => boolean): Promise<void> {
    for (let waitedMs = 0; !isReady(this.#said); waitedMs += 20) {
      if (this.#child.exitCode !== null || waitedMs > START_MS_MAX) {
        throw new Error(`it does not get ready: ${this.#said}`);
      }
      await sleep(20);
    }
  }

  /** It ends by itself. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }
}

export function python(t: TestContext, script: string, args: readonly string[]): Engine {
  return new Engine(t, { program: 'python3', args: ['-c', script, ...args] });
}

export class Postgres {
  readonly data: string;
  readonly #sockets: string;
  readonly #owner = ownerNamed('postgres');
  readonly #t: TestContext;
  #server: Engine | undefined;

  /** @param dir below which `pg` and `sockets` are made */
  constructor(t: TestContext, dir: string) {
    this.#t = t;
    this.data = path.join(dir, 'pg');
    this.#sockets = path.join(dir, 'sockets');
    ownDir(this.data, this.#owner);
    ownDir(this.#sockets, this.#owner);
    // The group may read, so that somebody else can capture it.
    const args = ['-D', this.data, '--no-sync', '--auth=trust', '--allow-group-access'];
    run(`${PG_BIN}/initdb`, args, this.#owner);
  }

  get owner(): Owner | undefined {
    return this.#owner;
  }

  async start(): Promise<void> {
    // No port: nothing listens but a socket in a directory of its own.
    // Its shared memory goes with its directory, also when it is killed.
    const settings = ['listen_addresses=', 'dynamic_shared_memory_type=mmap'];
    const args = [
      '-D',
      this.data,
      '-k',
      this.#sockets,
      ...settings.flatMap((each) => ['-c', each]),
    ];
    const server = new Engine(this.#t, {
      program: `${PG_BIN}/postgres`,
      args,
      owner: this.#owner,
    });
    this.#server = server;
    await server.until((said) => said.includes('ready to accept connections'));
  }

  sql(statement: string): string {
    return this.client('psql', ['-XAtc', statement, 'postgres']);
  }

  client(program: string, args: readonly string[]): string {
    return run(`${PG_BIN}/${program}`, ['-h', this.#sockets, ...args], this.#owner);
  }

  /** A load that goes on until the server ends. */
  async load(): Promise<void> {
    this.client('pgbench', ['-i', '-q', 'postgres']);
    const args = ['-h', this.#sockets, '-c', '2', '-T', '600', 'postgres'];
    new Engine(this.#t, { program: `${PG_BIN}/pgbench`, args, owner: this.#owner });
    const clients = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'";
    while (this.sql(clients).trim() !== '2') await sleep(20);
  }

  stop(): void {
    run(`${PG_BIN}/pg_ctl`, ['-D', this.data, '-m', 'fast', 'stop'], this.#owner);
  }

  /** The postmaster dies at once, its backends when they see it. */
  async crash(): Promise<void> {
    await this.#server?.kill('SIGKILL');
    while (workersIn(this.data) > 0) await sleep(20);
  }
}

/** How many processes have their working directory there. */
function workersIn(dir: string): number {
  const links = fs.globSync('/proc/[0-9]*/cwd').map((link) => {
    try {
      return fs.readlinkSync(link);
    } catch (error) {
      return String(error); // Ended meanwhile, or somebody else's.
    }
  });
  return links.filter((link) => link === dir).length;
}

export class Mariadb {
  readonly data: string;
  readonly #socket: string;
  readonly #places: readonly string[];
  readonly #owner = ownerNamed('mysql');
  readonly #t: TestContext;
  #server: Engine | undefined;

  /** @param dir below which `my` and `run` are made */
  constructor(t: TestContext, dir: string) {
    this.#t = t;
    this.data = path.join(dir, 'my');
    ownDir(this.data, this.#owner);
    ownDir(path.join(dir, 'run'), this.#owner);
    this.#socket = path.join(dir, 'run/s');
    // The scratch folder of the tests is closed to the user that the engine runs as.
    this.#places = [`--datadir=${this.data}`, `--tmpdir=${path.join(dir, 'run')}`];
    const args = ['--no-defaults', ...this.#places, '--skip-test-db'];
    run('mariadb-install-db', [...args, '--auth-root-authentication-method=normal'], this.#owner);
  }

  get owner(): Owner | undefined {
    return this.#owner;
  }

  async start(): Promise<void> {
    const server = new Engine(this.#t, {
      program: 'mariadbd',
      args: [
        '--no-defaults',
        ...this.#places,
        `--socket=${this.#socket}`,
        `--pid-file=${this.#socket}.pid`,
        '--skip-networking',
        '--innodb-flush-log-at-trx-commit=2',
      ],
      owner: this.#owner,
    });
    this.#server = server;
    await server.until((said) => said.includes('ready for connections'));
  }

  sql(statement: string): void {
    run('mariadb', ['--no-defaults', '-S', this.#socket, '-u', 'root', '-e', statement]);
  }

  async stop(): Promise<void> {
    await this.#server?.kill('SIGTERM');
  }

  async crash(): Promise<void> {
    await this.#server?.kill('SIGKILL');
  }
}
