// Goal: whoever has the token of one host can read and add to its own vault, within its limits, and
// can neither reach nor probe another one, nor delete, replace, escape, nor leave half an object.
// Method: bytes on a TLS line of our own against a real peer; the disk is looked at from outside.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Seeded } from '../../sim/seeded.ts';
import {
  filesBelow,
  headOf,
  halfBytes,
  type PeerBench,
  putFields,
  rawAsk,
  startPeerBench,
  until,
} from './peer-fixture.ts';

const SEED = Number(process.env.SEED ?? 48);
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const codeOf = ({ body }: { readonly body: string }): unknown => JSON.parse(body).code;

async function twoHosts(t: TestContext, given: Parameters<typeof startPeerBench>[1] = {}) {
  const bench = await startPeerBench(t, given);
  const [web1, web2] = [bench.access('web1'), bench.access('web2')];
  const put = (token: typeof web1, name: string, content: Uint8Array, more = {}) =>
    rawAsk(bench.peer, [
      headOf(token, `PUT ${token.place.vault}/objects/${name}`, putFields(content, more)),
      content,
    ]);
  t.after(() => assert.deepEqual(bench.bugs, []));
  return { bench, web1, web2, put };
}

test('a token reaches its own vault; another one is as one that is not there', async (t) => {
  const { bench, web1, web2, put } = await twoHosts(t);
  assert.equal((await put(web2, 'packs/theirs', bytes('sealed'))).status, 201);
  const id = 'ab'.repeat(16);
  const half = headOf(web2, 'PUT web2/objects/packs/half', {
    ...putFields(bytes('0123456789')),
    'holdfast-upload': id,
  });
  await rawAsk(bench.peer, [half, bytes('01234')], 200);
  await until(() => halfBytes(bench.root('web2')) === 5);
  const before = filesBelow(bench.root('web2'));
  for (const ask of ['', '/list', '/objects/packs/theirs', '/objects/header', `/uploads/${id}`]) {
    const there = await rawAsk(bench.peer, [headOf(web1, `GET web2${ask}`)]);
    const nowhere = await rawAsk(bench.peer, [headOf(web1, `GET web9${ask}`)]);
    assert.equal(there.status, 404, ask);
    assert.equal(codeOf(there), 'HF_PEER_VAULT');
    assert.equal(there.body, nowhere.body, 'it cannot be told from a vault that there is not');
  }
  const content = bytes('poison');
  for (const vault of ['web2', 'web9', '..', 'web1/../web2', '.', '']) {
    const line = `PUT ${vault}/objects/packs/poison`;
    const ran = await rawAsk(bench.peer, [headOf(web1, line, putFields(content)), content]);
    assert.ok(ran.status >= 400 && ran.status < 500, `${vault}: ${ran.status}`);
  }
  // Its upload, under the token of another: it is not known, and cannot be gone on with.
  const held = await rawAsk(bench.peer, [headOf(web1, `GET web1/uploads/${id}`)]);
  assert.equal(held.body, '{"held":0}');
  const fields = { ...putFields(bytes('0123456789')), 'content-length': 5 };
  const goOn = headOf(web1, 'PUT web1/objects/packs/half', {
    ...{ ...fields, 'holdfast-upload': id, 'holdfast-offset': 5 },
  });
  assert.equal((await rawAsk(bench.peer, [goOn, bytes('56789')])).status, 409);
  const own = await rawAsk(bench.peer, [headOf(web2, `GET web2/uploads/${id}`)]);
  assert.equal(own.body, '{"held":5}', 'whose it is goes on with it');
  assert.deepEqual(filesBelow(bench.root('web2')), before);
  assert.equal((await rawAsk(bench.peer, [headOf(web1, 'GET web1/list')])).body, 'end\n');
});

test('nobody comes in without a token, with a wrong one, or with one that was revoked', async (t) => {
  const { bench, web1 } = await twoHosts(t);
  const ask = (token: string) =>
    rawAsk(bench.peer, [headOf({ token }, 'GET web1/list').replace('Bearer  ', '')]);
  const id = web1.token.slice(0, 16);
  const wrong = ['', 'x', `${id}_${'A'.repeat(43)}`, `../${web1.token}`, web1.token.slice(0, -1)];
  for (const token of wrong) assert.equal((await ask(token)).status, 401, token);
  assert.equal((await ask(web1.token)).status, 200);
  bench.home.revoke('web1');
  const gone = await ask(web1.token);
  assert.equal(gone.status, 401);
  assert.equal(codeOf(gone), 'HF_PEER_TOKEN');
});

test('who tries tokens is told to wait, and those who have one are not', async (t) => {
  const wrongTokens = { burst: 5, perMinute: 5 };
  const { bench, web1 } = await twoHosts(t, { limits: { wrongTokens } });
  const statuses: number[] = [];
  for (let at = 0; at < 7; at++) {
    const token = `${'0'.repeat(16)}_${'A'.repeat(43)}`;
    statuses.push((await rawAsk(bench.peer, [headOf({ token }, 'GET web1/list')])).status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
  assert.equal((await rawAsk(bench.peer, [headOf(web1, 'GET web1/list')])).status, 200);
});

test('no name leads out of a vault, hides in it, or is a keeper’s', async (t) => {
  const { bench, web1, put } = await twoHosts(t);
  const before = filesBelow(bench.dir);
  const content = bytes('x');
  const names = [
    ...['../web2/header', '..%2fweb2%2fheader', '%2e%2e/web2/x', 'packs/../../../peer/tokens/x'],
    ...['tmp/x', '.hidden', 'packs/', '/etc/passwd', 'packs//x', 'packs\\x', `${'x'.repeat(201)}`],
    ...['received/x', 'collect/x', 'forgets/x', 'forgotten/x', 'putbacks/x', 'releases/x'],
  ];
  for (const name of names) {
    const ran = await put(web1, name, content);
    assert.equal(ran.status, 400, name);
    const got = await rawAsk(bench.peer, [headOf(web1, `GET web1/objects/${name}`)]);
    assert.ok(got.status === 400 || got.status === 404, `${name}: ${got.status}`);
  }
  const absolute = headOf(web1, 'GET web1/list').replace(
    /GET \S+/,
    'GET https://peer/peer/v1/web1/list',
  );
  assert.equal((await rawAsk(bench.peer, [absolute])).status, 404);
  assert.deepEqual(filesBelow(bench.dir), before);
});

test('nothing is deleted or replaced, whatever the request is called', async (t) => {
  const { bench, web1, put } = await twoHosts(t);
  const first = bytes('first');
  assert.equal((await put(web1, 'snapshots/a', first)).status, 201);
  const before = filesBelow(bench.root('web1'));
  const again = await put(web1, 'snapshots/a', bytes('other'));
  assert.equal(again.status, 200);
  const digest = putFields(first)['holdfast-sha256'];
  assert.deepEqual(JSON.parse(again.body), { outcome: 'present', sha256: digest });
  for (const method of ['DELETE', 'POST', 'PATCH', 'MOVE', 'COPY', 'PROPPATCH', 'OPTIONS']) {
    const ran = await rawAsk(bench.peer, [headOf(web1, `${method} web1/objects/snapshots/a`)]);
    assert.ok(ran.status >= 400, `${method}: ${ran.status}`);
  }
  assert.deepEqual(filesBelow(bench.root('web1')), before);
});

test('another digest, another length or too much of it: nothing is kept', async (t) => {
  const { bench, web1, put } = await twoHosts(t);
  const content = bytes('what came');
  const spoilt = await put(web1, 'packs/a', content, {
    'holdfast-sha256': putFields(bytes('what was meant'))['holdfast-sha256'],
  });
  assert.deepEqual([spoilt.status, codeOf(spoilt)], [422, 'HF_STORE_CORRUPT']);
  const large = { 'holdfast-size': 2 ** 26 + 1, 'content-length': 2 ** 26 + 1 };
  assert.equal((await put(web1, 'snapshots/large', content, large)).status, 400);
  for (const more of [
    ...[{ 'holdfast-size': 8 }, { 'holdfast-size': -1 }, { 'holdfast-size': '1e1' }],
    ...[{ 'holdfast-sha256': 'x' }, { 'holdfast-offset': 3 }, { 'holdfast-upload': '../x' }],
    ...[{ 'holdfast-upload': 'ab'.repeat(16), 'holdfast-offset': 99 }],
  ]) {
    assert.equal((await put(web1, 'packs/b', content, more)).status, 400, JSON.stringify(more));
  }
  const head = headOf(web1, 'PUT web1/objects/packs/c', {
    ...{ ...putFields(content), 'transfer-encoding': 'chunked' },
  });
  const chunked = head.replace(/content-length: [0-9]+\r\n/, '');
  assert.equal((await rawAsk(bench.peer, [chunked, '9\r\nwhat came\r\n0\r\n\r\n'])).status, 400);
  await rawAsk(
    bench.peer,
    [headOf(web1, 'PUT web1/objects/packs/d', putFields(content)), 'what'],
    300,
  );
  assert.deepEqual(
    [...filesBelow(bench.root('web1')).values()].filter((each) => each !== ''),
    [],
  );
  assert.equal((await rawAsk(bench.peer, [headOf(web1, 'GET web1/list')])).body, 'end\n');
});

async function fuzzed(bench: PeerBench, seeded: Seeded, request: Buffer): Promise<void> {
  const spoilt = Buffer.from(request);
  for (let at = 0; at <= seeded.below(6); at++) {
    const where = seeded.below(spoilt.length);
    spoilt[where] = seeded.below(3) === 0 ? 10 : seeded.below(256);
  }
  const cut = seeded.below(4) === 0 ? spoilt.subarray(0, seeded.below(spoilt.length)) : spoilt;
  await rawAsk(bench.peer, [cut], 60);
}

test('requests with flipped, cut and doubled bytes: it stays up, and what is there stays', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const seeded = new Seeded(SEED);
  const { bench, web1, put } = await twoHosts(t, {
    limits: { wrongTokens: { burst: 10_000, perMinute: 10_000 } },
  });
  assert.equal((await put(web1, 'packs/kept', bytes('kept'))).status, 201);
  const content = bytes('0123456789'.repeat(20));
  const requests = [
    headOf(web1, 'GET web1/objects/packs/kept?offset=1&length=2'),
    headOf(web1, 'GET web1/list?prefix=packs/&after=packs/a'),
    headOf(web1, 'PUT web1/objects/packs/new', putFields(content)) + content.join(''),
    headOf(web1, `GET web1/uploads/${'0a'.repeat(16)}`).repeat(3),
  ].map((text) => Buffer.from(text, 'latin1'));
  for (let round = 0; round < 40; round++) {
    await Promise.all(requests.map((each) => fuzzed(bench, seeded, each)));
  }
  assert.deepEqual(bench.bugs, []);
  assert.equal(filesBelow(bench.root('web1')).get('packs/kept'), 'kept');
  assert.equal((await rawAsk(bench.peer, [headOf(web1, 'GET web1')])).status, 200);
});
