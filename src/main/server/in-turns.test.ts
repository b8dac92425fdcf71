// Goal: long work holds up nobody for longer than a turn, and says what it cost without the waits.
// Method: steps that move a clock of this test on; beside them somebody who counts the turns that are left.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import test from 'node:test';
import { monotonicMs } from '../../base/units.ts';
import { inTurns } from './in-turns.ts';

test('ten steps of 4 ms are four turns, and others have theirs in between', async () => {
  let nowMs = 0;
  let isDone = false;
  const doneAt: number[] = [];
  const clock = { monotonic: () => monotonicMs(nowMs) };
  function* steps() {
    for (let nth = 0; nth < 10; nth++) {
      nowMs += 4;
      if (nth < 9) yield;
    }
    isDone = true;
    return 'made';
  }
  const beside = (async () => {
    while (!isDone) {
      doneAt.push(nowMs);
      await setImmediate();
      // What others take is no work of the steps.
      nowMs += 1000;
    }
  })();
  const { made, workMs } = await inTurns(clock, steps());
  await beside;
  assert.equal(made, 'made');
  assert.equal(workMs, 40);
  assert.ok(doneAt.length >= 3, `others had ${doneAt.length} turns`);
});

test('what fails in a step fails for whoever waits', async () => {
  const clock = { monotonic: () => monotonicMs(0) };
  function* steps() {
    yield;
    if (clock.monotonic() === 0) throw new Error('it broke');
    return 1;
  }
  await assert.rejects(inTurns(clock, steps()), /it broke/);
});
