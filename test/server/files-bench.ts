/** A real server in this process, a real agent and a real vault, for what is asked of files. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Config } from '../../src/wire/config.ts';
import { ServerBench } from './server-bench.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const BY = { who: 'test', from: 'terminal' };
const LIMIT_MS = 120_000;

export interface Got {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** All of what was announced came. */
  readonly isWhole: boolean;
}

export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, `${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export class FilesBench {
  readonly server: ServerBench;
  readonly root: string;
  readonly data: string;
  readonly restored: string;
  #agent: ChildProcess | undefined;

  private constructor(server: ServerBench, root: string) {
    this.server = server;
    this.root = root;
    this.data = path.join(root, 'data');
    this.restored = path.join(root, 'restored');
  }

  /** @param fill makes the data before each of the snapshots */
  static async open(
    t: TestContext,
    of: {
      readonly fill: readonly ((data: string) => void)[];
      readonly config?: Config;
      readonly allows?: string;
    },
  ): Promise<FilesBench> {
    const server = await ServerBench.open(t, { config: of.config ?? {} });
    const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-files-')));
    const bench = new FilesBench(server, root);
    t.after(async () => {
      await bench.stop();
      fs.rmSync(root, { recursive: true });
    });
    fs.mkdirSync(bench.data);
    fs.mkdirSync(bench.restored, { mode: 0o700 });
    const yaml = path.join(root, 'holdfast.yaml');
    fs.writeFileSync(
      yaml,
      `vault: ${root}/vault\nstate: ${root}/host\ndatasets:\n  www: {paths: ["${bench.data}"]}\n`,
    );
    const allows = of.allows ?? `files: {read: content, restore-to: ["${bench.restored}"]}`;
    const agentYaml = path.join(root, 'agent.yaml');
    fs.writeFileSync(agentYaml, `level: keep\nshow: false\nconfig: ${yaml}\n${allows}\n`);
    fs.chmodSync(agentYaml, 0o644);
    bench.holdfast(['init', '--config', yaml]);
    for (const fill of of.fill) {
      fill(bench.data);
      bench.holdfast(['backup', '--name', 'www', '--config', yaml]);
    }
    await bench.start();
    return bench;
  }

  holdfast(args: readonly string[], input = ''): string {
    const env = { ...process.env, HOLDFAST_STATE: path.join(this.root, 'host') };
    const run = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', input, env });
    assert.equal(run.status, 0, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
    return run.stdout;
  }

  /** Enrolled at the first time. */
  async start(): Promise<void> {
    const dir = path.join(this.root, 'host/agent');
    const config = path.join(this.root, 'agent.yaml');
    if (!fs.existsSync(dir)) {
      const { secret } = await this.server.server.served.access.makeEnrolment(BY, 'web1');
      const { port, pin } = { port: this.server.port, pin: this.server.server.pin };
      const line = `https://127.0.0.1:${port}#${pin} ${secret}\n`;
      await this.#run(['agent', 'enroll', '-', '--state', dir, '--config', config], line);
    }
    this.#agent = spawn(process.execPath, [MAIN, 'agent', '--state', dir, '--config', config], {
      stdio: 'ignore',
    });
    const token = await this.server.tokenOf('admin');
    await until('an agent that answers', async () => {
      const { status } = await this.server.ask('/v1/snapshots', { token });
      return status === 200 ? true : undefined;
    });
  }

  /** Not as `holdfast`: this very process is the server that it asks. */
  #run(args: readonly string[], input: string): Promise<void> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.on('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}`)),
      );
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent === undefined || agent.exitCode !== null) return;
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill(signal);
    await ended;
  }

  /** As bytes, and whether all that was announced came. */
  get(
    where: string,
    token: string,
    onData?: (response: NodeJS.ReadableStream, size: number) => void,
  ): Promise<Got> {
    const { promise, resolve, reject } = Promise.withResolvers<Got>();
    const headers = { authorization: `Bearer ${token}` };
    const to = { host: '127.0.0.1', port: this.server.port, path: where, agent: false as const };
    const request = https.request({ ...to, headers, rejectUnauthorized: false }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        size += part.length;
        onData?.(response, size);
      });
      const end = (): void => {
        const body = Buffer.concat(parts);
        const { statusCode = 0, complete: isWhole } = response;
        resolve({ status: statusCode, body, headers: response.headers, isWhole });
      };
      response.on('end', end);
      response.on('error', end);
      response.on('close', end);
    });
    request.on('error', reject);
    request.end();
    return promise;
  }

  /** Waits until the job is over. */
  async ended(
    job: string,
    token: string,
  ): Promise<{ readonly state: string; readonly why: string }> {
    return until('the end of a job', async () => {
      const { jobs } = await this.server.json<{
        jobs: { job: string; state: string; why: string }[];
      }>('/v1/jobs', { token });
      const found = jobs.find((each) => each.job === job);
      const isOver = found !== undefined && !['asked', 'taken', 'running'].includes(found.state);
      return isOver ? found : undefined;
    });
  }
}
