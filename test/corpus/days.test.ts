import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatShare } from '../../src/base/say-quantity.ts';
import { type Half, HALVES } from './days.ts';
import { describe, type Measured, measureAll, summaryOf } from './measure.ts';

// Goal: daily work is not slowed: at most one question in a hundred runs; and what is no ordinary
// day is still asked about. Method: recorded histories of real trees, each consecutive pair as the
// plan of a sync, with the history that has grown until then. Limits were chosen on the half `tune`;
// the bound is asserted on the halves that took no part in that (SOURCES.md).

const QUESTIONS_MAX = 0.01;
const MEASURED = [...measureAll(() => true)];

function ofHalf(half: Half): readonly Measured[] {
  return MEASURED.filter((measured) => measured.half === half);
}

for (const [half, runsMin] of [
  ['report', 300],
  ['fresh-report', 5000],
] as const) {
  test(`${half}, that limits were not chosen by: at most one question in a hundred runs`, (t) => {
    for (const each of ofHalf(half)) for (const line of describe(each)) t.diagnostic(line);
    const { runs, questions } = summaryOf(half, MEASURED);
    const said = `${questions.length} questions in ${runs} runs, ${formatShare(questions.length, runs)}`;
    t.diagnostic(`${half}: ${said}`);
    assert.ok(runs > runsMin, `${runs} runs say too little`);
    assert.ok(questions.length <= QUESTIONS_MAX * runs, said);
  });
}

test('on the half that they were chosen by, what is asked took a quarter of the tree or more', (t) => {
  for (const each of ofHalf('tune')) {
    for (const line of describe(each)) t.diagnostic(line);
    for (const { day, deleted, entries } of each.questions) {
      assert.ok(deleted > entries / 4, `${each.name} ${day}: ${deleted} of ${entries}`);
    }
  }
});

test('after each history a quarter, a half, all of its tree vanishes: asked, every time', () => {
  for (const { name, unasked } of MEASURED) assert.deepEqual(unasked, [], name);
});

test('histories are of each half, and long enough', () => {
  for (const half of HALVES) assert.ok(ofHalf(half).length >= 4, half);
  for (const { name, runs } of MEASURED) assert.ok(runs >= 9, name);
});
