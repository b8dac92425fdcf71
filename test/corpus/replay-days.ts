/** A recorded history, deployed day after day, as the guard would have judged it. */
import type { Op, Verdict } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import type { GuardPolicy } from '../../src/guard/core/guard-policy.ts';
import { factsOf, type RunRecord } from '../../src/guard/core/history.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import { judgePlan } from '../../src/guard/core/judge.ts';
import { isLoss } from '../../src/guard/core/rule.ts';
import { runExample } from '../guard/run-example.ts';
import type { Day, History } from './days.ts';
import { planOf } from './ordinary-plan.ts';
import { entriesOf, opsOfDay, treeOf } from './plan-of-day.ts';

export interface Replayed {
  readonly runs: number;
  readonly withDeletes: number;
  readonly questions: readonly Question[];
}

export interface Question {
  readonly day: string;
  readonly deleted: number;
  readonly entries: number;
  readonly verdict: Verdict;
}

/**
 * The first day fills an empty target. What is asked is then approved, as it was done in truth: the
 * history grows by it.
 */
export function replay(history: History, policy: GuardPolicy): Replayed {
  const runs: RunRecord[] = [];
  const questions: Question[] = [];
  let withDeletes = 0;
  let before: Day | undefined;
  for (const day of history.days) {
    const { verdict, deleted, entries } = judgeDay(day, before, { runs, policy });
    if (deleted > 0) withDeletes += 1;
    if (verdict.decision !== 'allow') questions.push({ day: day.label, deleted, entries, verdict });
    runs.push(recordOf(day, { deleted, verdict }, runs.length));
    before = day;
  }
  return { runs: runs.length - 1, withDeletes, questions };
}

/** A day on which that part of the files is no longer listed: the first ones, whole directories. */
export function dayAfterLoss({ days }: History, gone: number): Day {
  const last = days.at(-1);
  if (last === undefined) throw new Error('a history without days');
  const files = [...last.files].slice(Math.ceil(last.files.size * gone));
  return { label: 'loss', at: last.at + hours(24), files: new Map(files) };
}

interface Judged {
  readonly verdict: Verdict;
  readonly deleted: number;
  readonly entries: number;
}

function judgeDay(
  day: Day,
  before: Day | undefined,
  { runs, policy }: { readonly runs: readonly RunRecord[]; readonly policy: GuardPolicy },
): Judged {
  const now = unixMs(day.at);
  const [was, is] = [treeOf(before ?? { ...day, files: new Map() }), treeOf(day)];
  const ops = opsOfDay(was, is, now);
  const entries = entriesOf(was);
  const past = factsOf(runs, now);
  const { header, facts } = planOf({
    listing: { seen: entriesOf(is) },
    ...(past.before !== undefined && { before: past.before }),
    target: { entries },
    ops: [],
  });
  const known: JudgeFacts = {
    ...facts,
    now,
    pipeline: {
      isFirstRun: past.isFirstRun,
      deletedIn24h: past.deleted24h,
      deletedP99: past.deleted24hP99 ?? 0,
      runs: past.appliedRuns,
    },
  };
  const dated = { ...header, created: now, expires: unixMs(now + 1000) };
  const verdict = judgePlan({ header: dated, facts: known, policy }, ops);
  return { verdict, deleted: lossOf(ops), entries };
}

function lossOf(ops: readonly Op[]): number {
  return ops.filter(isLoss).reduce((sum, op) => sum + op.entries, 0);
}

function recordOf(
  day: Day,
  { deleted, verdict }: Pick<Judged, 'deleted' | 'verdict'>,
  n: number,
): RunRecord {
  const example = runExample();
  const { source } = example;
  return {
    ...example,
    v: 0,
    id: String(n).padStart(12, '0'),
    plan: `p-${String(n).padStart(8, '0')}`,
    at: unixMs(day.at),
    deleted: { entries: deleted, bytes: 0 },
    objections: verdict.objections,
    ...(source !== undefined && {
      source: { ...source, generation: 0, seen: entriesOf(treeOf(day)) },
    }),
  };
}
