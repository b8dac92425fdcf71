// Goal: a hostile peer costs its client an error with a code, and neither memory, time without end,
// a token, nor an object that is not what it is called.
// Method: an HTTPS server of the test with the right key that answers what it likes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openServerKey } from '../../src/adapters/http/server-key.ts';
import { openPeerStore } from '../../src/adapters/peer/peer-store.ts';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import type { FaultCode } from '../../src/base/fault.ts';
import type { Fault } from '../../src/base/fault.ts';
import { isFault } from '../conformance/store-suite.ts';
import { ports, startPeerBench } from './peer-fixture.ts';

const ABOUT =
  '{"versions":[1],"software":"0","free":1,"total":2,"used":{"bytes":0,"objects":0},"quota":{"objects":1}}';
const { hash } = ports.tools;
const content = new Uint8Array(Buffer.from('sent'));
const sha256 = hash.sha256(content);

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;
interface Hostile {
  readonly port: number;
  readonly store: RemoteStore;
  readonly requests: () => number;
  answer: Answer;
}

async function hostile(t: TestContext): Promise<Hostile> {
  const dir = fs.mkdtempSync('/tmp/hf-hostile-');
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const { key, cert, pin } = await openServerKey(`${dir}/key.pem`);
  let answer: Answer = (_request, response) => response.end(ABOUT);
  let requests = 0;
  const server = https.createServer({ key, cert }, (request, response) => {
    requests += 1;
    request.resume();
    response.on('error', () => undefined);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port, vault: 'web1' };
  const access = { place, pin: pin.toString('hex'), token: `${'0'.repeat(16)}_${'A'.repeat(43)}` };
  const clock = { sleep: async () => undefined };
  const store = await openPeerStore(access, { clock, random: ports.tools.random, idleMs: 500 });
  t.after(() => store.close());
  return {
    ...{ store, port, requests: () => requests },
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
  };
}

const send = (
  text: string | Buffer,
  status = 200,
  fields: http.OutgoingHttpHeaders = {},
): Answer => {
  return (_request, response) => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(text), ...fields });
    response.end(text);
  };
};

async function refused(asking: Promise<unknown>, code: FaultCode, why: string): Promise<void> {
  await assert.rejects(asking, isFault(code), why);
}

test('answers that are none, too long, too short or of another kind', async (t) => {
  const peer = await hostile(t);
  const { store } = peer;
  const get = () => store.get('packs/a', { offset: 0, length: 8 });
  const json = { 'content-type': 'application/json' };
  const cases: readonly [Answer, FaultCode, string][] = [
    [send('x'.repeat(9)), 'HF_STORE_PROTOCOL', 'more than was asked for'],
    [send('', 200, { 'content-length': '99999999999999' }), 'HF_STORE_PROTOCOL', 'announced'],
    [(_r, response) => response.write('no length'), 'HF_STORE_PROTOCOL', 'no length'],
    [send('abc', 200, { 'content-length': '8' }), 'HF_STORE_LINK_LOST', 'less than announced'],
    [() => undefined, 'HF_STORE_LINK_LOST', 'nothing'],
    [(request) => request.socket.destroy(), 'HF_STORE_LINK_LOST', 'hangs up'],
    [(request) => void request.socket.write('SSH-2.0-x\r\n\r\n'), 'HF_STORE_LINK_LOST', 'no HTTP'],
    [send('', 302, { location: 'https://127.0.0.1:1/' }), 'HF_STORE_PROTOCOL', 'leads elsewhere'],
    [send('<html>', 404), 'HF_STORE_PROTOCOL', 'a page'],
    [send('{', 500, json), 'HF_STORE_PROTOCOL', 'JSON that is none'],
    [send(`"${'x'.repeat(20_000)}"`, 500, json), 'HF_STORE_PROTOCOL', 'JSON that is long'],
    [send('{"code":"HF_USAGE","message":"x","facts":{}}', 400, json), 'HF_STORE_FAILED', 'code'],
  ];
  for (const [answer, code, why] of cases) {
    peer.answer = answer;
    await refused(get(), code, why);
  }
  const clearing =
    '{"code":"HF_DISK_FULL","message":"\\u001b[2Jgone","facts":{"path":"/\\u001b[2J"}}';
  peer.answer = send(clearing, 503, json);
  await assert.rejects(get(), (error: Fault) => {
    assert.equal(error.code, 'HF_DISK_FULL');
    assert.doesNotMatch(`${error.message} ${error.remedy}`, /\u001b/);
    return true;
  });
});

test('lists without end, without order, of others, or twice', async (t) => {
  const peer = await hostile(t);
  const { store } = peer;
  let at = 0;
  const cases: readonly [Answer, string][] = [
    [send('more\n'), 'a page of nothing'],
    [send('1 packs/b\n1 packs/a\nend\n'), 'descending'],
    [send('1 packs/a\nmore\n'), 'the same page again'],
    [send('1 keys/a\nend\n'), 'not asked for'],
    [send('1 packs/../../x\nend\n'), 'a name that leads out'],
    [send('1 packs/a\n'), 'no end'],
    [send('x packs/a\nend\n'), 'no size'],
    [send(`${'1 packs/a\n'.repeat(40_000)}end\n`), 'too many on a page'],
    [
      (_request, response) => {
        // Ascending for ever; each page is as long as it may be.
        const from = at;
        at += 32_768;
        const lines = Array.from({ length: 32_768 }, (_, nth) => `1 packs/${from + nth + 1e9}\n`);
        send(`${lines.join('')}more\n`)(_request, response);
      },
      'without end',
    ],
  ];
  for (const [answer, why] of cases) {
    peer.answer = answer;
    await refused(store.list('packs/'), 'HF_STORE_PROTOCOL', why);
  }
  assert.ok(peer.requests() < 100, `${peer.requests()} requests`);
});

test('a put that it answers with another digest, or with two answers, is no put', async (t) => {
  const peer = await hostile(t);
  const other = Buffer.from(hash.sha256(new Uint8Array(1)), 'latin1').toString('hex');
  const own = Buffer.from(sha256, 'latin1').toString('hex');
  const answer = (outcome: string, digest: string) => JSON.stringify({ outcome, sha256: digest });
  const put = (name = 'packs/a') => peer.store.putIfAbsent(name, content, sha256);
  peer.answer = send(answer('stored', other), 201);
  await refused(put(), 'HF_STORE_CORRUPT', 'another digest');
  peer.answer = send(answer('present', other), 200);
  await refused(put(`packs/${own}`), 'HF_STORE_CORRUPT', 'present, and something else');
  for (const [text, status] of [
    ...[[answer('stored', own), 200] as const, [answer('present', own), 201] as const],
    ...[
      ['{}', 201] as const,
      [answer('stored', 'x'), 201] as const,
      [answer('done', own), 201] as const,
    ],
  ]) {
    peer.answer = send(text, status);
    await refused(put(), 'HF_STORE_PROTOCOL', `${status} ${text}`);
  }
  // It lets an upload go on behind its end.
  peer.answer = (request, response) => {
    if (request.method === 'PUT' && request.headers['holdfast-offset'] === '0')
      request.socket.destroy();
    else if (request.method === 'GET') send('{"held":99999999}')(request, response);
    else send(answer('stored', other), 201)(request, response);
  };
  await refused(put(), 'HF_STORE_CORRUPT', 'an offset behind the end');
  peer.answer = send(answer('stored', own), 201);
  assert.equal(await put(), 'stored', 'liveness');
});

test('a server with another key is told nothing: no request, and no token', async (t) => {
  const [right, wrong] = [await startPeerBench(t), await hostile(t)];
  const access = right.access('web1');
  let told = '';
  wrong.answer = (request, response) => {
    told += `${request.url} ${request.headers.authorization}`;
    response.end();
  };
  const before = wrong.requests();
  const elsewhere = right.access('web1', { port: wrong.port });
  const opening = openPeerStore(elsewhere, { clock: ports.clock, random: ports.tools.random });
  await refused(opening, 'HF_PEER_OTHER', 'another pin');
  assert.equal(wrong.requests(), before);
  assert.equal(told, '');
  await right.open(access);
});

test('where nobody listens it is said at once', async (t) => {
  const bench = await startPeerBench(t);
  const access = bench.access('web1');
  await bench.peer.close();
  const startedMs = performance.now();
  await refused(bench.open(access), 'HF_PEER_UNREACHABLE', 'nobody is there');
  assert.ok(performance.now() - startedMs < 5000);
});
