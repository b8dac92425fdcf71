// Goal: one cause is one message also where the cause is silent, is being worked on, or is one of several
// things that share a name; and nothing that people did not name is kept from them.
// Method: a run of hand-overs with a store that keeps what is committed; what people would have been
// told is read from the outbox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { acknowledge } from '../../src/tell/core/acknowledge.ts';
import type { AlertMark, Subject } from '../../src/tell/core/alert.ts';
import { TellWorld } from './tell-world.ts';

const MINUTE = 60_000;
const GUESTS = 40;

function subject(name: string, mark: AlertMark, sinceMs: number, above: string[] = []): Subject {
  return { subject: name, mark, why: `${name} ${mark}`, since: unixMs(sinceMs), restsOn: above };
}

function guests(mark: AlertMark, sinceMs: number): readonly Subject[] {
  return Array.from({ length: GUESTS }, (_, at) =>
    subject(`host:vm${at}`, mark, sinceMs + at * 100, ['host:hv1']),
  );
}

test('a silent hypervisor whose guests are down is one message, and it does not wait', () => {
  const world = new TellWorld();
  const all = [...guests('failed', 1000), subject('host:hv1', 'unknown', 9000)];
  assert.deepEqual(world.step(30_000, all), []);
  assert.deepEqual(world.step(36_000, all), ['opened host:hv1 unknown']);
  assert.equal(world.only().consequences.length, GUESTS);
  for (let ms = MINUTE; ms < 60 * MINUTE; ms += MINUTE) assert.deepEqual(world.step(ms, all), []);
  const dead = [...guests('failed', 1000), subject('host:hv1', 'failed', 9000)];
  assert.deepEqual(world.step(60 * MINUTE, dead), ['changed host:hv1 failed']);
});

test('who hears only of what failed hears of a silent host on which things failed', () => {
  const world = new TellWorld([{ name: 'sms', from: 'failed' }]);
  const all = [...guests('failed', 1000), subject('host:hv1', 'unknown', 1000)];
  assert.deepEqual(world.step(MINUTE, all), ['opened host:hv1 unknown']);
});

test('one failure that began before its host fell silent is told of by itself', () => {
  const world = new TellWorld();
  const all = [
    subject('host:vm1', 'failed', 0, ['host:hv1']),
    subject('host:vm2', 'failed', 0, ['host:hv1']),
    subject('host:hv1', 'unknown', 5 * MINUTE),
  ];
  assert.deepEqual(world.step(5 * MINUTE, all), [
    'opened host:vm1 failed',
    'opened host:vm2 failed',
  ]);
});

const workedOn = (each: Subject): Subject => ({ ...each, isWorkedOn: true });

test('what is being worked on is told to nobody, and told of as soon as that is over', () => {
  const world = new TellWorld();
  const down = subject('host:web1', 'failed', 0);
  assert.deepEqual(world.step(MINUTE, [workedOn(down)]), []);
  assert.deepEqual(world.step(600 * MINUTE, [workedOn(down)]), []);
  assert.deepEqual(world.step(601 * MINUTE, [down]), ['opened host:web1 failed']);
});

test('what rests on what is being worked on and was not named is told of, as one message', () => {
  const world = new TellWorld();
  const below = guests('unknown', 1000);
  const all = [...below, workedOn(subject('host:hv1', 'unknown', 1000))];
  assert.deepEqual(world.step(5 * MINUTE, all), []);
  assert.deepEqual(world.step(5 * MINUTE + 1000, all), ['opened host:hv1 unknown']);
  const named = new TellWorld();
  assert.deepEqual(named.step(99 * MINUTE, all.map(workedOn)), []);
});

test('work that begins on what people were told of makes it neither unknown nor over', () => {
  const world = new TellWorld();
  const down = subject('host:web1', 'failed', 0);
  world.step(0, [down]);
  const gone = subject('host:web1', 'unknown', MINUTE);
  for (let ms = MINUTE; ms < 600 * MINUTE; ms += MINUTE) {
    assert.deepEqual(world.step(ms, [workedOn(gone)]), []);
  }
  assert.equal(world.open().length, 1);
  assert.deepEqual(world.step(600 * MINUTE, [subject('host:web1', 'ok', 600 * MINUTE)]), [
    'closed host:web1 ok',
  ]);
});

const kernel = (mark: AlertMark, cause: string, sinceMs = 0): Subject => ({
  ...subject('host:web1/kernel:log', mark, sinceMs, ['host:web1']),
  why: `disk ${cause} fails`,
  cause,
});

test('another cause below the same name is news, once, and takes the acknowledgement away', () => {
  const world = new TellWorld();
  assert.deepEqual(world.step(MINUTE, [kernel('failed', 'sdb')]), [
    'opened host:web1/kernel:log failed',
  ]);
  world.take(acknowledge(world.only(), { by: 'ann', now: unixMs(2 * MINUTE) }));
  assert.deepEqual(world.step(3 * MINUTE, [kernel('failed', 'sdb')]), []);
  assert.deepEqual(world.step(4 * MINUTE, [kernel('failed', 'sdc')]), [
    'changed host:web1/kernel:log failed',
  ]);
  assert.match(world.lastSentence(), /and now by something else: disk sdc fails/);
  assert.equal(world.only().state, 'open');
  assert.equal(world.only().acknowledgedBy, undefined);
  for (const cause of ['sdb', 'sdc', 'sdb']) {
    assert.deepEqual(world.step(5 * MINUTE, [kernel('failed', cause)]), [], 'both are known');
  }
});

test('causes without end are not messages without end', () => {
  const world = new TellWorld();
  const told = Array.from({ length: 500 }, (_, at) =>
    world.step(MINUTE + at * 1000, [kernel('failed', `sd${at}`)]),
  ).flat();
  assert.ok(told.length > 1 && told.length <= 20, `${told.length} messages`);
});

test('a clock that was set back by a year stops no reminder for a year', () => {
  const world = new TellWorld();
  const down = [subject('host:web1', 'failed', 0)];
  const year = 365 * 24 * 60 * MINUTE;
  world.step(year, down);
  assert.deepEqual(world.step(0, down), ['reminder host:web1 failed']);
  assert.deepEqual(world.step(1000, down), []);
  assert.deepEqual(world.step(240 * MINUTE, down), ['reminder host:web1 failed']);
});
