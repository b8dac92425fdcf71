// Goal: what needs several packs is proven since the one that was read longest ago, and not at all
// while one of them is not; of packs that hold the same, the best counts. Method: cases by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PackNeeds, provenSince } from './pack-needs.ts';

const TIMES = [100, 50, undefined, 70];
const at = (pack: number): number | undefined => TIMES[pack];

test('since the pack that was read longest ago', () => {
  assert.equal(provenSince({ all: [0, 1, 3], oneOf: [] }, at), 50);
  assert.equal(provenSince({ all: [0, 2], oneOf: [] }, at), undefined);
  assert.equal(provenSince({ all: [0], oneOf: [[1, 3]] }, at), 70, 'one of two is enough');
  assert.equal(provenSince({ all: [0], oneOf: [[2, 3]] }, at), 70, 'one that is damaged aside');
  assert.equal(provenSince({ all: [0], oneOf: [[2, 2]] }, at), undefined);
  assert.equal(provenSince({ all: [], oneOf: [] }, at), undefined, 'of nothing nothing is proven');
});

test('needs of parts are added up, each once', () => {
  const needs = new PackNeeds();
  needs.add({ all: [1, 2], oneOf: [[3, 4]] });
  needs.add({ all: [2, 5], oneOf: [[3, 4], [6]] });
  assert.deepEqual(needs.needed(), { all: [1, 2, 5, 6], oneOf: [[3, 4]] });
});
