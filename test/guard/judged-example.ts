/** A plan that every rule is content with, and changes of it: for tests of rules and releases. */
import type { Op, PlanSource, RuleName, Verdict } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import { DEFAULT_POLICY, type GuardPolicy } from '../../src/guard/core/guard-policy.ts';
import { judgePlan } from '../../src/guard/core/judge.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import type { JudgedHeader } from '../../src/guard/core/own-rules.ts';
import { deleteExample, headerExample, PLAN_NOW } from './plan-example.ts';

export const BEFORE = { seen: 1000, generation: 3, at: unixMs(PLAN_NOW - hours(24)) };
export const SOURCE: PlanSource = {
  place: 'build1:/srv/release',
  identity: 'release',
  role: 'source',
  generation: 3,
  listing: {
    ...{ complete: 'yes', filter: null, filterNarrowsDeletes: false, seen: 990, expected: 990 },
    ...{ errors: [], sentinels: [{ name: 'index', ok: true }], readAt: PLAN_NOW },
  },
  before: BEFORE,
  differs: [],
};
export const HEADER: JudgedHeader = { ...headerExample(), source: SOURCE };
export const FACTS: JudgeFacts = {
  now: PLAN_NOW,
  pipeline: { isFirstRun: false, deletedIn24h: 0, deletedP99: 0, runs: 30 },
  claims: [],
  approvals: [],
};
export const PROVEN: Op['undo'] = { kind: 'quarantine', verified: true, fidelity: 'exact' };
export const op = (path: string, given: Partial<Op> = {}): Op => ({
  ...deleteExample(path, { undo: PROVEN, ...given }),
  n: 0,
});

/** What is otherwise than in the plan that every rule is content with. */
export interface Changes {
  readonly header?: Partial<JudgedHeader>;
  readonly source?: Partial<PlanSource>;
  readonly listing?: Partial<PlanSource['listing']>;
  readonly facts?: Partial<JudgeFacts>;
  readonly pipeline?: Partial<JudgeFacts['pipeline']>;
  readonly policy?: Partial<GuardPolicy>;
  readonly ops?: readonly Op[];
}

export function judged(changes: Changes = {}): Verdict {
  const source = { ...SOURCE, ...changes.source };
  const listing = { ...source.listing, ...changes.listing };
  return judgePlan(
    {
      header: { ...HEADER, source: { ...source, listing }, ...changes.header },
      facts: {
        ...FACTS,
        ...changes.facts,
        pipeline: { ...FACTS.pipeline, ...changes.pipeline },
      },
      policy: { ...DEFAULT_POLICY, ...changes.policy },
    },
    changes.ops ?? [op('old')],
  );
}

export const ruled = (verdict: Verdict): readonly RuleName[] => [
  ...new Set(verdict.objections.map(({ rule }) => rule)),
];

export const unproven: Op['undo'] = {
  ...PROVEN,
  kind: 'none',
  verified: false,
  why: 'on another disk',
};
export const many = (count: number, given: Partial<Op> = {}): readonly Op[] =>
  Array.from({ length: count }, (_, n) => ({ ...op(`f${n}`, given), n }));
