// Goal: whoever holds lines, sends slowly, sends much or sends what is no HTTP costs little, and costs
// the others nothing. Method: the real server, raw sockets beside an agent that goes on talking.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import test, { type TestContext } from 'node:test';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { until } from './agent-double.ts';
import { ServerBench } from './server-bench.ts';

interface Line {
  readonly socket: net.Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

function watched(t: TestContext, socket: net.Socket): Line {
  let text = '';
  let isClosed = false;
  socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  t.after(() => socket.destroy());
  return { socket, text: () => text, isClosed: () => isClosed };
}

const plain = (t: TestContext, { port }: ServerBench): Line =>
  watched(t, net.connect({ host: '127.0.0.1', port }));

function line(t: TestContext, { port }: ServerBench): Line {
  const of = { host: '127.0.0.1', port, rejectUnauthorized: false };
  return watched(t, tls.connect(of));
}

async function said(t: TestContext, bench: ServerBench, bytes: string | Buffer): Promise<string> {
  const one = line(t, bench);
  one.socket.write(bytes);
  await until(() => one.isClosed() || /^HTTP\/1\.1 \d+/.test(one.text()));
  one.socket.destroy();
  return one.text().slice(9, 12);
}

const openLines = (bench: ServerBench): Promise<number> =>
  new Promise((resolve) => bench.server.connections((count) => resolve(count)));

test('strangers that hold lines push out each other, and not who is known', async (t) => {
  const bench = await ServerBench.open(t, { limits: { connectionsMax: 60, strangersMax: 20 } });
  const token = await bench.tokenOf('viewer');
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const hearing = web1.hear();
  // This line is kept by the bench, and is known from here on.
  assert.equal((await bench.ask('/v1/status', { token })).status, 200);
  const held: Line[] = [];
  for (let n = 0; n < 100; n++) {
    held.push(n % 2 === 0 ? plain(t, bench) : line(t, bench));
    // What one after the other opens is one after the other there.
    if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until(() => held.filter((each) => each.isClosed()).length >= 79);
  assert.ok((await openLines(bench)) <= 24);
  assert.equal((await bench.ask('/v1/status', { token })).status, 200);
  assert.equal((await web1.say([web1.seen('a:b', 'healthy')])).status, 200);
  bench.server.served.desk.close();
  assert.equal((await hearing).status, 200, 'who waited for a word was not hung up on');
});

test('one who is known and opens too many lines pushes out their own', async (t) => {
  const limits = { connectionsMax: 100, strangersMax: 10, ofOneMax: 5 };
  const bench = await ServerBench.open(t, { limits });
  const token = await bench.tokenOf('viewer');
  for (let n = 0; n < 30; n++) {
    // Known before the next one comes: as a stranger it would be hung up on for another reason.
    const { socket, text } = line(t, bench);
    socket.write(`GET /v1/session HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await until(() => text() !== '' || socket.destroyed);
  }
  assert.ok((await openLines(bench)) <= 17);
  const other = await bench.tokenOf('admin');
  assert.equal((await bench.ask('/v1/status', { token: other })).status, 200);
});

test('slow ones are hung up on, at every step, and hold nothing when they do not hang up', async (t) => {
  const bench = await ServerBench.open(t, { limits: { requestMs: 500 } });
  const web1 = await bench.enrol('web1');
  await web1.say([]);
  const begun = [
    '',
    'GET /heal',
    'POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"na',
    `POST /agent/v1/say HTTP/1.1\r\nHost: x\r\nholdfast-agent: ${web1.agent.id}\r\nholdfast-signature: x\r\nContent-Length: 900000\r\n\r\n{"format"`,
    'POST /agent/v1/enrol HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{',
  ];
  const slow = begun.flatMap((text) =>
    Array.from({ length: 6 }, () => {
      const { port } = bench;
      const of = { host: '127.0.0.1', port, rejectUnauthorized: false, allowHalfOpen: true };
      const one = watched(t, tls.connect(of));
      one.socket.write(text);
      return one;
    }),
  );
  // TLS that is never begun.
  slow.push(...Array.from({ length: 6 }, () => plain(t, bench)));
  const drip = setInterval(() => {
    for (const { socket } of slow.slice(6)) if (socket.writable) socket.write(' ');
  }, 50);
  t.after(() => clearInterval(drip));
  for (let n = 0; n < 400 && (await openLines(bench)) > 2; n++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok((await openLines(bench)) <= 2, `${await openLines(bench)} lines are held`);
  assert.equal((await web1.say([])).status, 200);
});

test('of a stranger no body is read, however large it says that it is', async (t) => {
  const bench = await ServerBench.open(t);
  const head = (agent: string): string =>
    `POST /agent/v1/say HTTP/1.1\r\nHost: x\r\nholdfast-agent: ${agent}\r\nholdfast-signature: x\r\nContent-Length: 1000000\r\n\r\n`;
  // Answered before a byte of it came.
  assert.equal(await said(t, bench, head('a'.repeat(32))), '401');
  const enrol = head('a'.repeat(32)).replace('/say', '/enrol');
  assert.equal(await said(t, bench, enrol), '413');
  const signIn =
    'POST /v1/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n';
  assert.equal(await said(t, bench, signIn), '413');
  const freeze = signIn.replace('/v1/sign-in', '/v1/freeze');
  assert.equal(await said(t, bench, freeze), '401');
});

test('what is no HTTP, or tries to be two requests, is refused and changes nothing', async (t) => {
  const bench = await ServerBench.open(t);
  const H = `Host: x\r\nAuthorization: Bearer ${await bench.tokenOf('admin')}\r\n`;
  const json = `${H}Content-Type: application/json\r\n`;
  const freeze = '{"reason":"x"}';
  const length = `Content-Length: ${freeze.length}\r\n`;
  const bomb = zlib.gzipSync(Buffer.alloc(10_000_000, 0x20));
  const cases: Readonly<Record<string, readonly [RegExp, string | Buffer]>> = {
    both: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${json}${length}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${freeze}`,
    ],
    twice: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${json}${length}Content-Length: 3\r\n\r\n${freeze}`,
    ],
    spaced: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${json}Content-Length : ${freeze.length}\r\n\r\n${freeze}`,
    ],
    folded: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${json}X: a\r\n b\r\n${length}Transfer-Encoding: x\r\n\r\n${freeze}`,
    ],
    bare: [
      /400/,
      `POST /v1/freeze HTTP/1.1\n${json.replaceAll('\r', '')}${length.replace('\r', '')}X: \0\n\n${freeze}`,
    ],
    negative: [/400/, `POST /v1/freeze HTTP/1.1\r\n${json}Content-Length: -1\r\n\r\n${freeze}`],
    chunk: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${json}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    ],
    headers: [/431/, `GET /healthz HTTP/1.1\r\nHost: x\r\n${'x: y\r\n'.repeat(5000)}\r\n`],
    header: [/431/, `GET /healthz HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`],
    path: [/4(00|04|14|31)/, `GET /sign-in/${'x'.repeat(15_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    http2: [/400/, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ssh: [/400/, 'SSH-2.0-x\r\n\r\n'],
    expect: [/417/, `POST /v1/freeze HTTP/1.1\r\n${json}Expect: much\r\n${length}\r\n${freeze}`],
    bomb: [
      /400/,
      Buffer.concat([
        Buffer.from(
          `POST /v1/freeze HTTP/1.1\r\n${json}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`,
        ),
        bomb,
      ]),
    ],
    utf7: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${H}Content-Type: application/json; charset=utf-7\r\nContent-Length: 5\r\n\r\n+AHs-`,
    ],
    proto: [
      /400/,
      `POST /v1/freeze HTTP/1.1\r\n${json}Content-Length: 43\r\n\r\n{"reason":"x","__proto__":{"role":"admin"}}`,
    ],
    connect: [/^$/, `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${H}\r\n`],
  };
  for (const [name, [status, bytes]] of Object.entries(cases)) {
    const got = await said(t, bench, bytes).catch(() => 'nothing');
    assert.match(got, status, name);
  }
  assert.deepEqual(bench.server.served.noted.freezes, []);
  const garbage = plain(t, bench);
  garbage.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => garbage.isClosed());
  assert.doesNotMatch(garbage.text(), /HTTP\/1\.1 200/, 'nothing is said without TLS');
  assert.equal((await bench.ask('/healthz')).status, 200);
});

test('who cannot write what it takes does not say that it is well', async (t) => {
  const bench = await ServerBench.open(t);
  assert.equal((await bench.ask('/healthz')).status, 200);
  const { default: Database } = await import('better-sqlite3');
  const other = new Database(`${bench.directory}/server.db`, { timeout: 10_000 });
  other.prepare('BEGIN IMMEDIATE').run([]);
  assert.equal((await bench.ask('/healthz')).status, 503);
  other.prepare('ROLLBACK').run([]);
  other.close();
  assert.equal((await bench.ask('/healthz')).status, 200);
  // The server says of it to whoever runs it.
  assert.ok(bench.wrong.splice(0).every((line) => String(line).startsWith('HF_SERVER_STATE')));
});

test('below TLS 1.3 nothing is opened, and the key is the one that is pinned', async (t) => {
  const bench = await ServerBench.open(t);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.1'] as const) {
    const of = { host: '127.0.0.1', port: bench.port, rejectUnauthorized: false };
    const old = watched(t, tls.connect({ ...of, minVersion: 'TLSv1', maxVersion }));
    await until(() => old.isClosed());
  }
  const one = line(t, bench);
  const socket = one.socket as tls.TLSSocket;
  let key: Buffer | undefined;
  await until(() => {
    key ??= socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
    return key !== undefined;
  });
  assert.ok(key !== undefined);
  assert.equal(createHash('sha256').update(key).digest('base64url'), bench.server.pin);
});

test('all that the server keeps is its own to read', async (t) => {
  const bench = await ServerBench.open(t);
  await (await bench.enrol('web1')).say([]);
  const kept = fs.readdirSync(bench.directory).filter((name) => name !== 'holdfast.yaml');
  assert.ok(kept.includes('server.db') && kept.includes('server-key.pem'), String(kept));
  for (const name of kept) {
    const { mode } = fs.statSync(`${bench.directory}/${name}`);
    assert.equal(mode & 0o077, 0, `${name}: ${(mode & 0o777).toString(8)}`);
  }
});
