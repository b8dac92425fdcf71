import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs, unixMs } from '../../base/units.ts';
import { serverTime } from './server-time.ts';

// Goal: time since boot is read once for what happens at once, and anew after a sleep of the machine.
// Method: three clocks that stand still until they are told.
test('the time since boot is kept for a moment, and not over a sleep', () => {
  const at = { wall: 1_000_000, monotonic: 50, up: 70_000 };
  let reads = 0;
  const clock = { now: () => unixMs(at.wall), monotonic: () => monotonicMs(at.monotonic) };
  const now = serverTime(clock, () => {
    reads += 1;
    return at.up;
  });
  const moved = (ms: number): void => {
    at.wall += ms;
    at.monotonic += ms;
    at.up += ms;
  };
  assert.deepEqual(now(), { atMs: 70_000, wallMs: 1_000_000 });
  moved(4);
  assert.deepEqual(now(), { atMs: 70_000, wallMs: 1_000_004 });
  assert.equal(reads, 1);
  moved(1);
  assert.deepEqual(now(), { atMs: 70_005, wallMs: 1_000_005 });
  assert.equal(reads, 2);
  // It slept for an hour, which the clock that never steps does not count.
  at.wall += 3_600_000;
  at.up += 3_600_000;
  assert.deepEqual(now(), { atMs: 3_670_005, wallMs: 4_600_005 });
  // The wall clock is set back: the time since boot is read, and goes on.
  at.wall -= 9_000_000;
  assert.deepEqual(now(), { atMs: 3_670_005, wallMs: -4_399_995 });
  assert.equal(reads, 4);
  // Wall clocks stand still or are set; the other one alone is enough.
  at.monotonic += 5;
  at.up += 5;
  assert.equal(now().atMs, 3_670_010);
});
