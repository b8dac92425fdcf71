import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs, GIB, hours, MIB, minutes, seconds, unixMs } from '../../base/units.ts';
import { mayBackup, nextBackupAt } from './pacing.ts';

const ENDED = unixMs(1_000_000_000_000);
const wait = (lastCostMs: number, changedBytes = 0, spareBytes = 100 * GIB): number =>
  nextBackupAt({ endedAt: ENDED, lastCostMs: durationMs(lastCostMs), changedBytes, spareBytes }) -
  ENDED;

// Goal: repeats are paced by what the last one cost. Method: the edges, then the bound as property.
test('backups take at most 2 % of the time, at least 5 minutes and at most 24 hours apart', () => {
  assert.equal(wait(seconds(1)), minutes(5));
  assert.equal(wait(minutes(1)), minutes(49));
  assert.equal(wait(hours(3)), hours(24));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000 }), (cost) => {
      const waited = wait(cost);
      assert.ok(waited >= minutes(5) && waited <= hours(24));
      assert.ok(waited === hours(24) || cost / (cost + waited) <= 0.02 + 1e-9);
    }),
    { seed: 5 },
  );
});

test('what grows fast is kept less often, so that the spare space lasts', () => {
  assert.equal(wait(1000, 10 * MIB, 100 * GIB), minutes(5));
  assert.equal(wait(1000, GIB, 100 * GIB), hours(4.8));
  assert.equal(wait(1000, GIB, 0), hours(24));
});

test('a backup that would pass the floor of free space is refused with the figure', () => {
  const space = { totalBytes: 100 * GIB, minFree: undefined };
  assert.deepEqual(mayBackup({ ...space, freeBytes: 12 * GIB, estimateBytes: 2 * GIB }), {
    ok: true,
    spareBytes: 0,
  });
  assert.deepEqual(mayBackup({ ...space, freeBytes: 12 * GIB, estimateBytes: 3 * GIB }), {
    ok: false,
    floorBytes: 10 * GIB,
    missingBytes: GIB,
  });
  const small = { freeBytes: 5.5 * GIB, totalBytes: 8 * GIB, estimateBytes: GIB };
  assert.equal(mayBackup({ ...small, minFree: undefined }).ok, false);
  assert.equal(mayBackup({ ...small, minFree: GIB }).ok, true);
});
