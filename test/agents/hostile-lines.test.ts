// Goal: no bytes that a server sends in place of an answer keep the agent waiting: each ends as a
// Fault, and the next request is answered again.
// Method: raw TLS, so that what HTTP libraries would never send can be sent.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { HttpsLink } from '../../src/adapters/agent-link/https-link.ts';
import { newIdentity } from '../../src/adapters/agent-link/identity.ts';
import { openServerKey } from '../../src/adapters/http/server-key.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Say } from '../../src/watch/core/agent/messages.ts';

const MARK = { server: 'a'.repeat(32), at: 7 };
const SAID = JSON.stringify({ format: 'holdfast-said-0', mark: MARK, acked: 3 });
const WELL = `HTTP/1.1 200 OK\r\ncontent-length: ${SAID.length}\r\n\r\n${SAID}`;
/** Far below the 30 s after which a request is given up: none of these is waited for. */
const SOON_MS = 10_000;

const SAY: Say = {
  ...{ format: 'holdfast-say-0', agent: 'b'.repeat(32), run: 1, seq: 1, boot: 'b', upMs: 1 },
  ...{ wallMs: 1, level: 'look', version: '0', isFrozen: false, records: [] },
};

interface Raw {
  readonly link: HttpsLink;
  /** What the next request is answered by; then the connection stays open. */
  answer: (socket: tls.TLSSocket) => void;
}

async function rawServer(t: TestContext): Promise<Raw> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-hostile-'));
  const { key, cert, pin } = await openServerKey(path.join(root, 'key.pem'));
  const sockets = new Set<tls.TLSSocket>();
  const server = tls.createServer({ key, cert }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // The agent hangs up; that is what is wanted of it.
    socket.on('data', (part: Buffer) => {
      if (part.includes('POST ')) raw.answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const place = { host: '127.0.0.1', port: address.port, pin: pin.toString('hex') };
  const link = new HttpsLink(newIdentity(), place);
  const raw: Raw = { link, answer: (socket) => socket.write(WELL) };
  t.after(async () => {
    link.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    fs.rmSync(root, { recursive: true });
  });
  return raw;
}

const ANSWERS: Readonly<Record<string, string>> = {
  'another protocol':
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\nxx',
  'no HTTP': 'SSH-2.0-OpenSSH_9.2\r\n',
  'an endless header': `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`,
  'many headers': `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(40_000)}\r\n`,
  'two lengths': `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\n{}xxx`,
  'a length that is none': 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}',
  'more than is read': `HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n${'x'.repeat(2_000_000)}`,
  'a chunk that is none': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'a redirection': 'HTTP/1.1 307 Go\r\nlocation: https://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
  'too deep': ((deep) => `HTTP/1.1 200 OK\r\ncontent-length: ${deep.length}\r\n\r\n${deep}`)(
    '['.repeat(500_000) + ']'.repeat(500_000),
  ),
};

for (const [name, bytes] of Object.entries(ANSWERS)) {
  test(`${name}: a Fault, soon, and the next answer counts`, async (t) => {
    const raw = await rawServer(t);
    const well = raw.answer;
    raw.answer = (socket) => void socket.write(bytes);
    const late = AbortSignal.timeout(SOON_MS);
    const ended = raw.link.say(SAY, late).then(
      () => 'taken',
      (error: unknown) => (error instanceof Fault ? error.code : String(error)),
    );
    const outcome = await Promise.race([ended, whenAborted(late)]);
    assert.match(outcome, /^HF_SERVER_(?:AWAY|REFUSED)$/);
    raw.answer = well;
    const said = await raw.link.say(SAY, AbortSignal.timeout(SOON_MS));
    assert.equal(said.acked, 3);
  });
}

/** A while after it, so that who heeds the signal wins. */
function whenAborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => setTimeout(() => resolve('nothing, for ever'), 1000));
  });
}
