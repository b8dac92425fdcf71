// Goal: the agent speaks to the key it was enrolled with and to no other, signs what it says, and no
// answer, however wrong, long or slow to begin, does more than fail with the Fault that is meant.
// Method: real TLS on 127.0.0.1; a server with another key counts the bytes that reach it.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import fs from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { Fault } from '../../base/fault.ts';
import type { Say } from '../../watch/core/agent/messages.ts';
import { until } from '../../../test/server/agent-double.ts';
import { openServerKey, type ServerKey } from '../http/server-key.ts';
import { HttpsLink } from './https-link.ts';
import { identityOfPem, newIdentity } from './identity.ts';

const NEVER = new AbortController().signal;
const MARK = { server: 'a'.repeat(32), at: 7 };
const SAID = { format: 'holdfast-said-0', mark: MARK, acked: 3 };

async function keyHere(t: TestContext): Promise<ServerKey> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-link-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  return await openServerKey(path.join(root, 'key.pem'));
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

async function serving(
  t: TestContext,
  answer: http.RequestListener,
): Promise<{ link: HttpsLink; identity: ReturnType<typeof newIdentity>; pin: string }> {
  const key = await keyHere(t);
  const server = https.createServer({ key: key.key, cert: key.cert }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const identity = newIdentity();
  const pin = key.pin.toString('hex');
  const link = new HttpsLink(identity, { host: '127.0.0.1', port: portOf(server), pin });
  t.after(async () => {
    link.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { link, identity, pin };
}

function sayOf(agent: string): Say {
  return {
    ...{ format: 'holdfast-say-0', agent, run: 1, seq: 1, boot: 'b', upMs: 1, wallMs: 1 },
    ...{ level: 'look', version: '0', isFrozen: false, records: [] },
  };
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error;
  }
  return assert.fail('it was taken');
}

test('what is said is signed over verb, name, pin and body', async (t) => {
  const requests: { headers: http.IncomingHttpHeaders; body: string; url: string }[] = [];
  const { link, identity, pin } = await serving(t, (request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      requests.push({ headers: request.headers, body, url: request.url ?? '' });
      response.end(JSON.stringify(SAID));
    });
  });
  assert.deepEqual(await link.say(sayOf(identity.agent), NEVER), SAID);
  const [{ headers, body, url } = assert.fail('nothing came')] = requests;
  assert.equal(url, '/agent/v1/say');
  assert.equal(headers['holdfast-agent'], identity.agent);
  const der = Buffer.from(identity.publicKey, 'base64');
  assert.equal(createHash('sha256').update(der).digest('hex').slice(0, 32), identity.agent);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signed = Buffer.from(`holdfast-agent-0\nsay\n${identity.agent}\n${pin}\n${body}`);
  const signature = Buffer.from(String(headers['holdfast-signature']), 'base64');
  assert.ok(verify(null, signed, key, signature));
  assert.equal(identityOfPem(identity.pem).agent, identity.agent);
});

test('another key: not a byte of HTTP is sent', async (t) => {
  const key = await keyHere(t);
  let bytes = 0;
  let shakes = 0;
  const server = tls.createServer({ key: key.key, cert: key.cert }, (socket) => {
    socket.on('data', (part: Buffer) => (bytes += part.length));
    socket.on('error', () => undefined);
  });
  server.on('connection', () => (shakes += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const identity = newIdentity();
  const pin = createHash('sha256').update('another').digest('hex');
  const link = new HttpsLink(identity, { host: '127.0.0.1', port: portOf(server), pin });
  t.after(() => link.close());
  for (let time = 0; time < 3; time++) {
    const fault = await faultOf(link.say(sayOf(identity.agent), NEVER));
    assert.equal(fault.code, 'HF_SERVER_OTHER');
  }
  const enrol = { format: 'holdfast-enrol-0', token: 'secret' } as const;
  const rest = { publicKey: identity.publicKey, level: 'look', version: '0', boot: 'b' } as const;
  assert.equal((await faultOf(link.enrol({ ...enrol, ...rest }))).code, 'HF_SERVER_OTHER');
  assert.ok(shakes >= 4, 'liveness: it was tried each time');
  assert.equal(bytes, 0);
});

test('TLS 1.2 is not spoken', async (t) => {
  const key = await keyHere(t);
  const server = tls.createServer({ key: key.key, cert: key.cert, maxVersion: 'TLSv1.2' });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const identity = newIdentity();
  const place = { host: '127.0.0.1', port: portOf(server), pin: key.pin.toString('hex') };
  const link = new HttpsLink(identity, place);
  t.after(() => link.close());
  const fault = await faultOf(link.say(sayOf(identity.agent), NEVER));
  assert.equal(fault.code, 'HF_SERVER_AWAY');
});

const BAD: readonly (readonly [what: string, code: string, answer: http.RequestListener])[] = [
  ['no JSON', 'HF_SERVER_AWAY', (_, response) => response.end('<html>')],
  ['other keys', 'HF_SERVER_AWAY', (_, response) => response.end('{"run":"rm -rf /"}')],
  [
    'one key too many',
    'HF_SERVER_AWAY',
    (_, response) => response.end(JSON.stringify({ ...SAID, command: 'x' })),
  ],
  [
    'more than a megabyte',
    'HF_SERVER_AWAY',
    (_, response) => response.end(JSON.stringify({ ...SAID, x: 'y'.repeat(3e6) })),
  ],
  [
    'an end in the middle',
    'HF_SERVER_AWAY',
    (_, response) => {
      response.writeHead(200, { 'content-length': 500 });
      response.write('{"format":');
      setImmediate(() => response.destroy());
    },
  ],
  [
    'somewhere else',
    'HF_SERVER_REFUSED',
    (_, response) => {
      response.writeHead(302, { location: 'https://127.0.0.1:1/', 'content-length': 0 });
      response.end();
    },
  ],
  [
    'a refusal with a terminal in it',
    'HF_SERVER_REFUSED',
    (_, response) => {
      response.statusCode = 401;
      response.end(JSON.stringify({ problem: 'bad-signature', remedy: '\u001b[2J' }));
    },
  ],
  [
    'too fast',
    'HF_SERVER_AWAY',
    (_, response) => {
      response.statusCode = 429;
      response.setHeader('retry-after', '17');
      response.end(JSON.stringify({ problem: 'too-fast', remedy: '' }));
    },
  ],
];

for (const [what, code, answer] of BAD) {
  test(`a server that answers ${what}`, async (t) => {
    const { link, identity } = await serving(t, (request, response) => {
      request.resume();
      request.on('end', () => answer(request, response));
    });
    const fault = await faultOf(link.say(sayOf(identity.agent), NEVER));
    assert.equal(fault.code, code);
    assert.doesNotMatch(fault.message + fault.remedy, /\u001b/);
    if (what === 'too fast') assert.equal(fault.facts.retryAfterMs, 17_000);
  });
}

test('to hear, a new mark counts as no words', async (t) => {
  const said = { ...SAID, wants: 'mark' };
  const { link, identity } = await serving(t, (_, response) => response.end(JSON.stringify(said)));
  const hear = { format: 'holdfast-hear-0', agent: identity.agent, run: 1, seq: 1 } as const;
  const heard = await link.hear({ ...hear, boot: 'b', upMs: 1, after: 0 }, NEVER);
  assert.deepEqual(heard, { format: 'holdfast-heard-0', mark: MARK, words: [] });
});

test('nobody there, and being told to end', async (t) => {
  const { link, identity } = await serving(t, () => undefined);
  const end = new AbortController();
  const asked = faultOf(link.say(sayOf(identity.agent), end.signal));
  setImmediate(() => end.abort());
  assert.equal((await asked).code, 'HF_SERVER_AWAY');
  const place = { host: '127.0.0.1', port: 1, pin: '0'.repeat(64) };
  const nobody = new HttpsLink(identity, place);
  assert.equal((await faultOf(nobody.say(sayOf(identity.agent), NEVER))).code, 'HF_SERVER_AWAY');
});

/** Counts connections, and answers each request when the test says so. */
async function inTurns(t: TestContext) {
  const asked: { readonly url: string; readonly answer: (body: object) => void }[] = [];
  const sockets = new Set<unknown>();
  const { link, identity } = await serving(t, (request, response) => {
    sockets.add(request.socket);
    request.resume();
    const answer = (body: object): void => void response.end(JSON.stringify(body));
    request.on('end', () => asked.push({ url: request.url ?? '', answer }));
  });
  const head = { format: 'holdfast-hear-0', agent: identity.agent, run: 1, seq: 1 } as const;
  const hear = (signal = NEVER) => link.hear({ ...head, boot: 'b', upMs: 1, after: 0 }, signal);
  const say = (signal = NEVER) => link.say(sayOf(identity.agent), signal);
  return { asked, sockets, hear, say, link };
}

const HEARD = { format: 'holdfast-heard-0', mark: MARK, words: [] };

test('what is said goes out on the line on which a word is waited for', async (t) => {
  const { asked, sockets, hear, say } = await inTurns(t);
  const heard = hear();
  await until(() => asked.length === 1);
  const said = say();
  await until(() => asked.length === 2);
  const [first = assert.fail(), second = assert.fail()] = asked;
  assert.deepEqual([first.url, second.url], ['/agent/v1/hear', '/agent/v1/say']);
  // In whatever order they are ready, each is given its own.
  second.answer(SAID);
  first.answer(HEARD);
  assert.deepEqual([await heard, await said], [HEARD, SAID]);
  assert.equal(sockets.size, 1);
});

test('two that ask at once make one line', async (t) => {
  const { asked, sockets, hear, say } = await inTurns(t);
  const both = Promise.all([hear(), say()]);
  await until(() => asked.length === 2);
  for (const { url, answer } of asked) answer(url.endsWith('hear') ? HEARD : SAID);
  assert.deepEqual(await both, [HEARD, SAID]);
  assert.equal(sockets.size, 1);
});

test('whoever stops waiting takes the line with them: no answer reaches another', async (t) => {
  const { asked, sockets, hear, say } = await inTurns(t);
  const end = new AbortController();
  const heard = faultOf(hear(end.signal));
  await until(() => asked.length === 1);
  const said = faultOf(say());
  await until(() => asked.length === 2);
  end.abort();
  assert.deepEqual([(await heard).code, (await said).code], ['HF_SERVER_AWAY', 'HF_SERVER_AWAY']);
  const again = say();
  await until(() => asked.length === 3);
  asked[1]?.answer({ ...SAID, acked: 99 });
  asked[2]?.answer(SAID);
  assert.deepEqual(await again, SAID);
  assert.equal(sockets.size, 2);
});

test('who has been told to end before there is a line waits for none', async (t) => {
  const { say, link } = await inTurns(t);
  assert.equal((await faultOf(say(AbortSignal.abort()))).code, 'HF_SERVER_AWAY');
  const asked = faultOf(say());
  link.close();
  assert.equal((await asked).code, 'HF_SERVER_AWAY');
});

test('an answer that nobody asked for ends the line, and the next one is whole', async (t) => {
  const texts: string[] = [];
  const { link, identity } = await serving(t, (request, response) => {
    request.resume();
    request.on('end', () => {
      const text = JSON.stringify({ ...SAID, acked: texts.length });
      texts.push(text);
      const twice = `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
      if (texts.length === 1) response.socket?.write(twice + twice);
      else response.end(text);
    });
  });
  assert.equal((await link.say(sayOf(identity.agent), NEVER)).acked, 0);
  assert.equal((await link.say(sayOf(identity.agent), NEVER)).acked, 1);
});
