// Goal: a list of any length is as good as a short one. Method: one that is longer than a call may have
// arguments, and edges of short ones against Math.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAll, largest, smallest } from './long-list.ts';

const LONG = Array.from({ length: 1_000_000 }, (_, at) => at);

test('of a million', () => {
  assert.throws(() => Math.max(...LONG), RangeError);
  assert.deepEqual([smallest(LONG), largest(LONG)], [0, 999_999]);
  const to = [-1];
  addAll(to, LONG);
  assert.deepEqual([to.length, to[0], to.at(-1)], [1_000_001, -1, 999_999]);
});

test('of few, as Math has it', () => {
  for (const few of [[], [3], [3, -1, 2], [Number.NaN, 1], [1, Number.NaN]]) {
    assert.deepEqual([smallest(few), largest(few)], [Math.min(...few), Math.max(...few)]);
    assert.deepEqual(
      [smallest(few, 0), largest(few, 0)],
      [Math.min(0, ...few), Math.max(0, ...few)],
    );
  }
});
