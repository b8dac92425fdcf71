// Goal: whoever runs the server's machine sees which agents belong and takes one out: at once where
// the server runs, before it listens where it does not.
// Method: `holdfast server agents|revoke` as processes of their own, beside the real server and alone;
// the agent that was revoked tries to speak.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { startServer } from '../../src/main/server/server.ts';
import { post, until } from './agent-double.ts';
import { Talker } from './server-bench.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main/cli/main.ts');
const BY = { who: 'test', from: 'terminal' };

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Place {
  readonly root: string;
  readonly state: string;

  constructor(t: TestContext) {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-revoke-'));
    this.state = path.join(this.root, 'state/server');
    fs.mkdirSync(this.state, { recursive: true, mode: 0o700 });
    t.after(() => fs.rmSync(this.root, { recursive: true }));
  }

  async run(...args: readonly string[]): Promise<Ran> {
    const env = { ...process.env, HOLDFAST_STATE: path.join(this.root, 'state') };
    const child = spawn(process.execPath, [MAIN, ...args], { env, cwd: this.root });
    let [out, err] = ['', ''];
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr.on('data', (part: Buffer) => (err += part.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  async start(t: TestContext) {
    const bugs: unknown[] = [];
    const server = await startServer({
      ...{ stateDirectory: this.state, config: {}, configFile: undefined, clock: nodeClock() },
      ...{ listen: { host: '127.0.0.1', port: 0 }, url: undefined, log: () => undefined },
      onBug: (error) => bugs.push(error),
    });
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (isOpen) await server.close();
      isOpen = false;
      assert.deepEqual(bugs, []);
    };
    t.after(close);
    const at = { port: server.at.port, pin: Buffer.from(server.pin, 'base64url') };
    return { server, at, close };
  }
}

async function enrol(of: Awaited<ReturnType<Place['start']>>, host: string): Promise<Talker> {
  const { secret } = await of.server.served.access.makeEnrolment(BY, host);
  const talker = new Talker(of.at);
  assert.equal((await talker.post('enrol', talker.agent.enrol(secret))).status, 200);
  return talker;
}

test('an agent that is revoked on the terminal is heard no more by the server that runs', async (t) => {
  const place = new Place(t);
  const started = await place.start(t);
  const [web1, db1] = [await enrol(started, 'web1'), await enrol(started, 'db1')];
  await web1.say([web1.seen('a:b', 'healthy')]);
  const listed = await place.run('server', 'agents', '--json');
  const { agents } = JSON.parse(listed.out) as { agents: { host: string; state: string }[] };
  assert.deepEqual(
    agents.map(({ host, state }) => `${host} ${state}`),
    ['db1 enrolled', 'web1 enrolled'],
  );
  const said = await place.run('server', 'revoke', 'web1', '--reason', 'copied');
  assert.equal(said.code, 0, said.err);
  const { served } = started.server;
  await until(() => served.core.agent(web1.agent.id)?.isRevoked === true);
  const late = await web1.post('say', web1.sayBody([]));
  assert.deepEqual([late.status, late.body.problem], [401, 'unknown-agent']);
  assert.equal((await db1.say([])).status, 200);
  await until(() => served.core.agents().length === 1);
  assert.deepEqual(await served.state.revocations(), []);
  const log = await served.state.audit({ after: 0, countMax: 100 });
  const line = log.find(({ act }) => act === 'agent-revoked');
  assert.deepEqual([line?.who, line?.subject, line?.detail.reason], ['root', 'web1', 'copied']);
  const again = await place.run('server', 'revoke', 'web1');
  assert.notEqual(again.code, 0);
  assert.match(again.err, /HF_AGENT_UNKNOWN/);
  const all = await place.run('server', 'agents', '--revoked');
  assert.match(all.out, /web1 .*revoked/);
});

test('where no server runs it is done before the next one listens', async (t) => {
  const place = new Place(t);
  const first = await place.start(t);
  const web1 = await enrol(first, 'web1');
  await first.close();
  const said = await place.run('server', 'revoke', web1.agent.id);
  assert.equal(said.code, 0, said.err);
  assert.match((await place.run('server', 'agents')).out, /web1 .*is being revoked/);
  const second = await place.start(t);
  const { core } = second.server.served;
  assert.equal(core.agent(web1.agent.id)?.isRevoked, true, 'before anybody could speak');
  const body = web1.sayBody([]);
  const headers = web1.agent.headers('say', second.at.pin, body);
  const late = await post(second.at, 'say', { headers, body });
  assert.equal(late.body.problem, 'unknown-agent');
});
