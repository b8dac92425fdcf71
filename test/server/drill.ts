/** A server and its agents as processes of their own, in one directory that is thrown away. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../run/free-port.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const LIMIT_MS = 120_000;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Drill {
  readonly root: string;
  readonly port: number;
  readonly #t: TestContext;
  #server: ChildProcess | undefined;
  #admins = 0;

  private constructor(t: TestContext, root: string, port: number) {
    this.#t = t;
    this.root = root;
    this.port = port;
  }

  static async open(t: TestContext): Promise<Drill> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-drill-'));
    t.after(() => fs.rmSync(root, { recursive: true, force: true }));
    const drill = new Drill(t, root, await freePort());
    fs.writeFileSync(
      path.join(root, 'holdfast.yaml'),
      `server: {listen: "127.0.0.1:${drill.port}"}\nstate: ${root}/state\nhosts: {web1: {}, db1: {}}\n`,
    );
    return drill;
  }

  file(name: string): string {
    return path.join(this.root, 'state/server', name);
  }

  run(args: readonly string[], input = ''): Ran {
    return spawnSync(process.execPath, [MAIN, ...args], {
      ...{ encoding: 'utf8', input, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
    });
  }

  onServer(...args: readonly string[]): Ran {
    return this.run(['server', ...args, '--config', path.join(this.root, 'holdfast.yaml')]);
  }

  json<T>(...args: readonly string[]): T {
    const { status, stdout, stderr } = this.onServer(...args, '--json');
    assert.ok(status === 0 || status === 6, stdout + stderr);
    return JSON.parse(stdout) as T;
  }

  async startServer(): Promise<void> {
    const config = path.join(this.root, 'holdfast.yaml');
    this.#server = this.#spawn(['server', '--config', config]);
    await untilFound('the server listens', async () => {
      await new Promise<void>((resolve, reject) => {
        const socket = net.connect(this.port, '127.0.0.1', () => resolve(void socket.destroy()));
        socket.on('error', reject);
      });
      return true;
    });
  }

  /** Killed, not asked. */
  async killServer(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const ended = new Promise((resolve) => this.#server?.once('exit', resolve));
    this.#server?.kill(signal);
    await ended;
  }

  enrol(host: string, ...more: readonly string[]): void {
    const { line } = this.json<{ line: string }>('token', host);
    const args = ['--state', path.join(this.root, host), '--config', this.#agentConfig(host)];
    const { status, stderr } = this.run(['agent', 'enroll', '-', ...args, ...more], `${line}\n`);
    assert.equal(status, 0, stderr);
  }

  startAgent(host: string): ChildProcess {
    const args = ['--state', path.join(this.root, host), '--config', this.#agentConfig(host)];
    return this.#spawn(['agent', ...args]);
  }

  /** An admin of a name of its own: after a recover there is none. */
  newAdmin(): string {
    this.#admins += 1;
    const name = `admin${this.#admins}`;
    this.json('user', 'add', name, '--role', 'admin');
    return this.json<{ token: string }>('access', name, '--scope', 'read', '--scope', 'enrol')
      .token;
  }

  ask(where: string, token: string, body?: object): Promise<{ status: number; text: string }> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const to = { host: '127.0.0.1', port: this.port, path: where, headers, agent: false };
    const method = body === undefined ? 'GET' : 'POST';
    return new Promise((resolve, reject) => {
      const request = https.request({ ...to, method, rejectUnauthorized: false }, (reply) => {
        let text = '';
        reply.on('data', (part) => (text += String(part)));
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Each says, in this start of the server, that it is well. */
  async untilSeen(token: string, hosts: readonly string[]): Promise<void> {
    await untilFound(`${hosts.join(', ')} seen`, async () => {
      const { text } = await this.ask('/v1/items?count=500', token);
      const { items } = JSON.parse(text) as {
        items: { host: string; item: string; mark: string }[];
      };
      const seen = items.filter(({ item, mark }) => item === 'agent:self' && mark !== 'unknown');
      return hosts.every((host) => seen.some((each) => each.host === host)) ? true : undefined;
    });
  }

  /** A file of its own where the test wrote one. */
  #agentConfig(host: string): string {
    const own = path.join(this.root, `${host}.agent.yaml`);
    if (fs.existsSync(own)) return own;
    const file = path.join(this.root, 'agent.yaml');
    if (!fs.existsSync(file)) fs.writeFileSync(file, 'level: look\n', { mode: 0o644 });
    return file;
  }

  #spawn(args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' });
    this.#t.after(() => child.kill('SIGKILL'));
    return child;
  }
}

export async function untilFound<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endsAt = performance.now() + LIMIT_MS;
  while (performance.now() < endsAt) {
    const found = await look().catch(() => undefined); // Tried again until the limit.
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return assert.fail(`not within ${LIMIT_MS / 1000} s: ${what}`);
}
