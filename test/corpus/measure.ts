/** How often each history would have asked, and what of it would not be missed if it vanished. */
import type { Decision } from '../../src/base/plan.ts';
import { DEFAULT_POLICY } from '../../src/guard/core/guard-policy.ts';
import { type Half, type History, halfOf, historyNames, readHistory } from './days.ts';
import { livingHalf, livingHistory, livingNames } from './living-dirs.ts';
import { dayAfterLoss, type Question, type Replayed, replay } from './replay-days.ts';

/** Of smaller trees a part is what may go unasked, and be put back. */
const LARGE = 100;
const LOSSES = [
  { gone: 1, filesMin: 1 },
  { gone: 0.5, filesMin: LARGE },
  { gone: 0.25, filesMin: LARGE },
];

export interface Measured extends Omit<Replayed, 'next'> {
  readonly name: string;
  readonly half: Half;
  /** Parts of the tree whose loss at the end was let pass; to be asked about. */
  readonly unasked: readonly number[];
}

/** One after the other: a history is large while it is open. */
export function* measureAll(isWanted: (name: string, half: Half) => boolean): Generator<Measured> {
  for (const name of historyNames()) {
    if (isWanted(name, halfOf(name))) yield measured(readHistory(name));
  }
  for (const name of livingNames()) {
    if (isWanted(name, livingHalf(name))) yield measured(livingHistory(name));
  }
}

function measured(history: History): Measured {
  const { next, ...replayed } = replay(history, DEFAULT_POLICY);
  const files = history.days.at(-1)?.files.size ?? 0;
  const unasked = LOSSES.filter(({ gone, filesMin }) => {
    return files >= filesMin && next(dayAfterLoss(history, gone)) === undefined;
  });
  const { name, half } = history;
  return { name, half, ...replayed, unasked: unasked.map(({ gone }) => gone) };
}

/** Lines: the history, and below it each question. */
export function describe({ name, half, ...measured }: Measured): readonly string[] {
  const { runs, withDeletes, questions } = measured;
  const counts = DECISIONS_ASKED.map((decision) => `${countOf(questions, decision)} ${decision}`);
  const often = questions.length === 0 ? '' : `, one in ${Math.floor(runs / questions.length)}`;
  const asked = `${questions.length} questions (${counts.join(', ')})${often}`;
  const head = `${half} ${name}: ${runs} runs, ${withDeletes} with deletes, ${asked}`;
  return [head, ...questions.map(describeQuestion)];
}

const DECISIONS_ASKED: readonly Decision[] = ['hold', 'deny', 'additive-only'];

function countOf(questions: readonly Question[], decision: Decision): number {
  return questions.filter(({ verdict }) => verdict.decision === decision).length;
}

function describeQuestion({ day, deleted, entries, verdict }: Question): string {
  const rules = verdict.objections.map(({ rule, why }) => `${rule}: ${why}`);
  return `  ${day}: ${deleted} of ${entries} entries; ${rules.join('; ')}`;
}

export function summaryOf(
  half: Half,
  all: readonly Measured[],
): Omit<Measured, 'name' | 'unasked'> {
  const of = all.filter((each) => each.half === half);
  return {
    half,
    runs: of.reduce((sum, { runs }) => sum + runs, 0),
    withDeletes: of.reduce((sum, { withDeletes }) => sum + withDeletes, 0),
    questions: of.flatMap(({ questions }) => questions),
  };
}
