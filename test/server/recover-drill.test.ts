// Goal: a server whose database was lost, damaged or rolled back under its agents is back with one
// command: they are seen again without a hand on any host, who was revoked is not, and it is written
// down; where the key is gone too, one command for each host does it.
// Method: `holdfast server` and two `holdfast agent` as processes of their own, kill -9, and the API.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { AgentDouble, post } from './agent-double.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const LIMIT_MS = 120_000;

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Drill {
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
    await until('the server listens', async () => {
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
    const args = ['--state', path.join(this.root, host), '--config', this.#agentConfig()];
    const { status, stderr } = this.run(['agent', 'enroll', '-', ...args, ...more], `${line}\n`);
    assert.equal(status, 0, stderr);
  }

  startAgent(host: string): ChildProcess {
    const args = ['--state', path.join(this.root, host), '--config', this.#agentConfig()];
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
    await until(`${hosts.join(', ')} seen`, async () => {
      const { text } = await this.ask('/v1/items?count=500', token);
      const { items } = JSON.parse(text) as {
        items: { host: string; item: string; mark: string }[];
      };
      const seen = items.filter(({ item, mark }) => item === 'agent:self' && mark !== 'unknown');
      return hosts.every((host) => seen.some((each) => each.host === host)) ? true : undefined;
    });
  }

  #agentConfig(): string {
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

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endsAt = performance.now() + LIMIT_MS;
  while (performance.now() < endsAt) {
    const found = await look().catch(() => undefined); // Tried again until the limit.
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return assert.fail(`not within ${LIMIT_MS / 1000} s: ${what}`);
}

interface Said {
  readonly found: string;
  readonly agents: readonly { readonly host: string }[];
  readonly putOut: readonly string[];
  readonly isOtherKey: boolean;
  readonly aside: string | null;
}

interface Audit {
  readonly isWhole: boolean;
  readonly lines: readonly { readonly act: string; readonly detail: Record<string, unknown> }[];
}

test('lost, damaged, rolled back, without its key: one command each', {
  timeout: 600_000,
}, async (t) => {
  const drill = await Drill.open(t);
  await drill.startServer();
  const first = drill.newAdmin();
  const agents = new Map<string, ChildProcess>();
  for (const host of ['web1', 'db1']) {
    drill.enrol(host);
    agents.set(host, drill.startAgent(host));
  }
  const old = new AgentDouble();
  const pin = Buffer.from(
    (JSON.parse(fs.readFileSync(drill.file('agents.json'), 'utf8')) as { pin: string }).pin,
    'base64url',
  );
  const { line } = drill.json<{ line: string }>('token', 'old1');
  const send = (verb: string, body: string) =>
    post(drill, verb, { headers: old.headers(verb, pin, body), body });
  assert.equal((await send('enrol', old.enrol(line.split(' ')[1] ?? ''))).status, 200);
  await drill.ask(`/v1/agents/${old.id}/revoke`, first, { reason: 'sold' });
  await drill.untilSeen(first, ['web1', 'db1']);

  t.diagnostic('lost');
  await drill.killServer();
  for (const name of ['server.db', 'server.db-wal', 'server.db-shm']) {
    fs.rmSync(drill.file(name), { force: true });
  }
  for (const refused of [drill.onServer(), drill.onServer('token', 'web1')]) {
    assert.match(refused.stderr + refused.stdout, /HF_RECOVER_NEEDED/);
  }
  const lost = drill.json<Said>('recover');
  assert.deepEqual([lost.found, lost.agents.length, lost.isOtherKey], ['lost', 2, false]);
  await drill.startServer();
  assert.equal((await drill.ask('/v1/status', first)).status, 401, 'no account came back');
  const second = drill.newAdmin();
  await drill.untilSeen(second, ['web1', 'db1']);
  const late = await send('say', old.say({}));
  assert.deepEqual([late.status, late.body.problem], [401, 'unknown-agent']);
  const audit = drill.json<Audit>('audit');
  assert.ok(audit.isWhole);
  const [begun] = audit.lines;
  assert.deepEqual([begun?.act, begun?.detail.agents], ['state-recovered', 2]);
  assert.ok(Number(begun?.detail.headN) >= 4, 'what the log had come to is known');

  t.diagnostic('damaged');
  await drill.killServer();
  const bytes = fs.readFileSync(drill.file('server.db'));
  bytes.fill(0x5a, 16, 3000);
  // A server that was killed has left much of it in the log beside: that one is damaged as well.
  fs.writeFileSync(drill.file('server.db-wal'), Buffer.alloc(4096, 0x5a));
  fs.writeFileSync(drill.file('server.db'), bytes);
  assert.match(drill.onServer().stderr, /HF_SERVER_STATE/);
  const damaged = drill.json<Said>('recover');
  assert.equal(damaged.found, 'damaged');
  assert.deepEqual(fs.readFileSync(damaged.aside ?? ''), bytes, 'it is kept aside');
  await drill.startServer();
  await drill.untilSeen(drill.newAdmin(), ['web1', 'db1']);
  assert.equal((await send('say', old.say({}))).status, 401);

  t.diagnostic('rolled back');
  await drill.killServer('SIGTERM');
  const older = fs.readFileSync(drill.file('server.db'));
  await drill.startServer();
  const third = drill.newAdmin();
  const revoked = drill.onServer('revoke', 'db1', '--reason', 'sold');
  assert.equal(revoked.status, 0, revoked.stderr);
  await drill.killServer();
  for (const name of ['server.db-wal', 'server.db-shm'])
    fs.rmSync(drill.file(name), { force: true });
  fs.writeFileSync(drill.file('server.db'), older);
  assert.match(drill.onServer().stderr, /HF_RECOVER_NEEDED/);
  const back = drill.json<Said>('recover');
  assert.deepEqual([back.found, back.putOut], ['older', ['db1']]);
  await drill.startServer();
  assert.equal((await drill.ask('/v1/status', third)).status, 401);
  const fourth = drill.newAdmin();
  await drill.untilSeen(fourth, ['web1']);
  assert.doesNotMatch((await drill.ask('/v1/hosts', fourth)).text, /"db1"/);

  t.diagnostic('without its key');
  await drill.killServer();
  fs.unlinkSync(drill.file('server-key.pem'));
  assert.match(drill.onServer().stderr, /HF_RECOVER_NEEDED/);
  const keyless = drill.onServer('recover');
  assert.equal(keyless.status, 6);
  assert.match(keyless.stdout, /web1 .*holdfast server token web1/);
  assert.match(keyless.stdout, /holdfast agent enroll --again -/);
  await drill.startServer();
  drill.enrol('web1', '--again');
  agents.get('web1')?.kill('SIGKILL');
  drill.startAgent('web1');
  await drill.untilSeen(fourth, ['web1']);
  assert.ok(drill.json<Audit>('audit').isWhole);
});
