/** The real server as its users start it, in a process of its own, and what it costs there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newIdentity } from '../src/adapters/agent-link/identity.ts';
import type { ServerPlace } from '../src/adapters/agent-link/pinned-agent.ts';
import { openServerKey } from '../src/adapters/http/server-key.ts';
import { openServerState, type ServerState } from '../src/adapters/sqlite/open-server-state.ts';
import { byteString } from '../src/base/bytes.ts';
import { unixMs } from '../src/base/units.ts';
import { nodeDisk } from '../src/adapters/node/disk.ts';
import { KEY_NAME, STATE_NAME } from '../src/main/server/server-names.ts';
import { loadHostName } from './load-shown.ts';
import { HOLDFAST } from './tools.ts';

const TICKS_PER_SECOND = 100;
const READY_LIMIT_MS = 120_000;
const POLL_MS = 20;
const COME_BACK_MS = 2000;
const SCOPES = ['read', 'metrics', 'audit', 'freeze', 'unfreeze'].flatMap((scope) => [
  '--scope',
  scope,
]);

export interface Spent {
  readonly cpuS: number;
  readonly rssBytes: number;
  readonly rssPeakBytes: number;
  readonly writtenBytes: number;
}

/** What one listener is told. */
export interface Heard {
  event(name: string, bytes: number): void;
  /** By the server, though nobody told it to end. */
  hungUp(): void;
}

export interface Answered {
  readonly status: number;
  readonly tookMs: number;
  readonly bytes: number;
  readonly text: string;
}

export class ServedProcess {
  readonly directory: string;
  readonly place: ServerPlace;
  readonly token: string;
  readonly #env: Record<string, string>;
  readonly #agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(of: {
    readonly directory: string;
    readonly place: ServerPlace;
    readonly token: string;
    readonly env: Record<string, string>;
  }) {
    this.directory = of.directory;
    this.place = of.place;
    this.token = of.token;
    this.#env = of.env;
  }

  /** Key, account and token are there; nothing runs yet. @param more of its configuration */
  static async prepare(root: string, more = ''): Promise<ServedProcess> {
    const port = await freePort();
    const config = join(root, 'holdfast.yaml');
    writeFileSync(config, `server: {listen: "127.0.0.1:${port}"}\n${more}`);
    const env = {
      HOLDFAST_SHIPPED: process.env.HOLDFAST_SHIPPED ?? '1',
      HOLDFAST_STATE: join(root, 'state'),
      HOLDFAST_CONFIG: config,
    };
    const run = (...args: readonly string[]): string => {
      const { status, stdout, stderr } = spawnSync(HOLDFAST, ['server', ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
      if (status !== 0) throw new Error(`server ${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    run('user', 'add', 'bench', '--role', 'admin', '--json');
    const { token } = JSON.parse(run('access', 'bench', ...SCOPES, '--json')) as { token: string };
    const directory = join(root, 'state', 'server');
    nodeDisk().makeDir(byteString(directory));
    const { pin } = await openServerKey(join(directory, KEY_NAME));
    const place = { host: '127.0.0.1', port, pin: pin.toString('hex') };
    return new ServedProcess({ directory, place, token, env });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** While no server has it. */
  openState(): Promise<ServerState> {
    return openServerState(join(this.directory, STATE_NAME), { mustExist: true });
  }

  /** As if each had been enrolled. @returns their keys */
  async enrol(count: number): Promise<readonly string[]> {
    const identities = Array.from({ length: count }, () => newIdentity());
    const state = await this.openState();
    const enrolledAt = unixMs(Date.now());
    const facts = { level: 'look', version: '0.1.0', boot: 'bench', isRevoked: false } as const;
    await state.commit(
      identities.map(({ agent, publicKey }, nth) => {
        const host = loadHostName(nth);
        const numbers = { run: 0, seq: 0, acked: 0, enrolledAt };
        return { do: 'agent' as const, agent: { agent, host, publicKey, ...facts, ...numbers } };
      }),
    );
    await state.close();
    return identities.map(({ pem }) => pem);
  }

  /** Of one use. */
  enrolmentLine(host: string): string {
    const args = ['server', 'token', host, '--json'];
    const env = { ...process.env, ...this.#env };
    const { stdout } = spawnSync(HOLDFAST, args, { encoding: 'utf8', env });
    return (JSON.parse(stdout) as { line: string }).line;
  }

  /** @returns milliseconds until it answered */
  async start(): Promise<number> {
    const begun = performance.now();
    const child = spawn(HOLDFAST, ['server'], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (part: Buffer) => {
      this.#said = (this.#said + part.toString()).slice(-4000);
    });
    this.#child = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the server ended: ${this.#said}`);
      if (performance.now() - begun > READY_LIMIT_MS) throw new Error(`no server: ${this.#said}`);
      const answer = await this.ask('/healthz').catch(() => undefined); // It does not listen yet.
      if (answer?.status === 200) return performance.now() - begun;
      await sleep(POLL_MS);
    }
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const over = once(child, 'exit');
    child.kill(signal);
    await over;
    this.#agent.destroy();
  }

  /** What it has to say for itself, where it ended though nobody ended it. */
  get lastWords(): string {
    return this.#said;
  }

  ask(path: string, body?: object): Promise<Answered> {
    const begun = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const { host, port } = this.place;
    const request = https.request(
      {
        ...{ host, port, path, agent: this.#agent, method: body === undefined ? 'GET' : 'POST' },
        headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      },
      (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part: Buffer) => parts.push(part));
        reply.on('error', reject);
        reply.on('end', () => {
          const bytes = Buffer.concat(parts);
          const tookMs = performance.now() - begun;
          const status = reply.statusCode ?? 0;
          resolve({ status, tookMs, bytes: bytes.length, text: bytes.toString() });
        });
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }

  /** Listens to changes until `signal`, as a browser does: hung up on, it comes back. */
  listen(signal: AbortSignal, heard: Heard, lastId?: string): void {
    const { host, port } = this.place;
    let last = lastId;
    const again = (): void => {
      if (signal.aborted) return;
      heard.hungUp();
      setTimeout(() => this.listen(signal, heard, last), COME_BACK_MS);
    };
    const request = https.request(
      {
        ...{ host, port, path: '/v1/events', agent: false, rejectUnauthorized: false, signal },
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(last === undefined ? {} : { 'last-event-id': last }),
        },
      },
      (reply) => {
        let rest = '';
        reply.on('data', (part: Buffer) => {
          const texts = (rest + part.toString()).split('\n\n');
          rest = texts.pop() ?? '';
          for (const text of texts) {
            last = /^id: (.*)$/m.exec(text)?.[1] ?? last;
            const [, event] = /^event: (.*)$/m.exec(text) ?? [];
            if (event !== undefined && event !== 'hello') heard.event(event, text.length);
          }
        });
        reply.on('error', () => undefined); // Its end is what counts.
        reply.on('close', again);
      },
    );
    request.on('error', () => {
      // Before there was an answer: it was told to end, or the server was.
    });
    request.end();
  }

  spent(): Spent {
    const proc = `/proc/${this.pid}`;
    // Behind the name, which may hold blanks.
    const stat = readFileSync(`${proc}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    const status = readFileSync(`${proc}/status`, 'latin1');
    const kib = (key: string): number =>
      Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    const io = readFileSync(`${proc}/io`, 'latin1');
    return {
      cpuS: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
      rssBytes: kib('VmRSS'),
      rssPeakBytes: kib('VmHWM'),
      writtenBytes: Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]),
    };
  }

  sizes(): { readonly dbBytes: number; readonly walBytes: number } {
    const size = (name: string): number => {
      const file = join(this.directory, name);
      return existsSync(file) ? statSync(file).size : 0;
    };
    return { dbBytes: size(STATE_NAME), walBytes: size(`${STATE_NAME}-wal`) };
  }

  /** How often it has the disk sync in a second, looked at by strace for some; undefined without it. */
  async fsyncsPerS(spanS: number): Promise<number | undefined> {
    const file = join(this.directory, '..', 'strace.txt');
    const what = ['-f', '-c', '-e', 'trace=fsync,fdatasync', '-o', file, '-p', String(this.pid)];
    const child = spawn('strace', what, { stdio: 'ignore' });
    const failed = once(child, 'error').then(() => undefined);
    await Promise.race([sleep(spanS * 1000), failed]);
    if (child.pid === undefined) return undefined;
    const over = once(child, 'exit');
    child.kill('SIGINT');
    await over;
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    const calls = lines
      .filter((line) => /\bf(data)?sync$/.test(line))
      .map((line) => Number(line.trim().split(/\s+/)[3]));
    return calls.reduce((sum, each) => sum + each, 0) / spanS;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
