// Goal: nobody gets in by a way that nobody thought of: there is no route beside the document, and no
// token, cookie or word opens one that it was not made for.
// Method: the real server over TLS. What Fastify has is compared with what the document says; who may
// what is written here a second time, from the words of docs/operating/server.md.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Role } from '../../src/access/core/roles.ts';
import { ask, closedPlacesOf, placesOf } from './attack-places.ts';
import { ServerBench } from './server-bench.ts';

const BY = { who: 'test', from: 'terminal' };
const ROLES: readonly Role[] = ['viewer', 'operator', 'approver', 'admin'];

const EVERYBODY = [
  ...['status', 'hosts', 'host', 'items', 'item', 'lines', 'jobs', 'alerts', 'freezeTable'],
  ...['exposure', 'dataSets', 'dataSet', 'services', 'coverage', 'findings', 'changes', 'lose'],
  ...['maintenance', 'outbox', 'session', 'signOut', 'events', 'metrics', 'schedules', 'front'],
  ...[
    'hostsPage',
    'hostPage',
    'hostRow',
    'leadPart',
    'othersPart',
    'checkPage',
    'checksPage',
    'dataSetsPage',
    'dataSetPage',
  ],
  ...[
    'servicesPage',
    'servicePage',
    'losePage',
    'history',
    'historyPage',
    'mapPage',
    'spacePage',
    'recoveryPage',
    'findingsPage',
    'unprotectedPage',
    'changesPage',
  ],
  ...['alertsPage', 'jobsPage', 'searchPage', 'freezePage', 'signOutForm', 'jobPage', 'jobPart'],
  ...['drills', 'drillsPage', 'drillPage'],
  ...['plans', 'plansPage', 'planPage', 'plansPart', 'planPart', 'railPart', 'jobsPart'],
  'guidePart',
];
const WHO_RUNS = [
  ...['snapshots', 'snapshotFiles', 'snapshotDiff', 'snapshotContent', 'restoreFiles'],
  ...['snapshotsPage', 'snapshotPage', 'comparePage', 'downloadForm', 'restorePage', 'restoreForm'],
  ...['askJob', 'askRestore', 'cancelJob', 'unfreeze', 'claim', 'addMaintenance'],
  ...['endMaintenance', 'cancelForm', 'unfreezeForm', 'askDrill', 'drillForm'],
];
const WHO_MAY_STOP = ['acknowledge', 'freeze', 'acknowledgeForm', 'freezeForm'];
/** "viewer: read, metrics", "operator: that, and acknowledge, jobs, ...", and so on. */
const MAY: Readonly<Record<Role, ReadonlySet<string>>> = {
  viewer: new Set(EVERYBODY),
  operator: new Set([...EVERYBODY, ...WHO_RUNS, ...WHO_MAY_STOP]),
  approver: new Set([...EVERYBODY, ...WHO_MAY_STOP, 'askApply']),
  admin: new Set([
    ...[...EVERYBODY, ...WHO_RUNS, ...WHO_MAY_STOP, 'askApply'],
    ...['tokens', 'makeToken', 'revokeToken', 'users', 'addUser', 'removeUser', 'enrol'],
    ...[
      'revokeAgent',
      'forgetItem',
      'acceptVault',
      'acceptVaultForm',
      'dismiss',
      'audit',
      'config',
      'proposeConfig',
    ],
  ]),
};

const NO_READER = 'no host is enrolled that could read a vault';

const AGENT_ROUTES = [
  'POST /agent/v1/ask',
  'POST /agent/v1/enrol',
  'POST /agent/v1/give',
  'POST /agent/v1/hear',
  'POST /agent/v1/say',
  'POST /agent/v1/show',
];

test('there is no route but those of the document and the six of agents', async (t) => {
  const bench = await ServerBench.open(t);
  const documented = (await placesOf(bench)).map(
    ({ method, template }) => `${method} ${template.replaceAll(/\{(\w+)\}/g, ':$1')}`,
  );
  assert.deepEqual([...bench.routes].sort(), [...documented, ...AGENT_ROUTES].sort());
});

test('a method that a route does not have does nothing, whoever sends it', async (t) => {
  const bench = await ServerBench.open(t);
  const admin = `Bearer ${await bench.tokenOf('admin')}`;
  const places = await placesOf(bench);
  const has = new Set(places.map(({ method, template }) => `${method} ${template}`));
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
    for (const place of places.filter(({ template }) => !has.has(`${method} ${template}`))) {
      const headers = { authorization: admin, origin: 'https://evil.example' };
      const { status, headers: said } = await ask(bench, { ...place, method }, headers);
      assert.equal(status, 404, `${method} ${place.path}`);
      const cors = Object.keys(said).filter((name) => name.startsWith('access-control'));
      assert.deepEqual(cors, [], `${method} ${place.path}`);
    }
  }
});

test('each role may what the document says in words, and no more', async (t) => {
  const bench = await ServerBench.open(t);
  const places = await closedPlacesOf(bench);
  const unsaid = places.map(({ id }) => id).filter((id) => !MAY.admin.has(id));
  assert.deepEqual(unsaid, [], 'who may ask for a new route is said here too');
  for (const role of ROLES) {
    const authorization = `Bearer ${await bench.tokenOf(role)}`;
    for (const place of places.filter(({ id }) => id !== 'events')) {
      const { status, text } = await ask(bench, place, { authorization });
      const isRefused = status === 403 && text.includes('"HF_API_ROLE"');
      assert.equal(!isRefused, MAY[role].has(place.id), `${role} ${place.id}: ${status} ${text}`);
      // Nobody is enrolled here who could read a vault: said, and no failure of the server.
      const isFailure = status >= 500 && !text.includes(NO_READER);
      assert.ok(status !== 401 && !isFailure, `${role} ${place.id}: ${status} ${text}`);
    }
  }
});

/** Each of them was worth something once, or is worth something elsewhere. */
async function worthless(bench: ServerBench): Promise<Readonly<Record<string, string>>> {
  const { access } = bench.server.served;
  const named = async (name: string): Promise<string> => {
    await access.makeUser(BY, { name, role: 'admin' });
    return name;
  };
  const made = async (owner: string, forMs?: number) =>
    access.makeToken(BY, { owner, label: 'x', scopes: ['read', 'audit'], forMs });
  await named('stays');
  const expired = await made(await named('expired'), 1);
  const revoked = await made(await named('revoked'));
  await access.revokeToken(BY, revoked.id);
  const removed = await made(await named('removed'));
  await access.removeUser(BY, 'removed');
  const disabled = await made(await named('disabled'));
  await access.changeUser(BY, { name: 'disabled', isDisabled: true });
  const link = await access.makeLink(BY, 'stays');
  const enrolment = await access.makeEnrolment(BY, 'web9');
  const session = await access.signInByLink({ secret: link.secret, from: '192.0.2.1' });
  assert.equal(session.outcome, 'signed-in');
  const unspent = await access.makeLink(BY, 'stays');
  const web1 = await bench.enrol('web1');
  await new Promise((resolve) => setTimeout(resolve, 5));
  const secrets = { expired, revoked, removed, disabled, link, enrolment, unspent };
  return {
    ...Object.fromEntries(Object.entries(secrets).map(([name, { secret }]) => [name, secret])),
    ...{ session: session.session, csrf: session.csrf },
    ...{ id: revoked.id, agent: web1.agent.id, pin: bench.server.pin, user: 'stays' },
  };
}

test('what ended, and what was made for something else, opens no route', async (t) => {
  const bench = await ServerBench.open(t);
  const places = await closedPlacesOf(bench);
  for (const [name, secret] of Object.entries(await worthless(bench))) {
    for (const place of places) {
      const { status, text } = await ask(bench, place, { authorization: `Bearer ${secret}` });
      assert.equal(status, 401, `${name} ${place.id}: ${text}`);
    }
  }
});

test('a right token is worth nothing but in its header', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const basic = Buffer.from(`the-admin:${token}`).toString('base64');
  const wrong: readonly Record<string, string>[] = [
    { authorization: token },
    { authorization: `Basic ${basic}` },
    { authorization: `Bearer ${token} ` + 'x' },
    { authorization: `Bearer ${token},` },
    { cookie: `__Host-holdfast=${token}` },
    { cookie: `holdfast=${token}` },
    { 'x-api-key': token, 'proxy-authorization': `Bearer ${token}` },
    { 'x-forwarded-user': 'the-admin', 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' },
    { 'x-original-url': '/healthz', 'x-http-method-override': 'GET' },
  ];
  for (const headers of wrong) {
    assert.equal((await bench.ask('/v1/users', { headers })).status, 401, JSON.stringify(headers));
  }
  for (const name of ['token', 'access_token', 'authorization']) {
    assert.equal((await bench.ask(`/v1/users?${name}=${token}`)).status, 401, name);
  }
});

test('who is made less may less at once, and with every token that was made before', async (t) => {
  const bench = await ServerBench.open(t);
  const { access } = bench.server.served;
  const token = await bench.tokenOf('admin');
  await access.makeUser(BY, { name: 'other', role: 'admin' });
  await access.changeUser(BY, { name: 'the-admin', role: 'viewer' });
  for (const place of await closedPlacesOf(bench)) {
    if (place.id === 'events') continue;
    const { status } = await ask(bench, place, { authorization: `Bearer ${token}` });
    assert.equal(status !== 403, MAY.viewer.has(place.id), place.id);
  }
});

test('another site changes nothing with the cookie of who is signed in, by no route', async (t) => {
  const bench = await ServerBench.open(t);
  const { access, state } = bench.server.served;
  await access.makeUser(BY, { name: 'anna', role: 'admin' });
  const { secret } = await access.makeLink(BY, 'anna');
  const got = await access.signInByLink({ secret, from: '192.0.2.1' });
  assert.equal(got.outcome, 'signed-in');
  const { session, csrf } = got;
  const cookie = `__Host-holdfast=${session}`;
  const head = await state.auditHead();
  const forms: readonly Record<string, string>[] = [
    {},
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'text/plain' },
    { 'holdfast-csrf': `${csrf}x` },
    { 'holdfast-csrf': csrf, origin: 'https://evil.example' },
    { 'holdfast-csrf': csrf, origin: 'null' },
  ];
  const places = (await closedPlacesOf(bench)).filter(({ method }) => method !== 'GET');
  assert.ok(places.length > 12);
  for (const place of places) {
    for (const headers of forms) {
      const { status, text } = await ask(bench, place, { cookie, ...headers });
      assert.ok(status === 403 && text.includes('HF_API_CSRF'), `${place.id}: ${status} ${text}`);
    }
  }
  assert.deepEqual(await state.auditHead(), head);
  assert.equal((await bench.ask('/v1/status', { headers: { cookie } })).status, 200);
});

test('no answer leads elsewhere, repeats the Host it was asked by, or tells of the inside', async (t) => {
  const bench = await ServerBench.open(t);
  const authorization = `Bearer ${await bench.tokenOf('admin')}`;
  const evil = 'evil.example:7431';
  for (const place of await placesOf(bench)) {
    if (place.id === 'events') continue;
    const headers = { host: evil, 'x-forwarded-host': evil, 'x-forwarded-proto': 'http' };
    const paths = [place.path, `${place.path}?next=https://evil.example`, `//evil.example/..`];
    for (const path of paths) {
      const got = await ask(bench, { ...place, path }, { ...headers, authorization });
      // Who has signed out is led to the form of this server, and nobody is led anywhere else.
      const isLed = got.status === 303 && place.id === 'signOutForm';
      assert.ok(isLed || got.status < 300 || got.status >= 400, `${place.id}: ${got.status}`);
      assert.equal(got.headers.location, isLed ? '/sign-in' : undefined, place.id);
      assert.doesNotMatch(got.text, /evil\.example|node_modules|\.ts:\d|\bat [\w.]+ \(/, place.id);
      for (const name of ['server', 'x-powered-by']) assert.equal(got.headers[name], undefined);
    }
  }
});
