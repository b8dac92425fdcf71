// Goal: one alert for one cause, one message for one change, and an end only where something was seen
// to be well.
// Method: a run of hand-overs with a store that keeps what is committed; what people would have been
// told is read from the outbox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { acknowledge, dismiss } from '../../src/tell/core/acknowledge.ts';
import type { AlertMark, Subject } from '../../src/tell/core/alert.ts';
import { TellWorld } from './tell-world.ts';

const MINUTE = 60_000;

function subject(name: string, mark: AlertMark, sinceMs: number, above: string[] = []): Subject {
  return { subject: name, mark, why: `${name} ${mark}`, since: unixMs(sinceMs), restsOn: above };
}

const HOST = 'host:web1';
const DISK = 'host:web1/disk-space:/srv';
const HTTP = 'host:web1/http:www';

test('a host that fails is told of at once, and once', () => {
  const world = new TellWorld();
  assert.deepEqual(world.step(0, [subject(HOST, 'failed', 0)]), ['opened host:web1 failed']);
  assert.deepEqual(world.step(5000, [subject(HOST, 'failed', 0)]), []);
  assert.deepEqual(world.commits, 1);
});

test('what is silent is told of after five minutes, and not before', () => {
  const world = new TellWorld();
  assert.deepEqual(world.step(5 * MINUTE - 1, [subject(HOST, 'unknown', 0)]), []);
  assert.deepEqual(world.step(5 * MINUTE, [subject(HOST, 'unknown', 0)]), [
    'opened host:web1 unknown',
  ]);
});

test('a dead host is one alert with its consequences', () => {
  const world = new TellWorld();
  const all = (ms: number): Subject[] => [
    subject(HTTP, 'failed', ms - 3000, [HOST]),
    subject(DISK, 'unknown', ms, [HOST]),
    subject(HOST, 'failed', ms),
  ];
  assert.deepEqual(world.step(0, all(0)), ['opened host:web1 failed']);
  assert.deepEqual(world.open()[0]?.consequences, [DISK, HTTP]);
  for (let ms = 0; ms < 60 * MINUTE; ms += MINUTE) assert.deepEqual(world.step(ms, all(0)), []);
  assert.equal(world.open().length, 1);
});

test('a thing on a host waits for its host before it is told of', () => {
  const world = new TellWorld();
  const item = subject(HTTP, 'failed', 0, [HOST]);
  assert.deepEqual(world.step(0, [item, subject(HOST, 'ok', 0)]), []);
  assert.deepEqual(world.step(20_000, [item, subject(HOST, 'failed', 20_000)]), [
    'opened host:web1 failed',
  ]);
  assert.deepEqual(world.step(60_000, [item, subject(HOST, 'failed', 20_000)]), []);
});

test('a fault of its own stays an alert of its own', () => {
  const world = new TellWorld();
  const item = subject(HTTP, 'failed', 0, [HOST]);
  assert.deepEqual(world.step(30_000, [item, subject(HOST, 'ok', 0)]), [`opened ${HTTP} failed`]);
  const dead = [item, subject(HOST, 'failed', 90_000)];
  assert.deepEqual(world.step(90_000, dead), ['opened host:web1 failed']);
  assert.deepEqual(
    world.open().map(({ consequences }) => consequences),
    [[], []],
  );
});

test('nobody waits for a silent host of which nobody was told to hear of a failure on it', () => {
  const world = new TellWorld();
  const all = [subject(HTTP, 'failed', 0, [HOST]), subject(HOST, 'unknown', 0)];
  assert.deepEqual(world.step(30_000, all), [`opened ${HTTP} failed`]);
  assert.deepEqual(world.step(5 * MINUTE, all), ['opened host:web1 unknown']);
});

test('it ends only where it was seen ok: not by silence, and not by absence', () => {
  const world = new TellWorld();
  world.step(0, [subject(HOST, 'failed', 0)]);
  assert.deepEqual(world.step(MINUTE, []), []);
  assert.equal(world.open()[0]?.mark, 'unknown');
  assert.deepEqual(world.step(6 * MINUTE, []), ['changed host:web1 unknown']);
  assert.deepEqual(world.step(7 * MINUTE, [subject(HOST, 'unknown', MINUTE)]), []);
  assert.deepEqual(world.step(8 * MINUTE, [subject(HOST, 'ok', 8 * MINUTE)]), [
    'closed host:web1 ok',
  ]);
  assert.equal(world.open().length, 0);
});

test('failed that becomes unknown is a change, said after its delay, and no second alert', () => {
  const world = new TellWorld();
  world.step(0, [subject(HOST, 'failed', 0)]);
  const silent = [subject(HOST, 'unknown', MINUTE)];
  assert.deepEqual(world.step(MINUTE, silent), []);
  assert.deepEqual(world.step(6 * MINUTE, silent), ['changed host:web1 unknown']);
  assert.equal(world.open().length, 1);
  assert.deepEqual(world.step(7 * MINUTE, [subject(HOST, 'failed', 7 * MINUTE)]), [
    'changed host:web1 failed',
  ]);
});

test('what stays bad when its cause is gone is told of by itself', () => {
  const world = new TellWorld();
  const dead = [subject(HOST, 'failed', 0), subject(HTTP, 'failed', 0, [HOST])];
  world.step(0, dead);
  const back = [subject(HOST, 'ok', MINUTE), subject(HTTP, 'failed', 0, [HOST])];
  assert.deepEqual(world.step(MINUTE, back), ['closed host:web1 ok']);
  assert.deepEqual(world.step(MINUTE + 30_000, back), [`opened ${HTTP} failed`]);
});

test('what is not heard again yet after its host is back has time to be', () => {
  const world = new TellWorld();
  world.step(0, [subject(HOST, 'failed', 0), subject(HTTP, 'unknown', 0, [HOST])]);
  const later = 60 * MINUTE;
  const back = [subject(HOST, 'ok', later), subject(HTTP, 'unknown', 0, [HOST])];
  assert.deepEqual(world.step(later, back), ['closed host:web1 ok']);
  assert.deepEqual(world.step(later + 4 * MINUTE, back), []);
  assert.deepEqual(world.step(later + 5 * MINUTE, back), [`opened ${HTTP} unknown`]);
});

test('what was lost sight of below a cause is not closed with it', () => {
  const world = new TellWorld();
  world.step(0, [subject(HOST, 'failed', 0), subject(HTTP, 'failed', 0, [HOST])]);
  assert.deepEqual([...world.step(MINUTE, [subject(HOST, 'ok', MINUTE)])].sort(), [
    'closed host:web1 ok',
    `opened ${HTTP} unknown`,
  ]);
});

test('a failure that follows later is said, once', () => {
  const world = new TellWorld();
  const down = [subject(HOST, 'failed', 0)];
  world.step(0, down);
  const more = [...down, subject(HTTP, 'failed', 10 * MINUTE, [HOST])];
  assert.deepEqual(world.step(10 * MINUTE, more), []);
  assert.deepEqual(world.step(10 * MINUTE + 30_000, more), ['changed host:web1 failed']);
  assert.deepEqual(world.step(12 * MINUTE, more), []);
});

test('acknowledged sticks until the cause clears, and stops reminders', () => {
  const world = new TellWorld();
  const down = [subject(HOST, 'failed', 0)];
  world.step(0, down);
  assert.deepEqual(world.step(240 * MINUTE, down), ['reminder host:web1 failed']);
  world.take(acknowledge(world.only(), { by: 'ann', now: unixMs(241 * MINUTE) }));
  assert.deepEqual(acknowledge(world.only(), { by: 'ben', now: unixMs(242 * MINUTE) }), []);
  assert.deepEqual(world.step(900 * MINUTE, down), []);
  assert.deepEqual(world.step(901 * MINUTE, [subject(HOST, 'unknown', 901 * MINUTE)]), []);
  assert.deepEqual(world.step(990 * MINUTE, [subject(HOST, 'unknown', 901 * MINUTE)]), []);
  assert.equal(world.only().acknowledgedBy, 'ann');
  assert.equal(world.only().state, 'acknowledged');
});

test('what gets worse is said though somebody looks after it', () => {
  const world = new TellWorld();
  world.step(5 * MINUTE, [subject(HOST, 'unknown', 0)]);
  world.take(acknowledge(world.only(), { by: 'ann', now: unixMs(6 * MINUTE) }));
  assert.deepEqual(world.step(7 * MINUTE, [subject(HOST, 'failed', 7 * MINUTE)]), [
    'changed host:web1 failed',
  ]);
  assert.equal(world.only().state, 'acknowledged');
});

test('flapping is damped, counted and said', () => {
  const world = new TellWorld();
  const told: string[] = [];
  let ms = 0;
  const turn = (mark: AlertMark, spanMs: number): void => {
    told.push(...world.step(ms, [subject(HOST, mark, ms)]));
    ms += spanMs;
  };
  for (let round = 0; round < 20; round++) {
    turn('failed', MINUTE);
    turn('ok', MINUTE);
  }
  assert.deepEqual(told, [
    ...['opened host:web1 failed', 'closed host:web1 ok'],
    ...['opened host:web1 failed', 'closed host:web1 ok'],
    ...['opened host:web1 failed', 'closed host:web1 ok'],
    'opened host:web1 failed',
  ]);
  assert.equal(world.only().flaps, 19);
  assert.match(world.lastSentence(), /ok in between 3 times\. You hear again when/);
  const last = ms - MINUTE;
  assert.deepEqual(world.step(last + 10 * MINUTE - 1, [subject(HOST, 'ok', last)]), []);
  assert.deepEqual(world.step(last + 10 * MINUTE, [subject(HOST, 'ok', last)]), [
    'closed host:web1 ok',
  ]);
});

test('a channel hears of its mark and worse, of every end that it heard begin, never of itself', () => {
  const world = new TellWorld([
    { name: 'mail', from: 'degraded' },
    { name: 'sms', from: 'failed' },
  ]);
  const rows = (ms: number, ...subjects: Subject[]): string[] => {
    world.step(ms, subjects);
    return world.newRows.map(({ channel, what }) => `${channel} ${what}`);
  };
  assert.deepEqual(rows(0, subject(HOST, 'failed', 0)), ['mail opened', 'sms opened']);
  const half = subject(HOST, 'degraded', MINUTE);
  assert.deepEqual(rows(16 * MINUTE, half), ['mail changed', 'sms changed']);
  assert.deepEqual(rows(17 * MINUTE, subject(HOST, 'ok', 0)), ['mail closed', 'sms closed']);
  assert.deepEqual(rows(99 * MINUTE, subject(HOST, 'degraded', 0)), ['mail opened']);
  assert.deepEqual(rows(100 * MINUTE, subject(HOST, 'ok', 0)), ['mail closed']);
  assert.deepEqual(rows(200 * MINUTE, subject('channel:mail', 'failed', 0)), ['sms opened']);
});

test('a person ends what is not watched any more', () => {
  const world = new TellWorld();
  world.step(0, [subject(HOST, 'failed', 0)]);
  world.take(dismiss(world.only(), { by: 'ann', now: unixMs(MINUTE) }));
  assert.deepEqual(world.step(2 * MINUTE, []), []);
  assert.equal(world.open().length, 0);
});

test('a time ahead of the clock keeps nobody waiting', () => {
  const world = new TellWorld();
  assert.deepEqual(world.step(0, [subject(HOST, 'unknown', 10 ** 9)]), [
    'opened host:web1 unknown',
  ]);
});

test('things that rest on each other are one alert', () => {
  const world = new TellWorld();
  const both = [subject('b', 'failed', 0, ['a']), subject('a', 'failed', 0, ['b'])];
  assert.deepEqual(world.step(30_000, both), ['opened a failed']);
  assert.deepEqual(world.only().consequences, ['b']);
});

test('what had failed by itself says nothing more when it falls silent with its host', () => {
  const world = new TellWorld();
  const item = subject(HTTP, 'failed', 0, [HOST]);
  world.step(30_000, [item, subject(HOST, 'ok', 0)]);
  const silent = [subject(HTTP, 'unknown', MINUTE, [HOST]), subject(HOST, 'unknown', MINUTE)];
  assert.deepEqual(world.step(10 * MINUTE, silent), ['opened host:web1 unknown']);
  const back = [subject(HTTP, 'unknown', MINUTE, [HOST]), subject(HOST, 'ok', 11 * MINUTE)];
  assert.deepEqual(world.step(11 * MINUTE, back), ['closed host:web1 ok']);
  assert.deepEqual(world.step(16 * MINUTE - 1, back), []);
  assert.deepEqual(world.step(16 * MINUTE, back), [`changed ${HTTP} unknown`]);
});
