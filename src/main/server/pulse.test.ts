import assert from 'node:assert/strict';
import test from 'node:test';
import { restAfter } from './pulse.ts';

// Goal: a reading of very many hosts is made less often, and an alarm still waits for seconds only.
test('what is told rests for as long as a reading cost, and at most five seconds', () => {
  assert.equal(restAfter(0), 1000);
  assert.equal(restAfter(50), 1000);
  assert.equal(restAfter(100), 1900);
  // A reading of 20 000 checks on a slow machine; a beat that only waited has cost nothing.
  assert.equal(restAfter(10_000), 5000);
});
