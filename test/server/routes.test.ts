// Goal: no route without its token, none beyond a role, and each as the OpenAPI document says.
// Method: the real server over TLS; all routes are taken from its own document.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL_SCOPES, ROLES, scopesOf } from '../../src/access/core/roles.ts';
import { boundOf } from '../../src/main/server/server.ts';
import type { OpenApi } from '../../src/wire/api/openapi.ts';
import { allRoutes } from '../../src/wire/api/routes.ts';
import { type Got, ServerBench } from './server-bench.ts';

interface Place {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly scope: string;
  readonly isOpen: boolean;
}

const ID = 'a'.repeat(32);
const PARAMS: Readonly<Record<string, string>> = {
  ...{ host: 'web1', item: 'disk-space:%2Fsrv', job: ID, alert: ID, id: ID, name: 'nobody' },
  dataSet: 'web1:%2Fsrv',
  ...{ agent: ID, token: 'x', signed: 'x', snapshot: 'a'.repeat(64) },
};

async function placesOf(bench: ServerBench): Promise<readonly Place[]> {
  const document = await bench.json<OpenApi>('/v1/openapi.json');
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMS[name] ?? assert.fail(name)),
      scope: operation['x-scope'],
      isOpen: operation.security.length === 0,
    })),
  );
}

/** What has a body is sent one; of a stream only its head would come. */
function ask(bench: ServerBench, place: Place, token?: string): Promise<Got> {
  const body = place.method === 'POST' ? { body: {} } : {};
  return bench.ask(place.path, { method: place.method, token, ...body });
}

test('the document has every route, and every route has who answers it', async (t) => {
  const bench = await ServerBench.open(t);
  const places = await placesOf(bench);
  assert.equal(places.length, allRoutes.length);
  const bound = boundOf(bench.server.served).map(({ route }) => route.id);
  assert.deepEqual([...bound].sort(), allRoutes.map(({ id }) => id).sort());
  assert.deepEqual([...new Set(bound)].length, bound.length);
});

test('each example is as its route says', () => {
  for (const { id, answer, example } of allRoutes) {
    assert.ok(answer.safeParse(example).success, id);
  }
});

test('each route that is not open refuses whoever brings no token, or a wrong one', async (t) => {
  const bench = await ServerBench.open(t);
  const places = await placesOf(bench);
  const closed = places.filter(({ isOpen }) => !isOpen);
  assert.ok(closed.length > 25);
  for (const place of closed) {
    for (const token of [undefined, 'hft_'.padEnd(47, 'x'), 'short']) {
      const { status, text } = await ask(bench, place, token);
      assert.equal(status, 401, `${place.id}: ${text}`);
      assert.match(text, /"HF_API_SIGN_IN"/);
    }
  }
  const open = places.filter(({ isOpen }) => isOpen).map(({ id }) => id);
  assert.deepEqual([...open].sort(), [
    ...['acknowledgeByLink', 'confirmByLink', 'healthz', 'openapi', 'scriptFile'],
    ...['showAcknowledge', 'showConfirm', 'showSignIn', 'signIn', 'signInByPassword', 'signInForm'],
    ...['signInPage', 'styleFile'],
  ]);
});

test('each role may what its scopes say, and nothing else', async (t) => {
  const bench = await ServerBench.open(t);
  const places = (await placesOf(bench)).filter(({ isOpen, id }) => !isOpen && id !== 'events');
  for (const role of ROLES) {
    const token = await bench.tokenOf(role);
    const may = scopesOf(role);
    for (const place of places) {
      const { status, text } = await ask(bench, place, token);
      const isAllowed = [...may].some((scope) => scope === place.scope);
      const isRefused = status === 403 && text.includes('"HF_API_ROLE"');
      assert.equal(isRefused, !isAllowed, `${role} ${place.id}: ${status} ${text}`);
      assert.notEqual(status, 401);
      assert.notEqual(status, 500, `${place.id}: ${text}`);
    }
  }
});

test('a token may what it was made for, though its owner may more', async (t) => {
  const bench = await ServerBench.open(t);
  const places = (await placesOf(bench)).filter(({ isOpen, id }) => !isOpen && id !== 'events');
  for (const scope of ALL_SCOPES) {
    const token = await bench.tokenOf('admin', [scope]);
    for (const place of places.filter((each) => each.scope !== scope)) {
      const { status } = await ask(bench, place, token);
      assert.equal(status, 403, `${scope} ${place.id}`);
    }
  }
});

test('every answer has the headers that keep a browser from harm, a refusal as well', async (t) => {
  const bench = await ServerBench.open(t);
  for (const where of ['/healthz', '/v1/status', '/nothing', '/sign-in/x']) {
    const { headers } = await bench.ask(where);
    assert.equal(headers['x-content-type-options'], 'nosniff', where);
    assert.equal(headers['x-frame-options'], 'DENY', where);
    assert.equal(headers['cache-control'], 'no-store', where);
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
  }
});

test('paths that climb, and bytes that are no path, lead nowhere', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const paths = [
    ...['/../../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/v1/../healthz/../..', '//etc/passwd'],
    ...['/v1/hosts/..%2F..%2Fetc%2Fpasswd', '/v1/hosts/%2e%2e', '/v1/hosts/%00', '/v1/hosts/%ff'],
    ...['/v1/hosts/web1/items/..%2F..', '/v1/hosts/web1/lines/../../..', '/sign-in/..%2f..%2fx'],
    ...['/V1/STATUS', '/v1/status/', '/v1/hosts/__proto__', '/v1/hosts/constructor'],
  ];
  for (const where of paths) {
    const { status, text } = await bench.ask(where, { token });
    assert.ok(status === 400 || status === 404, `${where}: ${status}`);
    assert.doesNotMatch(text, /root:|\.ts:|\n +at /, where);
  }
});

test('bodies that are too large, no JSON, or not as the schema says are refused by what is wrong', async (t) => {
  const bench = await ServerBench.open(t);
  const token = await bench.tokenOf('admin');
  const headers = { 'content-type': 'application/json' };
  const wrong: readonly [number, unknown][] = [
    [400, {}],
    [400, { reason: 'x', forMs: 1 }],
    [400, { reason: 'x', other: 1 }],
    [400, { reason: ['x'] }],
    [400, null],
    [400, []],
    [413, { reason: 'x'.repeat(70_000) }],
  ];
  for (const [status, body] of wrong) {
    const got = await bench.ask('/v1/freeze', { token, body, headers });
    assert.equal(got.status, status, got.text);
    const { code, what, remedy } = JSON.parse(got.text) as Record<string, string>;
    assert.ok(code?.startsWith('HF_API_') && what !== '' && remedy !== '', got.text);
  }
  const got = await bench.ask('/v1/freeze', {
    ...{ token, method: 'POST', headers: { 'content-type': 'text/plain' }, body: {} },
  });
  assert.equal(got.status, 400, got.text);
  assert.deepEqual(bench.server.served.noted.freezes, []);
});

test('who guesses tokens is slowed down, and who has one is not', async (t) => {
  const bench = await ServerBench.open(t, { rates: { refused: { burst: 5, perMinute: 1 } } });
  const statuses = [];
  for (let n = 0; n < 8; n++)
    statuses.push((await bench.ask('/v1/status', { token: `x${n}` })).status);
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
  const late = await bench.ask('/v1/status', { token: 'x' });
  assert.ok(Number(late.headers['retry-after']) >= 1);
});

test('a token in haste waits', async (t) => {
  const bench = await ServerBench.open(t, { rates: { caller: { burst: 3, perMinute: 1 } } });
  const [hasty, calm] = [await bench.tokenOf('viewer'), await bench.tokenOf('viewer')];
  const statuses = [];
  for (let n = 0; n < 5; n++)
    statuses.push((await bench.ask('/v1/status', { token: hasty })).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  assert.equal((await bench.ask('/v1/status', { token: calm })).status, 200);
});
