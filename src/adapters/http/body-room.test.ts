// Goal: bodies together have so many bytes, whoever sends them and however slowly; who has taken long
// gives way to who comes. Method: streams that are fed by hand, a clock that is set by hand.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { monotonicMs } from '../../base/units.ts';
import { BodyRoom, NotRead } from './body-room.ts';
import { addressKey } from './rate-limit.ts';

function message(announced?: number): PassThrough & IncomingMessage {
  const headers = announced === undefined ? {} : { 'content-length': String(announced) };
  return Object.assign(new PassThrough(), { headers }) as PassThrough & IncomingMessage;
}

function bench() {
  let now = 0;
  const clock = { monotonic: () => monotonicMs(now) };
  const room = new BodyRoom(clock, { bytesMax: 1000, patienceMs: 100 });
  return { room, pass: (ms: number) => (now += ms) };
}

const status = (error: unknown): boolean => error instanceof NotRead && error.statusCode === 503;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is read and what is worked on share the room, until it was answered', async () => {
  const { room } = bench();
  const [first, second] = [message(600), message(600)];
  first.end(Buffer.alloc(600));
  assert.equal((await room.read(first, 5000)).length, 600);
  await assert.rejects(room.read(second, 5000), status);
  room.leave(first);
  const third = message(600);
  third.end(Buffer.alloc(600));
  assert.equal((await room.read(third, 5000)).length, 600);
  room.leave(third);
  assert.equal(room.bytes, 0);
});

test('who has been sending for long gives way, who has not does not', async () => {
  const { room, pass } = bench();
  const slow = message();
  const reading = room.read(slow, 5000);
  slow.write(Buffer.alloc(900));
  await settled();
  const hasty = message(500);
  await assert.rejects(room.read(hasty, 5000), status);
  pass(200);
  const next = message(500);
  next.end(Buffer.alloc(500));
  assert.equal((await room.read(next, 5000)).length, 500);
  await assert.rejects(reading, NotRead);
  assert.ok(slow.destroyed);
});

test('more than was announced, or than may come, is not read', async () => {
  const { room } = bench();
  await assert.rejects(room.read(message(200), 100), NotRead);
  const growing = message();
  const reading = room.read(growing, 100);
  growing.write(Buffer.alloc(200));
  await assert.rejects(reading, (error) => error instanceof NotRead && error.statusCode === 413);
});

test('one address of IPv6 is its network, and one of IPv4 is itself however it is written', () => {
  const same = [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
  ];
  for (const [a = '', b = ''] of same) assert.equal(addressKey(a), addressKey(b));
  const others = ['2001:db8:1:2::1', '2001:db8:1:3::1', '192.0.2.1', '192.0.2.2', '::1'];
  assert.equal(new Set(others.map(addressKey)).size, others.length);
});
