/** A recorded history, deployed day after day, as the guard would have judged it. */
import type { Op, Verdict } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import type { GuardPolicy } from '../../src/guard/core/guard-policy.ts';
import { factsOf, type RunRecord } from '../../src/guard/core/history.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import { judgePlan } from '../../src/guard/core/judge.ts';
import { isLoss } from '../../src/guard/core/rule.ts';
import { sorted } from './record-tools.ts';
import { runExample } from '../guard/run-example.ts';
import type { Day, History } from './days.ts';
import { planOf } from './ordinary-plan.ts';
import { entriesOf, opsOfDay, type Tree, treeOf } from './plan-of-day.ts';

export interface Replayed {
  readonly runs: number;
  readonly withDeletes: number;
  readonly questions: readonly Question[];
  /** What is asked if this comes next. */
  readonly next: (day: Day) => Question | undefined;
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
  let was: Tree = { files: new Map(), dirs: new Set() };
  for (const day of history.days) {
    const is = treeOf(day);
    const judged = judgeDay(day, { was, is, runs, policy });
    if (judged.deleted > 0) withDeletes += 1;
    if (judged.verdict.decision !== 'allow') questions.push(judged);
    runs.push(recordOf(day, judged, { seen: entriesOf(is), n: runs.length }));
    was = is;
  }
  const next = (day: Day): Question | undefined => {
    const judged = judgeDay(day, { was, is: treeOf(day), runs, policy });
    return judged.verdict.decision === 'allow' ? undefined : judged;
  };
  return { runs: runs.length - 1, withDeletes, questions, next };
}

/** A day on which that part of the files is no longer listed: the first ones, whole directories. */
export function dayAfterLoss({ days }: History, gone: number): Day {
  const last = days.at(-1);
  if (last === undefined) throw new Error('a history without days');
  const files = [...sorted(last.files)].slice(Math.ceil(last.files.size * gone));
  return { label: 'loss', at: last.at + hours(24), files: new Map(files) };
}

interface Past {
  readonly was: Tree;
  readonly is: Tree;
  readonly runs: readonly RunRecord[];
  readonly policy: GuardPolicy;
}

function judgeDay(day: Day, { was, is, runs, policy }: Past): Question {
  const now = unixMs(day.at);
  const ops = opsOfDay(was, is, day.open);
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
  return { day: day.label, verdict, deleted: lossOf(ops), entries };
}

/** As a history counts: renames are none. */
function lossOf(ops: readonly Op[]): number {
  const lost = ops.filter((op) => isLoss(op) && op.cause !== 'replaced');
  return lost.reduce((sum, op) => sum + op.entries, 0);
}

function recordOf(
  day: Day,
  { deleted, verdict }: Question,
  { seen, n }: { readonly seen: number; readonly n: number },
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
    ...(source !== undefined && { source: { ...source, generation: 0, seen } }),
  };
}
