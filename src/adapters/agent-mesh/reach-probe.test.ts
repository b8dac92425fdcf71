// Goal: another agent is healthy when it answers, broken when nothing does, and a host that refuses
// is there; strangers get nothing out of the listener. Method: real sockets on 127.0.0.1.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { listenForPeers } from './mesh-listener.ts';
import { peerRefusal } from './peer-limits.ts';
import { reachProbe } from './reach-probe.ts';

const NEVER = new AbortController().signal;
const any = (): undefined => undefined;
const PEER = { agent: 'a'.repeat(32), host: 'web2', address: '127.0.0.1' };

async function serving(t: TestContext, answer: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

test('an agent that answers is healthy, and named by its id', async (t) => {
  const mesh = await listenForPeers({ port: 0, address: '127.0.0.1' });
  t.after(() => mesh.close());
  const probe = reachProbe({ ...PEER, port: mesh.port }, any);
  assert.equal(probe.item, `reach:${PEER.agent}`);
  for (let time = 0; time < 3; time++) {
    const { saw, detail } = await probe.look(NEVER);
    assert.equal(saw, 'healthy');
    assert.ok(typeof detail.ms === 'number' && detail.lost === 0);
  }
});

test('another answer, an end, and silence are no answer; loss is counted', async (t) => {
  const end = new AbortController();
  const answers: readonly ((socket: net.Socket) => void)[] = [
    (socket) => socket.end('x'.repeat(16)),
    (socket) => socket.end(),
    () => end.abort(),
  ];
  for (const answer of answers) {
    const probe = reachProbe({ ...PEER, port: await serving(t, answer) }, any);
    const { saw, detail } = await probe.look(end.signal);
    assert.deepEqual([saw, detail.lost], ['broken', 1]);
  }
});

test('a host that refuses is there: it is not taken for lost', async (t) => {
  const mesh = await listenForPeers({ port: 0, address: '127.0.0.1' });
  await mesh.close();
  t.diagnostic(`port ${mesh.port}`);
  assert.equal((await reachProbe({ ...PEER, port: mesh.port }, any).look(NEVER)).saw, 'impaired');
});

test('a server cannot have this host try ports, itself, or what is no host', async (t) => {
  let tried = 0;
  const port = await serving(t, () => (tried += 1));
  const refusal = peerRefusal({ port, reach: ['10.0.0.0/8', '127.0.0.0/8', 'fd12::/16'] });
  for (const address of [
    ...['example.org', '/run/x.sock', '', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'],
    ...['0.0.0.0', '::', '169.254.169.254', 'fe80::1', '224.0.0.1', '255.255.255.255', '192.0.2.1'],
    ...['::ffff:a9fe:a9fe', '0177.0.0.1', 'fd13::1', '127.0.0.1%lo'],
  ]) {
    const { saw, why } = await reachProbe({ ...PEER, address, port }, refusal).look(NEVER);
    assert.deepEqual([saw, /is not tried/.test(why)], ['unreadable', true], address);
  }
  assert.equal(refusal({ ...PEER, address: '10.1.2.3', port }), undefined);
  assert.equal(refusal({ ...PEER, address: 'fd12::7', port }), undefined);
  for (const other of [port + 1, 3306]) {
    assert.match(refusal({ ...PEER, address: '10.1.2.3', port: other }) ?? '', /port/);
  }
  assert.equal(tried, 0);
  const own = peerRefusal({ port, address: '127.0.0.1' });
  assert.equal(own({ ...PEER, port }), undefined, 'a mesh on the loopback is for tries of it');
  assert.equal(own({ ...PEER, address: '192.0.2.1', port }), undefined, 'any, where none is named');
});

test('the listener gives back sixteen bytes and no more', async (t) => {
  const mesh = await listenForPeers({ port: 0, address: '127.0.0.1' });
  t.after(() => mesh.close());
  const got = await new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = net.connect(mesh.port, '127.0.0.1', () => socket.write('y'.repeat(4000)));
    socket.on('data', (part) => (text += String(part)));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
  assert.equal(got, 'y'.repeat(16));
});
