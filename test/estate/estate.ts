/** `holdfast server` and `holdfast agent` as people start them, each on a host with a network of its own. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd } from '../probes/probe-bench.ts';
import { Api } from './api.ts';
import { KernelFeed } from './kernel-feed.ts';
import { type HostProcess, NetHost, type StartOptions, Switch } from './net-host.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const MAIN = path.join(ROOT, 'src/main/cli/main.ts');
const PORT = 7431;
export const MESH_PORT = 7432;
const LIMIT_MS = 180_000;

export interface EstateOptions {
  /** YAML of holdfast.yaml beside `server:`. */
  readonly config?: string;
  /** Keys below `server:`, as `mesh: 7432`. */
  readonly server?: readonly string[];
  /** As of `NetHost`: of the host that the server runs on. */
  readonly story?: string;
}

export interface WatchedOptions {
  /** agent.yaml beside what all have. */
  readonly agent?: string;
  readonly story?: string;
  /** Which lines of the kernel are about its devices. */
  readonly isAbout?: (text: string) => boolean;
}

/** A host with an agent. */
export interface Watched {
  readonly net: NetHost;
  readonly kernel: KernelFeed;
  readonly state: string;
  readonly agent: () => HostProcess;
  startAgent(options?: StartOptions): void;
}

export class Estate {
  readonly dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-estate-'));
  readonly #net = new Switch();
  readonly #hosts: NetHost[] = [];
  readonly #feeds: KernelFeed[] = [];
  readonly #options: EstateOptions;
  #server: NetHost | undefined;
  #process: HostProcess | undefined;
  #api: Api | undefined;

  private constructor(options: EstateOptions) {
    this.#options = options;
  }

  /** The server runs, and is asked with every right. All of it ends with the test. */
  static async start(t: TestContext, options: EstateOptions = {}): Promise<Estate> {
    const estate = new Estate(options);
    atEnd(t, () => estate.#remove());
    await estate.#net.ready();
    await estate.#begin();
    return estate;
  }

  get api(): Api {
    return known(this.#api);
  }

  /** The host of the server. */
  get server(): NetHost {
    return known(this.#server);
  }

  get serverProcess(): HostProcess {
    return known(this.#process);
  }

  at(...names: readonly string[]): string {
    return path.join(this.dir, ...names);
  }

  async addHost(name: string, story = ''): Promise<NetHost> {
    const host = new NetHost({ net: this.#net, name, dir: this.at(name), story });
    this.#hosts.push(host);
    await host.ready();
    return host;
  }

  /** Enrolled; its agent is not started. */
  async addWatched(name: string, options: WatchedOptions = {}): Promise<Watched> {
    const dir = this.at(name);
    fs.mkdirSync(dir);
    const kernel = new KernelFeed(path.join(dir, 'kmsg'), options.isAbout);
    this.#feeds.push(kernel);
    const story = [`mount --bind ${kernel.file} /dev/kmsg`, options.story ?? ''].join('\n');
    const net = await this.addHost(name, story);
    const config = path.join(dir, 'agent.yaml');
    fs.writeFileSync(config, `mesh: {port: ${MESH_PORT}}\n${options.agent ?? ''}`);
    fs.chmodSync(config, 0o644);
    const state = path.join(dir, 'state/agent');
    const line = this.newLine(name);
    const enrol = ['agent', 'enroll', '-', '--state', state, '--config', config];
    const ran = net.run(command(enrol), line);
    if (ran.status !== 0) throw new Error(`${name}: ${ran.stdout}${ran.stderr}`);
    let agent: HostProcess | undefined;
    return {
      ...{ net, kernel, state, agent: () => known(agent) },
      startAgent: (more) => {
        const run = ['agent', '--state', state, '--config', config];
        agent = net.start(command(run), { log: 'agent.log', ...more });
      },
    };
  }

  /** What enrols a host, once. */
  newLine(name: string): string {
    const { line } = JSON.parse(this.#holdfast('server', 'token', name, '--json')) as {
      readonly line: string;
    };
    return line;
  }

  startServer(options: StartOptions = {}): void {
    const run = ['server', '--config', this.at('holdfast.yaml')];
    this.#process = this.server.start(command(run), { log: 'server.log', ...options });
  }

  async answers(): Promise<void> {
    await until('the server answers', async () => {
      if (this.serverProcess.isOver) throw new Ended(this.serverProcess.said);
      await this.api.status();
      return true;
    });
  }

  async #begin(): Promise<void> {
    const { config = '', server = [], story } = this.#options;
    this.#server = await this.addHost('server', story);
    const keys = ['listen: "0.0.0.0:7431"', `url: "https://${this.server.address}:${PORT}"`];
    const yaml = `server: {${[...keys, ...server].join(', ')}}\nstate: ${this.at('server/state')}\n`;
    fs.writeFileSync(this.at('holdfast.yaml'), `${yaml}${config}`);
    const socket = this.at('api');
    const relay = path.join(import.meta.dirname, 'relay-child.ts');
    this.server.start([process.execPath, relay, socket, String(PORT)], { log: 'relay.log' });
    this.startServer();
    await until('it listens', () => {
      const { said, isOver } = this.serverProcess;
      if (isOver) throw new Ended(said);
      return said.includes('Holdfast listens');
    });
    await until('its user is made', () => {
      this.#holdfast('server', 'user', 'add', 'ann', '--role', 'admin');
      return true;
    });
    const scopes = ['read', 'run', 'freeze', 'unfreeze', 'acknowledge', 'enrol'];
    const access = scopes.flatMap((scope) => ['--scope', scope]);
    const made = JSON.parse(this.#holdfast('server', 'access', 'ann', ...access, '--json')) as {
      readonly token?: string;
      readonly secret?: string;
    };
    this.#api = new Api(socket, known(made.token ?? made.secret));
    await this.answers();
  }

  #holdfast(...args: readonly string[]): string {
    const ran = this.server.run(command([...args, '--config', this.at('holdfast.yaml')]));
    if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  async #remove(): Promise<void> {
    for (const feed of this.#feeds) feed.close();
    await Promise.all([...this.#hosts.map((host) => host.remove()), this.#net.remove()]);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Of `holdfast`, with what it compiles kept for the next. */
export function command(args: readonly string[]): readonly string[] {
  const cache = `NODE_COMPILE_CACHE=${path.join(ROOT, 'node_modules/.cache/holdfast/compile')}`;
  return ['env', cache, process.execPath, MAIN, ...args];
}

/** It will not come any more. */
export class Ended extends Error {}

/** @returns after how many milliseconds it was so */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
): Promise<number> {
  const begin = performance.now();
  let last: unknown;
  for (;;) {
    try {
      if (await isSo()) return Math.round(performance.now() - begin);
    } catch (error) {
      if (error instanceof Ended) throw error;
      last = error; // Of the last try; said when none came after it.
    }
    if (performance.now() - begin > limitMs) {
      throw new Error(`not within ${limitMs / 1000} s: ${what}`, { cause: last });
    }
    await sleep(300);
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it has not been started');
  return value;
}
