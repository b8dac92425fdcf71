// Goal: a link signs in once, a session is worth nothing from another page or after its end, and what
// was done stands in the log. Method: the real server over TLS, cookies carried by hand.
import assert from 'node:assert/strict';
import https from 'node:https';
import test, { type TestContext } from 'node:test';
import type { Role } from '../../src/access/core/roles.ts';
import { until } from './agent-double.ts';
import { ServerBench } from './server-bench.ts';

const BY = { who: 'test', from: 'terminal' };

interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
}

async function signIn(bench: ServerBench, role: Role): Promise<SignedIn> {
  const { access } = bench.server.served;
  const name = `${role}-${String(Math.floor(performance.now() * 1000))}`;
  await access.makeUser(BY, { name, role });
  const { secret } = await access.makeLink(BY, name);
  const got = await bench.ask(`/sign-in/${secret}`, { method: 'POST' });
  assert.equal(got.status, 200);
  const [set = ''] = [got.headers['set-cookie']].flat();
  const cookie = set.split(';')[0] ?? '';
  const { csrf } = await bench.json<{ csrf: string }>('/v1/session', { headers: { cookie } });
  return { cookie, csrf };
}

test('looking at a link signs nobody in; pressing its button does, once', async (t) => {
  const bench = await ServerBench.open(t);
  const { access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'operator' });
  const { secret } = await access.makeLink(BY, 'anna');
  for (let n = 0; n < 3; n++) {
    const shown = await bench.ask(`/sign-in/${secret}`);
    assert.equal(shown.status, 200);
    assert.equal(shown.headers['set-cookie'], undefined);
    assert.match(shown.text, /<button/);
  }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const first = await bench.ask(`/sign-in/${secret}`, { method: 'POST', headers });
  const [set = ''] = [first.headers['set-cookie']].flat();
  assert.match(
    set,
    /^__Host-holdfast=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
  );
  const again = await bench.ask(`/sign-in/${secret}`, { method: 'POST', headers });
  assert.equal(again.status, 403);
  assert.equal(again.headers['set-cookie'], undefined);
});

test('a session reads, and changes something only with its own mark, from its own page', async (t) => {
  const bench = await ServerBench.open(t);
  const { cookie, csrf } = await signIn(bench, 'operator');
  const other = await signIn(bench, 'operator');
  assert.equal((await bench.ask('/v1/status', { headers: { cookie } })).status, 200);
  const body = { reason: 'storage' };
  const with_ = async (headers: Record<string, string>): Promise<number> =>
    (await bench.ask('/v1/freeze', { body, headers: { cookie, ...headers } })).status;
  assert.equal(await with_({}), 403);
  assert.equal(await with_({ 'holdfast-csrf': '' }), 403);
  assert.equal(await with_({ 'holdfast-csrf': other.csrf }), 403);
  assert.equal(await with_({ 'holdfast-csrf': csrf, origin: 'https://evil.example' }), 403);
  assert.equal(await with_({ 'holdfast-csrf': csrf, origin: 'null' }), 403);
  assert.deepEqual(bench.server.served.noted.freezes, []);
  assert.equal(await with_({ 'holdfast-csrf': csrf }), 200);
  const origin = `https://127.0.0.1:${bench.port}`;
  assert.equal(await with_({ 'holdfast-csrf': csrf, origin }), 200);
});

test('after signing out the cookie is worth nothing, also where it was copied', async (t) => {
  const bench = await ServerBench.open(t);
  const { cookie, csrf } = await signIn(bench, 'viewer');
  const headers = { cookie, 'holdfast-csrf': csrf };
  const out = await bench.ask('/v1/sign-out', { method: 'POST', headers });
  assert.equal(out.status, 200);
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/);
  assert.equal((await bench.ask('/v1/status', { headers: { cookie } })).status, 401);
  assert.equal((await bench.ask('/v1/sign-out', { method: 'POST', headers })).status, 401);
});

test('a token that was revoked, and a person who was removed, are refused at once', async (t) => {
  const bench = await ServerBench.open(t);
  const admin = await bench.tokenOf('admin');
  const made = await bench.json<{ id: string; secret: string }>('/v1/tokens', {
    ...{ token: admin, body: { label: 'nagios', scopes: ['read'] } },
  });
  assert.equal((await bench.ask('/v1/status', { token: made.secret })).status, 200);
  await bench.json(`/v1/tokens/${made.id}`, { token: admin, method: 'DELETE' });
  assert.equal((await bench.ask('/v1/status', { token: made.secret })).status, 401);
  const { cookie } = await signIn(bench, 'viewer');
  const { name } = await bench.json<{ name: string }>('/v1/session', { headers: { cookie } });
  await bench.json(`/v1/users/${name}`, { token: admin, method: 'DELETE' });
  assert.equal((await bench.ask('/v1/status', { headers: { cookie } })).status, 401);
});

test('nobody makes a token that may more than its owner', async (t) => {
  const bench = await ServerBench.open(t);
  const admin = await bench.tokenOf('admin');
  await bench.tokenOf('viewer');
  const body = { label: 'x', owner: 'the-viewer', scopes: ['read', 'freeze'] };
  const got = await bench.ask('/v1/tokens', { token: admin, body });
  assert.ok(got.status === 400 || got.status === 403, got.text);
});

test('a wrong password and a name that is not there are told the same', async (t) => {
  const bench = await ServerBench.open(t);
  const { access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'viewer', password: 'correct horse battery' });
  const ask = (name: string, password: string) =>
    bench.ask('/v1/sign-in', { body: { name, password } });
  const [wrong, nobody] = [await ask('anna', 'wrong horse battery'), await ask('bob', 'wrong')];
  assert.deepEqual([wrong.status, nobody.status], [401, 401]);
  assert.equal(wrong.text, nobody.text);
  const right = await ask('anna', 'correct horse battery');
  assert.equal(right.status, 200);
  assert.match(String(right.headers['set-cookie']), /^__Host-holdfast=/);
});

test('who did what stands in the log, in a chain', async (t) => {
  const bench = await ServerBench.open(t);
  const admin = await bench.tokenOf('admin');
  await bench.json('/v1/freeze', { token: admin, body: { reason: 'storage' } });
  interface Entry {
    readonly act: string;
    readonly who: string;
    readonly previous: string;
    readonly hash: string;
  }
  const { entries } = await bench.json<{ entries: Entry[] }>('/v1/audit', { token: admin });
  assert.ok(entries.some(({ act, who }) => act === 'freeze' && who === 'the-admin'));
  for (const [at, entry] of entries.slice(1).entries()) {
    assert.equal(entry.previous, entries[at]?.hash);
  }
});

interface Listening {
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

function listen(t: TestContext, bench: ServerBench, headers: Record<string, string>): Listening {
  let text = '';
  let isClosed = false;
  const to = { host: '127.0.0.1', port: bench.port, path: '/v1/events', agent: false };
  const request = https.get({ ...to, headers, rejectUnauthorized: false }, (response) => {
    response.on('data', (part: Buffer) => {
      text += part.toString();
    });
    response.on('close', () => {
      isClosed = true;
    });
    response.on('error', () => undefined);
  });
  request.on('error', () => undefined);
  t.after(() => request.destroy());
  return { text: () => text, isClosed: () => isClosed };
}

test('who listens is told what has changed, and goes on from there', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('viewer');
  const authorization = `Bearer ${token}`;
  const web1 = await bench.enrol('web1');
  const one = listen(t, bench, { authorization });
  await until(() => one.text().includes('event: hello'));
  await web1.say([web1.seen('a:one', 'healthy')]);
  await until(() => /event: item\ndata: .*"a:one","mark":"ok"/.test(one.text()));
  const id = [...one.text().matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
  await web1.say([web1.seen('a:one', 'broken')]);
  await until(() => /"a:one","mark":"failed"/.test(one.text()));
  const two = listen(t, bench, { authorization, 'last-event-id': id });
  await until(() => /"a:one","mark":"failed"/.test(two.text()));
  assert.doesNotMatch(two.text(), /"mark":"ok","why":"as it was seen"/);
  assert.equal(one.isClosed(), false);
});

test('a change of the configuration is a diff that keeps what people wrote, and no file', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const changes = [{ at: ['hosts', 'web2'], value: { address: 'web2.example' } }];
  const { diff } = await bench.json<{ diff: string }>('/v1/config/proposal', {
    token,
    body: { changes },
  });
  assert.equal(
    diff,
    [
      ...['--- a/holdfast.yaml', '+++ b/holdfast.yaml', '@@ -1,3 +1,5 @@', ' # ours', ' hosts:'],
      ...['   web1: {} # the first', '+  web2:', '+    address: web2.example', ''],
    ].join('\n'),
  );
  const wrong = { changes: [{ at: ['hosts', 'web2'], value: { adress: 'x' } }] };
  const got = await bench.ask('/v1/config/proposal', { token, body: wrong });
  assert.equal(got.status, 400);
  assert.match(got.text, /HF_CONFIG_INVALID/);
});

test('a configuration is shown without what could be a secret', async (t) => {
  const channels = {
    hook: { kind: 'webhook', url: 'https://ntfy.example/a-secret-topic', shape: 'ntfy' },
  } as const;
  const bench = await ServerBench.open(t, { config: { tell: { channels } } });
  const token = await bench.tokenOf('admin');
  const { text } = await bench.ask('/v1/config', { token });
  assert.ok(text.includes('https://ntfy.example/(hidden)'), text);
  assert.doesNotMatch(text, /a-secret-topic/);
});
