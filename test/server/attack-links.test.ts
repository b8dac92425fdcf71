// Goal: links do nothing by being looked at and everything once, and nobody who tries keeps others out.
// Method: the real server over TLS; a mail scanner, two who press at once, somebody beside us at the
// same address who guesses, and a browser that was given a cookie beforehand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { makeAckLink, makeConfirmLink } from '../../src/tell/core/signed-link.ts';
import { AgentDouble, post, until } from './agent-double.ts';
import { type Got, ServerBench } from './server-bench.ts';

const BY = { who: 'test', from: 'terminal' };
const SLOW = { burst: 3, perMinute: 0.001 };
const FREE = { burst: 1000, perMinute: 1000 };

async function withAlert(bench: ServerBench) {
  const web1 = await bench.enrol('web1');
  await web1.say([web1.seen('a:one', 'broken', 'it <b>broke</b> \u202eesrever')]);
  const { state } = bench.server.served;
  let id: string | undefined;
  const look = async (): Promise<void> => {
    id = (await state.openAlerts()).find(({ subject }) => subject === 'host:web1/a:one')?.id;
  };
  for (let n = 0; n < 400 && id === undefined; n++) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return id ?? assert.fail('no alert was opened');
}

test('a scanner that opens every link of a mail has done nothing', async (t) => {
  const config = { tell: { group: 1000, url: 'https://holdfast.example' } };
  const bench = await ServerBench.open(t, { config });
  const { telling, state, access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const alert = await withAlert(bench);
  const of = { person: 'bea', expiresAt: unixMs(Date.now() + 60_000) };
  const signIn = `/sign-in/${(await access.makeLink(BY, 'anna')).secret}`;
  const ack = makeAckLink({ base: '', ...telling.linkKey }, { alert, ...of });
  const confirm = makeConfirmLink({ base: '', ...telling.linkKey }, { channel: 'mail', ...of });
  const head = await state.auditHead();
  for (const link of [signIn, ack, confirm]) {
    for (const method of ['GET', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'GET']) {
      const got = await bench.ask(link, { method });
      assert.equal(got.headers['set-cookie'], undefined);
      if (method === 'GET') assert.equal(got.status, 200);
      assert.doesNotMatch(got.text, /<b>|\u202e|<script/);
    }
  }
  assert.deepEqual(await state.auditHead(), head);
  assert.deepEqual(await state.confirmations(), []);
  assert.equal((await state.openAlerts()).find(({ id }) => id === alert)?.state, 'open');
  // Each of them still does what it is for, once somebody presses.
  for (const link of [signIn, ack, confirm]) {
    assert.equal((await bench.ask(link, { method: 'POST' })).status, 200, link);
  }
  assert.equal((await state.openAlerts()).find(({ id }) => id === alert)?.acknowledgedBy, 'bea');
});

test('a link of one kind, of another server, or changed by one sign does nothing', async (t) => {
  const bench = await ServerBench.open(t);
  const other = await ServerBench.open(t);
  const of = { person: 'bea', expiresAt: unixMs(Date.now() + 60_000) };
  const { linkKey } = bench.server.served.telling;
  const alert = 'a'.repeat(32);
  const ack = makeAckLink({ base: '', ...linkKey }, { alert, ...of });
  const late = { person: 'bea', expiresAt: unixMs(Date.now() - 1) };
  const foreign = makeAckLink(
    { base: '', ...other.server.served.telling.linkKey },
    { alert, ...of },
  );
  const wrong = [
    ...[ack.replace('/ack/', '/confirm/'), foreign, `${ack}0`, ack.slice(0, -1)],
    ...[
      ack.toUpperCase().replace('/ACK/', '/ack/'),
      makeAckLink({ base: '', ...linkKey }, { alert, ...late }),
    ],
    ...[ack.replace(/^\/ack\/.{8}/, '/ack/00000000'), '/ack/.', '/ack/...', '/confirm/~'],
  ];
  for (const link of wrong) {
    for (const method of ['GET', 'POST']) {
      assert.equal((await bench.ask(link, { method })).status, 403, `${method} ${link}`);
    }
  }
});

test('of many who press one sign-in link at once, one is signed in', async (t) => {
  const bench = await ServerBench.open(t);
  const { access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const { secret } = await access.makeLink(BY, 'anna');
  const press = (): Promise<Got> => bench.ask(`/sign-in/${secret}`, { method: 'POST' });
  const got = await Promise.all(Array.from({ length: 8 }, press));
  assert.equal(got.filter(({ status }) => status === 200).length, 1);
  assert.equal(got.filter(({ headers }) => headers['set-cookie'] !== undefined).length, 1);
});

test('a cookie that was put there before is not the session after', async (t) => {
  const bench = await ServerBench.open(t);
  const { access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const planted = `__Host-holdfast=${'p'.repeat(43)}`;
  const { secret } = await access.makeLink(BY, 'anna');
  const got = await bench.ask(`/sign-in/${secret}`, {
    method: 'POST',
    headers: { cookie: planted },
  });
  const [set = ''] = [got.headers['set-cookie']].flat();
  assert.match(set, /; Path=\/; Secure; HttpOnly; SameSite=Strict;/);
  const cookie = set.split(';')[0] ?? '';
  assert.notEqual(cookie, planted);
  assert.equal((await bench.ask('/v1/status', { headers: { cookie: planted } })).status, 401);
  assert.equal((await bench.ask('/v1/status', { headers: { cookie } })).status, 200);
});

test('who guesses beside us does not keep us out: not with a token, not with a link', async (t) => {
  const bench = await ServerBench.open(t, { rates: { refused: SLOW, open: SLOW } });
  const { access } = bench.server.served;
  const token = await bench.tokenOf('viewer');
  const waited = async (ask: (n: number) => Promise<Got>, count: number): Promise<number> => {
    const got = [];
    for (let n = 0; n < count; n++) got.push(await ask(n));
    return got.filter(({ status }) => status === 429).length;
  };
  assert.ok((await waited((n) => bench.ask('/v1/status', { token: `guess${n}` }), 30)) >= 27);
  assert.equal((await bench.ask('/v1/status', { token })).status, 200);
  const press = (secret: string): Promise<Got> => {
    return bench.ask(`/sign-in/${secret}`, { method: 'POST' });
  };
  for (let n = 0; n < 30; n++) assert.equal((await press(`guess${n}`.padEnd(43, 'x'))).status, 403);
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const { secret } = await access.makeLink(BY, 'anna');
  assert.equal((await press(secret)).status, 200);
  assert.ok((await waited(() => bench.ask('/v1/openapi.json'), 6)) >= 3);
  assert.equal((await bench.ask('/healthz')).status, 200, 'a limit of one route is not of another');
});

test('who guesses passwords keeps nobody from a link', async (t) => {
  const bench = await ServerBench.open(t);
  const { access } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'admin', password: 'correct horse battery' });
  const statuses = [];
  for (let n = 0; n < 12; n++) {
    const body = { name: 'anna', password: `wrong horse ${n}` };
    statuses.push((await bench.ask('/v1/sign-in', { body })).status);
  }
  assert.ok(statuses.includes(429), String(statuses));
  const { secret } = await access.makeLink(BY, 'anna');
  assert.equal((await bench.ask(`/sign-in/${secret}`, { method: 'POST' })).status, 200);
});

test('who tries keys beside a host does not make that host fall silent', async (t) => {
  const bench = await ServerBench.open(t, { agentRates: { refused: SLOW, agent: FREE } });
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const stranger = new AgentDouble();
  const statuses = new Set<number>();
  for (let n = 0; n < 20; n++) {
    const body = stranger.say({ seq: n });
    const headers = stranger.headers('say', bench.pin, body);
    statuses.add((await post(bench, 'say', { headers, body })).status);
    // As web1, without its key.
    const forged = { ...headers, 'holdfast-agent': web1.agent.id };
    statuses.add((await post(bench, 'say', { headers: forged, body })).status);
  }
  assert.deepEqual([...statuses].sort(), [401, 429]);
  assert.equal((await web1.say([web1.seen('a:b', 'healthy')])).status, 200);
  const { secret } = await bench.server.served.access.makeEnrolment(BY, 'web2');
  const web2 = stranger.enrol(secret);
  const headers = stranger.headers('enrol', bench.pin, web2);
  assert.equal((await post(bench, 'enrol', { headers, body: web2 })).status, 200);
});

test('strangers do not push out of the log what was done inside', async (t) => {
  const rates = { refused: FREE, agent: FREE };
  const bench = await ServerBench.open(t, { agentRates: rates });
  const { state } = bench.server.served;
  const stranger = new AgentDouble();
  const before = (await state.auditHead()).n;
  for (let n = 0; n < 150; n++) {
    const body = stranger.enrol(`wrong${n}`.padEnd(43, 'x'));
    const headers = stranger.headers('enrol', bench.pin, body);
    assert.equal((await post(bench, 'enrol', { headers, body })).status, 401);
    await bench.ask(`/sign-in/${'y'.repeat(40)}${n}`, { method: 'POST' });
  }
  const written = (await state.auditHead()).n - before;
  assert.ok(written >= 1 && written < 80, `${written} lines for 300 refusals`);
});

test('names that lie in wait for a map, a terminal or a page are names', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const hosts = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'null', '__x'.slice(2)];
  for (const host of hosts) {
    const talker = await bench.enrol(host);
    const items = [
      'constructor:toString',
      'proto:__proto__',
      'x:"}',
      'x:\\',
      'x:<script>',
      'x:%0a',
    ];
    const said = await talker.say(
      items.map((item) => talker.seen(item, 'healthy', '\u001b[2J\u009b31m\u202e\ud800"}\n# EOF')),
    );
    assert.equal(said.status, 200);
  }
  for (const where of ['/v1/hosts', '/v1/items', '/v1/status', '/v1/hosts/constructor']) {
    const { status, text } = await bench.ask(where, { token });
    assert.equal(status, 200);
    assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\ufffe]/, where);
    if (where === '/v1/items') assert.ok(text.includes('\\u001b[2J\\u009b'), 'as an escape');
  }
  const { text } = await bench.ask('/metrics', { token });
  const SERIES = /^(#.*|holdfast_\w+\{(\w+="([^"\\\n]|\\["\\n])*",?)+\} (-?[\d.e+-]+|NaN))$/;
  const odd = text.split('\n').filter((line) => line !== '' && !SERIES.test(line));
  assert.deepEqual(odd, []);
});

test('one who listens often leaves room for others', async (t) => {
  const bench = await ServerBench.open(t);
  const { hub } = bench.server.served;
  const greedy = `Bearer ${await bench.tokenOf('viewer')}`;
  const controller = new AbortController();
  t.after(() => controller.abort());
  const { default: https } = await import('node:https');
  const statuses: number[] = [];
  const listen = (authorization: string): void => {
    const to = { host: '127.0.0.1', port: bench.port, path: '/v1/events', agent: false as const };
    const { signal } = controller;
    https
      .get({ ...to, signal, rejectUnauthorized: false, headers: { authorization } }, (response) => {
        statuses.push(response.statusCode ?? 0);
        assert.equal(response.headers['x-frame-options'], 'DENY');
        response.on('error', () => undefined).resume();
      })
      .on('error', () => undefined);
  };
  for (let n = 0; n < 30; n++) listen(greedy);
  await until(() => statuses.length === 30);
  assert.equal(hub.listeners, 20);
  listen(`Bearer ${await bench.tokenOf('operator')}`);
  await until(() => hub.listeners === 21);
});
