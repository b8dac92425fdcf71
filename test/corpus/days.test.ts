import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatShare } from '../../src/base/say-quantity.ts';
import { DEFAULT_POLICY } from '../../src/guard/core/guard-policy.ts';
import { type Half, type History, historyNames, readHistory } from './days.ts';
import { dayAfterLoss, replay } from './replay-days.ts';

// Goal: daily work is not slowed: at most one question in a hundred runs; and what is no ordinary
// day is still asked about. Method: recorded histories of real trees, each consecutive pair as the
// plan of a sync, with the history that has grown until then. Limits were chosen on the half `tune`;
// the bound is asserted on the half `report` (SOURCES.md).

const QUESTIONS_MAX = 0.01;
const HISTORIES = historyNames().map(readHistory);

function ofHalf(half: Half): readonly History[] {
  return HISTORIES.filter((history) => history.half === half);
}

function measured(half: Half, say: (line: string) => void): { runs: number; questions: number } {
  let [runs, questions] = [0, 0];
  for (const history of ofHalf(half)) {
    const replayed = replay(history, DEFAULT_POLICY);
    runs += replayed.runs;
    questions += replayed.questions.length;
    const { name } = history;
    const asked = `${replayed.questions.length} questions`;
    say(`${name}: ${replayed.runs} runs, ${replayed.withDeletes} with deletes, ${asked}`);
    for (const { day, deleted, entries, verdict } of replayed.questions) {
      const rules = verdict.objections.map(({ rule }) => rule).join(', ');
      say(`  ${day}: ${deleted} of ${entries} entries: ${rules}`);
    }
  }
  say(`${half}: ${questions} questions in ${runs} runs, ${formatShare(questions, runs)}`);
  return { runs, questions };
}

test('on the half that limits were not chosen by: at most one question in a hundred runs', (t) => {
  const { runs, questions } = measured('report', (line) => t.diagnostic(line));
  assert.ok(runs > 300, `${runs} runs say too little`);
  assert.ok(questions <= QUESTIONS_MAX * runs, `${questions} questions in ${runs} runs`);
});

test('on the half that they were chosen by, what is asked took a quarter of the tree or more', (t) => {
  measured('tune', (line) => t.diagnostic(line));
  for (const history of ofHalf('tune')) {
    for (const { day, deleted, entries } of replay(history, DEFAULT_POLICY).questions) {
      assert.ok(deleted > entries / 4, `${history.name} ${day}: ${deleted} of ${entries}`);
    }
  }
});

/** Of fewer files a quarter is what may go unasked, and be put back. */
const LARGE = 100;

for (const [gone, filesMin] of [
  [1, 1],
  [0.5, LARGE],
  [0.25, LARGE],
] as const) {
  test(`after each history ${formatShare(gone, 1)} of its tree vanishes: asked, every time`, () => {
    const large = HISTORIES.filter(({ days }) => (days.at(-1)?.files.size ?? 0) >= filesMin);
    assert.ok(large.length >= 8, `${large.length} histories are large enough`);
    for (const history of large) {
      const days = [...history.days, dayAfterLoss(history, gone)];
      const { questions } = replay({ ...history, days }, DEFAULT_POLICY);
      assert.equal(questions.at(-1)?.day, days.at(-1)?.label, history.name);
    }
  });
}

test('the histories are of both halves, whole, and small enough to be kept', () => {
  for (const half of ['tune', 'report'] as const) assert.ok(ofHalf(half).length >= 4, half);
  for (const { name, days } of HISTORIES) {
    assert.ok(days.length >= 10, name);
    for (const [index, day] of days.entries()) {
      assert.ok(day.files.size > 0, `${name} ${day.label}`);
      assert.ok(index === 0 || day.at >= (days[index - 1]?.at ?? 0), `${name} ${day.label}`);
    }
  }
});
