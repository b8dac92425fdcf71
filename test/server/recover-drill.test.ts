// Goal: a server whose database was lost, damaged or rolled back under its agents is back with one
// command: they are seen again without a hand on any host, who was revoked is not, and it is written
// down; where the key is gone too, one command for each host does it.
// Method: `holdfast server` and two `holdfast agent` as processes of their own, kill -9, and the API.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { AgentDouble, post } from './agent-double.ts';
import { Drill } from './drill.ts';

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
