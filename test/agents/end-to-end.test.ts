// Goal: a host is enrolled, seen, and works for its server through kill -9 of both, again and again:
// what the server acknowledged is there after each, and every job that was asked for has an end.
// Method: `holdfast server` and `holdfast agent` as processes of their own, over real TLS; the API is
// asked what is known; the state is read at the end.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { freePort } from '../run/free-port.ts';
import { killed, untilWithin } from './until.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');
const ROUNDS = 4;
const LIMIT_MS = 120_000;
const until = untilWithin(LIMIT_MS);

interface Place {
  readonly root: string;
  readonly port: number;
  readonly config: string;
  readonly agentDir: string;
  readonly agentConfig: string;
}

async function placeHere(t: TestContext): Promise<Place> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-end-to-end-'));
  t.after(() => fs.rmSync(root, { recursive: true, force: true }));
  const port = await freePort();
  const config = path.join(root, 'holdfast.yaml');
  const state = path.join(root, 'server');
  fs.writeFileSync(config, `server: {listen: "127.0.0.1:${port}"}\nstate: ${state}\n`);
  const agentConfig = path.join(root, 'agent.yaml');
  fs.writeFileSync(
    agentConfig,
    'level: keep\nshow: false\njobs: {nightly: {backup: nothing-of-that-name}}\n',
  );
  fs.chmodSync(agentConfig, 0o644);
  return { root, port, config, agentDir: path.join(root, 'host/agent'), agentConfig };
}

function holdfast(args: readonly string[], input = ''): string {
  const run = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', input });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  return run.stdout;
}

function start(t: TestContext, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

class Api {
  readonly #port: number;
  readonly #token: string;

  constructor(port: number, token: string) {
    this.#port = port;
    this.#token = token;
  }

  ask(where: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    const of = { host: '127.0.0.1', port: this.#port, path: where, method, headers, agent: false };
    return new Promise((resolve, reject) => {
      const request = https.request({ ...of, rejectUnauthorized: false }, (response) => {
        let text = '';
        response.on('data', (part) => (text += String(part)));
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(JSON.parse(text))
            : reject(new Error(`${response.statusCode} ${text}`)),
        );
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async jobs(): Promise<ReadonlyMap<string, string>> {
    const { jobs } = await this.ask('/v1/jobs?count=100');
    assert.ok(Array.isArray(jobs));
    return new Map(jobs.map(({ job, state }) => [String(job), String(state)]));
  }
}

function textIn(json: string, ...keys: readonly string[]): string {
  const found = keys.map((key) => JSON.parse(json)[key]).find((each) => typeof each === 'string');
  assert.ok(found !== undefined, json);
  return found;
}

test('enrolled, seen, asked, and killed again and again', { timeout: 400_000 }, async (t) => {
  const place = await placeHere(t);
  const runServer = () => start(t, ['server', '--config', place.config]);
  const runAgent = () =>
    start(t, ['agent', '--state', place.agentDir, '--config', place.agentConfig]);

  let server = runServer();
  const line = await until('a line to enrol with', async () => {
    await new Promise<void>((resolve, reject) => {
      const socket = net.connect(place.port, '127.0.0.1', () => resolve(void socket.destroy()));
      socket.on('error', reject);
    });
    return textIn(
      holdfast(['server', 'token', 'web1', '--config', place.config, '--json']),
      'line',
    );
  });
  const enrol = ['agent', 'enroll', '-', '--state', place.agentDir];
  holdfast([...enrol, '--config', place.agentConfig], line);
  const again = spawnSync(process.execPath, [MAIN, ...enrol, '--again'], { input: line });
  assert.notEqual(again.status, 0, 'a line is good for once');

  holdfast(['server', 'user', 'add', 'ann', '--role', 'operator', '--config', place.config]);
  const scopes = ['--scope', 'read', '--scope', 'run'];
  const access = ['server', 'access', 'ann', ...scopes, '--config', place.config, '--json'];
  const api = new Api(place.port, textIn(holdfast(access), 'token', 'secret'));

  let agent = runAgent();
  const isSeen = async () => {
    const text = JSON.stringify(await api.ask('/v1/hosts/web1'));
    return /"item":"agent:self"[^}]*/.test(text) && text.includes('the agent runs')
      ? true
      : undefined;
  };
  await until('the agent is seen', isSeen);

  const asked: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { job } = await api.ask('/v1/jobs', { host: 'web1', act: 'backup', name: 'nightly' });
    asked.push(String(job));
    // Killed at another moment in each round: before it is heard, while it runs, when it has ended.
    await new Promise((resolve) => setTimeout(resolve, round * 400));
    const before = await api.jobs();
    await Promise.all([killed(server), round % 2 === 0 ? killed(agent) : Promise.resolve()]);
    server = runServer();
    if (round % 2 === 0) agent = runAgent();
    const after = await until('the server is back', () => api.jobs());
    for (const [each, state] of before) {
      assert.ok(after.has(each), `job ${each}, ${state}, was acknowledged and is gone`);
      const isEnd = ['failed', 'lost', 'done'].includes(state);
      if (isEnd) assert.equal(after.get(each), state, 'an end stays what it was');
    }
  }
  const ends = await until('every job has an end', async () => {
    const jobs = await api.jobs();
    const states = asked.map((job) => jobs.get(job) ?? 'unknown');
    return states.every((state) => ['failed', 'lost'].includes(state)) ? states : undefined;
  });
  t.diagnostic(`ends: ${ends.join(', ')}`);
  await until('and it is seen again', isSeen);
});
