// Goal: listeners are told all in order or to read anew, a slow one costs no memory, and who has
// signed out hears no more. Method: the real hub over a plain HTTP server on port 0.
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import test, { type TestContext } from 'node:test';
import { type EventLimits, EventHub } from './event-hub.ts';

interface Line {
  text: string;
  readonly closed: Promise<void>;
}

async function bench(t: TestContext, limits: Partial<EventLimits> = {}) {
  const hub = new EventHub(limits);
  let isAllowed = true;
  const server = http.createServer((request, response) => {
    const lastId = request.headers['last-event-id'];
    hub.listen(response, {
      who: 'anna',
      lastId: typeof lastId === 'string' ? lastId : undefined,
      isAllowed: () => Promise.resolve(isAllowed),
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  t.after(() => {
    hub.close();
    server.closeAllConnections();
    server.close();
  });
  const open = (lastId?: string): Line => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const line: Line = { text: '', closed: promise };
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    const request = http.get({ port, host: '127.0.0.1', headers, agent: false }, (response) => {
      response.on('data', (part: Buffer) => {
        line.text += part.toString();
      });
      response.on('close', resolve);
      response.on('error', () => undefined);
    });
    request.on('error', () => resolve());
    t.after(() => request.destroy());
    return line;
  };
  return { hub, port, open, disallow: () => (isAllowed = false) };
}

async function until(is: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !is(); n++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(is(), 'it has not come to it');
}

const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^id: (.*)$/gm)].map((match) => match[1] ?? '');

test('all listeners are told, in order, and who comes back is told what it missed', async (t) => {
  const { hub, open } = await bench(t);
  const one = open();
  await until(() => hub.listeners === 1);
  for (const n of [1, 2, 3]) hub.publish('item', { n });
  await until(() => one.text.includes('{"n":3}'));
  const [, first = ''] = idsIn(one.text);
  const two = open(first);
  await until(() => two.text.includes('{"n":3}'));
  assert.ok(!two.text.includes('{"n":1}'));
  assert.ok(two.text.indexOf('{"n":2}') < two.text.indexOf('{"n":3}'));
  assert.ok(!two.text.includes('event: reset'));
});

test('what is not kept any more, or of another start, is a reset', async (t) => {
  const { hub, open } = await bench(t, { keptMax: 2 });
  const one = open();
  await until(() => hub.listeners === 1);
  for (const n of [1, 2, 3, 4]) hub.publish('item', { n });
  await until(() => one.text.includes('{"n":4}'));
  const ids = idsIn(one.text);
  const cases = [
    ids[0] ?? '',
    `${'0'.repeat(16)}-3`,
    'nonsense',
    `${(ids[0] ?? '').slice(0, 17)}99`,
  ];
  for (const lastId of cases) {
    const line = open(lastId);
    await until(() => line.text.includes('event:'));
    assert.match(line.text, /event: reset/, lastId);
  }
  const line = open(ids[2] ?? '');
  await until(() => line.text.includes('{"n":4}'));
  assert.ok(!line.text.includes('event: reset'));
});

test('a listener that does not read is hung up on, and memory stays bounded', async (t) => {
  const { hub, port } = await bench(t, { waitingBytesMax: 65_536 });
  const socket = net.connect({ host: '127.0.0.1', port });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until(() => hub.listeners === 1);
  const text = 'x'.repeat(10_000);
  for (let n = 0; n < 5000 && hub.listeners > 0; n++) {
    hub.publish('item', { text });
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(hub.listeners, 0);
});

test('heartbeats keep the line open until its listener may listen no more', async (t) => {
  const { hub, open, disallow } = await bench(t, { heartbeatMs: 30 });
  const one = open();
  await until(() => one.text.includes('\n: \n'));
  disallow();
  await one.closed;
  assert.equal(hub.listeners, 0);
});
