// Goal: `up` watches: a link lets a reader in once, page and API say how this host stands from evidence
// with its age; server, agent or `up` itself killed, it goes on with the same identity, and nothing of
// it stays; a port that is taken, and an agent of another server, are left alone.
// Method: the real program on an empty machine, its processes killed by their ids.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { writeEnrolment } from '../../src/adapters/agent-link/enrolment.ts';
import { newIdentity } from '../../src/adapters/agent-link/identity.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Bench } from '../cli/run-cli.ts';
import { ask, isAlive, readToken, until, UpWatching } from './up-watching.ts';

const KILLS = Number(process.env.HOLDFAST_UP_KILLS ?? 3);
const seed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000);

let bench: Bench;
let ups: UpWatching[];
beforeEach(() => {
  ups = [];
  bench = new Bench();
  bench.write('data/one', 'one file\n');
  bench.write('holdfast.yaml', 'server: {listen: "127.0.0.1:0"}\n');
});
afterEach(async () => {
  for (const { child } of ups) child.kill('SIGKILL');
  await Promise.all(ups.map(({ ended }) => ended));
  await until('an end of all of it', () => pids.every((pid) => !isAlive(pid)));
  bench.remove();
});

let pids: number[] = [];

function start(): UpWatching {
  const up = new UpWatching(bench);
  ups.push(up);
  return up;
}

/** Both of its processes, noted so that their end can be waited for. */
async function childrenOf(up: UpWatching): Promise<{ server: number; agent: number }> {
  return until('two processes', () => {
    const [server, agent] = ['server', 'agent'].map((name) => up.children().get(name));
    if (server === undefined || agent === undefined) return undefined;
    pids = [...pids, server, agent];
    return { server, agent };
  });
}

function agentId(): string {
  const text = fs.readFileSync(path.join(bench.state, 'agent/enrolled.json'), 'utf8');
  return String((JSON.parse(text) as { agent: string }).agent);
}

/** Every link of every page that a reader can come to. */
async function deadLinks(page: string, headers: Readonly<Record<string, string>>) {
  const from = new Map([['/', '']]);
  const dead: string[] = [];
  for (const [at, on] of from) {
    const { status, text } = await ask(page + at, { headers });
    if (status !== 200) dead.push(`${status} ${at} on ${on}`);
    if (at.startsWith('/v1/')) continue;
    for (const [, link = ''] of text.matchAll(/<a [^>]*href="([^"#]+)/g)) {
      const to = new URL(link.replaceAll('&amp;', '&'), page);
      const path = to.pathname + to.search;
      if (to.href.startsWith(page) && !from.has(path)) from.set(path, at);
    }
  }
  assert.ok(from.size > 20, [...from.keys()].join(' '));
  return dead;
}

test('the link lets a reader in once; page and API have this host with ages; what is killed comes back', async () => {
  // A state that an older version has left.
  bench.run(['backup', bench.at('data')]);
  const up = start();
  const { page, url } = await up.listens();
  const first = await childrenOf(up);
  const token = readToken(bench);
  const { ageMs, limitMs } = await up.wellItem('agent:self', token);
  assert.ok(ageMs !== null && ageMs >= 0 && ageMs < limitMs);

  // On a busy machine a server that was silent for too long is started again: then it is nowhere.
  const listed = await until('where status says that it listens', () => {
    const { server } = bench.json(['status'], { env: { HOLDFAST_VAULT: '' } }).said;
    return server ?? undefined;
  });
  assert.deepEqual(listed, { url, page });
  const added = bench.run(['server', 'user', 'add', 'reader'], { env: { HOLDFAST_VAULT: '' } });
  const [link = ''] = /http:\/\/127\.0\.0\.1:\d+\/sign-in\/\S+/.exec(added.stdout) ?? [];
  assert.ok(link.startsWith(page), added.stdout + added.stderr);
  assert.equal((await ask(`${page}/`)).status, 401);
  assert.match((await ask(link)).text, /<button/);
  const signedIn = await ask(link, { method: 'POST' });
  assert.match(signedIn.cookie, /^holdfast-here=/);
  const again = await ask(link, { method: 'POST' });
  assert.deepEqual([again.status, again.cookie], [403, '']);
  const headers = { cookie: signedIn.cookie };
  const shown = await ask(`${page}/`, { headers });
  assert.equal(shown.status, 200);
  assert.match(shown.text, /agent:self/);
  assert.match(shown.text, /\d+ s ago|now<div/);
  assert.match(shown.text, /Nobody outside watches this server/);
  const other = { ...headers, host: 'evil.example:7440' };
  assert.equal((await ask(`${page}/`, { headers: other })).status, 403, 'DNS rebinding');
  assert.deepEqual(await deadLinks(page, headers), []);
  const acted = await ask(`${page}/v1/freeze`, { method: 'POST', headers });
  assert.equal(acted.status, 404, 'nothing that changes anything');

  const admin = bench.run(['server', 'user', 'add', 'boss', '--role', 'admin'], {
    env: { HOLDFAST_VAULT: '' },
  });
  const secret = /\/sign-in\/(\S+)/.exec(admin.stdout)?.[1] ?? '';
  const refused = await ask(`${page}/sign-in/${secret}`, { method: 'POST' });
  assert.deepEqual([refused.status, refused.cookie], [403, ''], 'more than a reader, without TLS');

  const agent = agentId();
  process.kill(first.server, 'SIGKILL');
  process.kill(first.agent, 'SIGKILL');
  const second = await until('two new processes', () => {
    const [server, its] = ['server', 'agent'].map((name) => up.children().get(name));
    if (server === undefined || its === undefined) return undefined;
    return server !== first.server && its !== first.agent && { server, agent: its };
  });
  pids.push(second.server, second.agent);
  await up.wellItem('agent:self', token);
  assert.equal((await up.listens()).url, url, 'where others look for it');
  assert.equal(agentId(), agent);

  await up.kill('SIGTERM');
  await until('no process of it', () => ![second.server, second.agent].some(isAlive));
});

test('killed at any moment, the next one goes on with the same agent', async () => {
  let random = seed;
  const up = start();
  await childrenOf(up);
  await up.listens();
  const token = readToken(bench);
  await up.wellItem('agent:self', token);
  const agent = agentId();
  await up.kill('SIGKILL');
  for (let round = 0; round < KILLS; round++) {
    const next = start();
    random = (random * 48_271) % 2_147_483_647;
    await setTimeout(random % 2500);
    for (const pid of next.children().values()) pids.push(pid);
    next.demandRuns();
    await next.kill('SIGKILL');
  }
  const last = start();
  await childrenOf(last);
  await last.wellItem('agent:self', token);
  assert.equal(agentId(), agent, `seed ${seed}`);
  assert.ok(!fs.existsSync(path.join(bench.state, 'up-agent')));
});

test('a port that is named and taken is a fault; another one is looked for; an agent of others is left alone', async (t) => {
  const taken = net.createServer();
  t.after(() => taken.close());
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as net.AddressInfo;
  bench.write('holdfast.yaml', `server: {listen: "127.0.0.1:${port}"}\n`);
  const refused = start();
  assert.equal(await refused.ended, 1);
  assert.match(refused.said, /HF_SERVER_LISTEN[\s\S]*free port/);

  const usual = net.createServer();
  t.after(() => usual.close());
  // Where somebody has it already, that is as good.
  await new Promise<void>((resolve) => {
    usual.once('error', () => resolve());
    usual.listen(7431, '127.0.0.1', resolve);
  });
  fs.rmSync(bench.at('holdfast.yaml'));
  const place = { host: 'st1', port: 7431, pin: 'ab'.repeat(32) };
  const dir = path.join(bench.state, 'agent');
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  writeEnrolment(ports, byteString(dir), { place, identity: newIdentity(), host: 'web1' });
  const before = fs.readFileSync(path.join(dir, 'enrolled.json'), 'utf8');
  const up = start();
  const { url } = await up.listens();
  assert.notEqual(new URL(url).port, '7431');
  await childrenOf(up);
  await up.wellItem('agent:self', readToken(bench));
  assert.equal(fs.readFileSync(path.join(dir, 'enrolled.json'), 'utf8'), before);
  assert.ok(fs.existsSync(path.join(bench.state, 'up-agent/enrolled.json')));
});
