// Goal: no plan whose deletes come from absence is allowed without a listing that is proven
// complete; and a verdict never gets milder when a plan gets worse.
// Method: plans of any kind; each is made worse in each way there is, and judged again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryOp, arbitraryPlan, type PlanCase } from '../../../test/guard/arbitrary-plan.ts';
import { PLAN_NOW } from '../../../test/guard/plan-example.ts';
import { byteString } from '../../base/bytes.ts';
import { DECISIONS, type Op, type PlanSource, type Verdict } from '../../base/plan.ts';
import { hours, unixMs } from '../../base/units.ts';
import { DEFAULT_POLICY, type GuardPolicy } from './guard-policy.ts';
import { judgePlan } from './judge.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261120);
const RUNS = 3000;
const OBSERVING: GuardPolicy = {
  ...DEFAULT_POLICY,
  modes: { undo: 'observe', live: 'observe', radius: 'observe' },
};

const judged = ({ header, facts, ops }: PlanCase, policy = DEFAULT_POLICY): Verdict =>
  judgePlan({ header, facts, policy }, ops);
const harshness = (verdict: Verdict): number => DECISIONS.indexOf(verdict.decision);

function isProven(source: PlanSource | undefined): boolean {
  if (source === undefined) return false;
  const { complete, filter, filterNarrowsDeletes, seen, expected, errors, sentinels } =
    source.listing;
  return (
    complete === 'yes' &&
    (filter === null || filterNarrowsDeletes) &&
    seen > 0 &&
    (expected === undefined || expected === seen) &&
    errors.length === 0 &&
    sentinels.every(({ ok }) => ok)
  );
}

test('no delete by absence passes without a complete listing, whoever approves it', (t) => {
  t.diagnostic(`seed ${SEED}`);
  let allowed = 0;
  fc.assert(
    fc.property(arbitraryPlan, fc.boolean(), (plan, isObserving) => {
      const approvals = ['ann', 'bob'].map((person) => ({
        person,
        at: PLAN_NOW,
        namedTarget: true,
      }));
      const facts = { ...plan.facts, approvals };
      const { decision } = judged({ ...plan, facts }, isObserving ? OBSERVING : DEFAULT_POLICY);
      if (decision !== 'allow') return;
      const goes = (op: Op): boolean =>
        ['delete', 'forget', 'rename'].includes(op.op) &&
        op.cause !== 'explicit' &&
        !(op.op === 'forget' && op.cause === 'undo-expired');
      if (!plan.ops.some((op) => goes(op) || op.cause === 'absent-in-source')) return;
      allowed += 1;
      assert.ok(isProven(plan.header.source));
    }),
    { seed: SEED, numRuns: 40_000 },
  );
  assert.ok(allowed > 500, `only ${allowed} such plans were allowed: the property says little`);
});

type Worsen = (plan: PlanCase) => PlanCase;
const ofSource =
  (change: (source: PlanSource) => PlanSource): Worsen =>
  (plan) => {
    const { source } = plan.header;
    if (source === undefined) return plan;
    return { ...plan, header: { ...plan.header, source: change(source) } };
  };
const ofListing = (change: Partial<PlanSource['listing']>): Worsen =>
  ofSource((source) => ({ ...source, listing: { ...source.listing, ...change } }));
const ofOps =
  (change: (op: Op) => Op): Worsen =>
  (plan) => ({ ...plan, ops: plan.ops.map(change) });
const ofFacts =
  (change: (facts: PlanCase['facts']) => Partial<PlanCase['facts']>): Worsen =>
  (plan) => ({ ...plan, facts: { ...plan.facts, ...change(plan.facts) } });

const WORSE: Readonly<Record<string, Worsen>> = {
  'the listing does not say that it is complete': ofListing({ complete: 'unknown' }),
  'a part is missing': ofListing({ complete: 'no' }),
  'something could not be read': ofListing({ errors: ['x: EIO'] }),
  'a sentinel is missing': ofListing({ sentinels: [{ name: 's', ok: false }] }),
  'nothing was found': ofListing({ seen: 0 }),
  'a filter narrows it': ofListing({ filter: '--include=x', filterNarrowsDeletes: false }),
  'nothing is known of a source': (plan) => {
    const { source: _, ...header } = plan.header;
    return { ...plan, header };
  },
  'the source is a candidate': ofSource((source) => ({ ...source, role: 'candidate' })),
  'the source is another machine': ofSource((source) => ({
    ...source,
    differs: [...source.differs, { what: 'machine', was: 'a', is: 'b' }],
  })),
  'the source is older': ofSource((source) => ({
    ...source,
    generation: Math.max(0, source.generation - 1),
  })),
  'the source had much more before': ofSource((source) => ({
    ...source,
    before: { seen: 9_999_999, generation: 0, at: PLAN_NOW, ...source.before },
  })),
  'it is not its own': ofOps((op) => ({ ...op, owner: 'other' })),
  'it covers more': ofOps((op) => ({ ...op, entries: op.entries + 7 })),
  'it takes along nobody knows what': ofOps((op) => ({ ...op, cascade: 'unexpanded' })),
  'it is no cache': ofOps((op) => ({ ...op, cls: 'data' })),
  'it is in use': ofOps((op) => ({ ...op, live: { state: 'in-use' } })),
  'it may be in use': ofOps((op) => ({
    ...op,
    live: op.live.state === 'idle' ? { state: 'unknown' } : op.live,
  })),
  'it cannot be put back': ofOps((op) => ({ ...op, undo: { ...op.undo, verified: false } })),
  'it goes instead of being changed': ofOps((op) => ({
    ...op,
    op: op.op === 'update' ? 'delete' : op.op,
  })),
  'the scope is empty': (plan) => ({ ...plan, header: { ...plan.header, scope: [] } }),
  'the scope is smaller': (plan) => ({
    ...plan,
    header: { ...plan.header, scope: plan.header.scope.map(() => byteString('zz')) },
  }),
  'it is the first run': ofFacts(({ pipeline }) => ({
    pipeline: { ...pipeline, isFirstRun: true },
  })),
  'it deleted more today': ofFacts(({ pipeline }) => ({
    pipeline: { ...pipeline, deletedIn24h: pipeline.deletedIn24h + 30 },
  })),
  'it never deleted so much': ofFacts(({ pipeline }) => ({
    pipeline: { ...pipeline, deletedP99: 0 },
  })),
  'less lies there': (plan) => ({
    ...plan,
    header: {
      ...plan.header,
      target: { ...plan.header.target, entries: Math.floor(plan.header.target.entries / 2) },
    },
  }),
  'the target is newer': (plan) => ({
    ...plan,
    header: { ...plan.header, target: { ...plan.header.target, generation: 5 } },
  }),
  'an agent does it': (plan) => ({
    ...plan,
    header: { ...plan.header, actor: { name: 'x', kind: 'agent' } },
  }),
  'it has expired': (plan) => ({ ...plan, header: { ...plan.header, expires: PLAN_NOW } }),
  'changes are frozen': ofFacts(() => ({
    freeze: { by: 'a', reason: 'b', until: unixMs(PLAN_NOW + hours(1)) },
  })),
  'somebody claims it': ofFacts(() => ({
    claims: [{ place: 'p', by: 'a', reason: 'b', until: unixMs(PLAN_NOW + hours(1)) }],
  })),
  'somebody is at it': ofFacts(() => ({ leaseHeldBy: 'p-1' })),
};

for (const [what, worsen] of Object.entries(WORSE)) {
  test(`never milder when ${what}`, () => {
    let harsher = 0;
    fc.assert(
      fc.property(arbitraryPlan, (plan) => {
        const [before, after] = [judged(plan), judged(worsen(plan))];
        assert.ok(harshness(after) >= harshness(before), `${before.decision}, ${after.decision}`);
        if (harshness(after) > harshness(before)) harsher += 1;
      }),
      { seed: SEED, numRuns: RUNS },
    );
    assert.ok(harsher > 0, 'it made no difference to any plan');
  });
}

test('never milder when it changes or takes away more', () => {
  fc.assert(
    fc.property(arbitraryPlan, arbitraryOp, (plan, op) => {
      fc.pre(op.op !== 'create');
      const more = { ...plan, ops: [...plan.ops, op] };
      assert.ok(harshness(judged(more)) >= harshness(judged(plan)));
    }),
    { seed: SEED, numRuns: 10_000 },
  );
});
