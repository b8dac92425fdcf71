// Goal: each channel hears of what is its own, of what is bad enough, at its hours, and of what nobody
// looks after; what is nobody's is everybody's, and who heard a beginning hears the end.
// Method: a run of hand-overs; which channel was sent what is read from the outbox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { acknowledge } from '../../src/tell/core/acknowledge.ts';
import type { AlertMark, Subject } from '../../src/tell/core/alert.ts';
import { TellWorld } from './tell-world.ts';

const MINUTE = 60_000;

function subject(name: string, mark: AlertMark, sinceMs = 0, above: string[] = []): Subject {
  return { subject: name, mark, why: `${name} ${mark}`, since: unixMs(sinceMs), restsOn: above };
}

function rows(world: TellWorld, ms: number, ...subjects: Subject[]): string[] {
  world.step(ms, subjects);
  return world.newRows.map(({ channel, what }) => `${channel} ${what}`);
}

test('who owns a host hears of it, and who does not, does not', () => {
  const world = new TellWorld([
    { name: 'ann', hosts: ['web*'] },
    { name: 'ben', hosts: ['db1'] },
    { name: 'all' },
  ]);
  assert.deepEqual(rows(world, 0, subject('host:web1', 'failed')), ['ann opened', 'all opened']);
  const disk = subject('host:db1/disk:/srv', 'failed', 0, ['host:db1']);
  assert.deepEqual(rows(world, MINUTE, disk, subject('host:web1', 'failed')), [
    'ben opened',
    'all opened',
  ]);
});

test('what belongs to no channel goes to all of them', () => {
  const world = new TellWorld([
    { name: 'ann', hosts: ['web*'] },
    { name: 'ben', hosts: ['db1'] },
  ]);
  assert.deepEqual(rows(world, 0, subject('host:mail1', 'failed')), ['ann opened', 'ben opened']);
  const other = new TellWorld([{ name: 'ann', hosts: ['web*'] }]);
  assert.deepEqual(rows(other, 10 * MINUTE, subject('watching', 'unknown')), ['ann opened']);
});

test('that the channel of everybody fails is told by those of a few', () => {
  const world = new TellWorld([{ name: 'all' }, { name: 'ann', hosts: ['web*'] }]);
  const broken = subject('channel:all', 'failed');
  assert.deepEqual(rows(world, 0, broken), ['ann opened']);
});

test('the owner of a guest hears of the hypervisor that took it along', () => {
  const world = new TellWorld([
    { name: 'ann', hosts: ['vm1'] },
    { name: 'ben', hosts: ['hv1'] },
  ]);
  const down = [subject('host:hv1', 'failed'), subject('host:vm1', 'failed', 0, ['host:hv1'])];
  assert.deepEqual(rows(world, 0, ...down), ['ann opened', 'ben opened']);
});

test('the next one hears of what nobody looks after, once, and hears its end', () => {
  const world = new TellWorld([{ name: 'ann' }, { name: 'boss', afterMs: 15 * MINUTE }]);
  const down = subject('host:web1', 'failed');
  assert.deepEqual(rows(world, 0, down), ['ann opened']);
  assert.deepEqual(rows(world, 15 * MINUTE - 1, down), []);
  assert.deepEqual(rows(world, 15 * MINUTE, down), ['boss reminder']);
  assert.deepEqual(rows(world, 16 * MINUTE, down), []);
  assert.deepEqual(rows(world, 17 * MINUTE, subject('host:web1', 'ok')), [
    'ann closed',
    'boss closed',
  ]);
});

test('the next one hears nothing of what somebody looks after, neither beginning nor end', () => {
  const world = new TellWorld([{ name: 'ann' }, { name: 'boss', afterMs: 15 * MINUTE }]);
  const down = subject('host:web1', 'failed');
  rows(world, 0, down);
  world.take(acknowledge(world.only(), { by: 'ann', now: unixMs(MINUTE) }));
  assert.deepEqual(rows(world, 60 * MINUTE, down), []);
  assert.deepEqual(rows(world, 61 * MINUTE, subject('host:web1', 'ok')), ['ann closed']);
});

const NIGHT_MS = 480 * MINUTE;
const night = (now: number): boolean => now < NIGHT_MS;

test('at quiet hours only what has failed is begun to be told; the rest is told after them', () => {
  const world = new TellWorld([{ name: 'ann', isQuiet: night }, { name: 'log' }]);
  const dim = subject('host:web1', 'unknown');
  assert.deepEqual(rows(world, 10 * MINUTE, dim), ['log opened']);
  const down = subject('host:db1', 'failed', 20 * MINUTE);
  assert.deepEqual(rows(world, 20 * MINUTE, dim, down), ['ann opened', 'log opened']);
  assert.deepEqual(rows(world, NIGHT_MS - 1, dim, down), [
    'ann reminder',
    'log reminder',
    'log reminder',
  ]);
  assert.deepEqual(rows(world, NIGHT_MS, dim, down), ['ann opened']);
  assert.deepEqual(rows(world, NIGHT_MS + MINUTE, subject('host:web1', 'ok'), down), [
    'ann closed',
    'log closed',
  ]);
});

test('what gets worse at night is told at once', () => {
  const world = new TellWorld([{ name: 'ann', isQuiet: night }]);
  assert.deepEqual(rows(world, 10 * MINUTE, subject('host:web1', 'unknown')), []);
  assert.equal(world.open().length, 1, 'it is kept and shown all the same');
  assert.deepEqual(rows(world, 20 * MINUTE, subject('host:web1', 'failed', 20 * MINUTE)), [
    'ann changed',
  ]);
});

test('what began and ended in the quiet is not told at all', () => {
  const world = new TellWorld([{ name: 'ann', isQuiet: night }]);
  rows(world, 10 * MINUTE, subject('host:web1', 'unknown'));
  assert.deepEqual(rows(world, 30 * MINUTE, subject('host:web1', 'ok')), []);
  assert.deepEqual(rows(world, NIGHT_MS + MINUTE, subject('host:web1', 'ok')), []);
});

test('a channel that is new hears of what is open, and one that was renamed too', () => {
  const world = new TellWorld([{ name: 'mail' }]);
  const down = subject('host:web1', 'failed');
  rows(world, 0, down);
  const [alert] = world.open();
  assert.ok(alert !== undefined);
  const renamed = new TellWorld([{ name: 'ann-mail' }]);
  renamed.nextId = 1000;
  renamed.alerts.set(alert.id, alert);
  assert.deepEqual(rows(renamed, MINUTE, down), ['ann-mail opened']);
  assert.deepEqual(rows(renamed, 2 * MINUTE, down), []);
});
