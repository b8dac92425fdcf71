/** Plans of any kind, for properties: headers, operations, and what is known besides. */
import fc from 'fast-check';
import { byteString } from '../../src/base/bytes.ts';
import { type Op, OP_VERBS, type PlanSource } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import type { JudgedHeader } from '../../src/guard/core/own-rules.ts';
import { headerExample, PLAN_NOW } from './plan-example.ts';

export interface PlanCase {
  readonly header: JudgedHeader;
  readonly facts: JudgeFacts;
  readonly ops: readonly Op[];
}

/** Plans in which everything may be wrong are all denied: most of each is in order. */
function mostly<T>(good: T, any: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: any });
}

const listing = fc.record({
  complete: mostly('yes', fc.constantFrom('no', 'unknown')),
  filter: mostly(null, fc.constant('--include=x')),
  filterNarrowsDeletes: fc.boolean(),
  seen: mostly(500, fc.integer({ min: 0, max: 1000 })),
  errors: mostly<readonly string[]>([], fc.constant(['x: EACCES'])),
  sentinels: mostly<PlanSource['listing']['sentinels']>(
    [{ name: 's', ok: true }],
    fc.constant([{ name: 's', ok: false }]),
  ),
  readAt: fc.constant(PLAN_NOW),
});

export const arbitrarySource: fc.Arbitrary<PlanSource> = fc
  .record({
    listing,
    expected: mostly(undefined, fc.integer({ min: 0, max: 1000 })),
    role: mostly('source', fc.constantFrom('candidate', 'replica', 'unknown')),
    generation: mostly(2, fc.integer({ min: 0, max: 2 })),
    before: fc.option(
      fc.record({
        seen: mostly(510, fc.integer({ min: 0, max: 1000 })),
        generation: fc.integer({ min: 0, max: 2 }),
        at: fc.constant(PLAN_NOW),
      }),
      { nil: undefined },
    ),
    differs: mostly<PlanSource['differs']>(
      [],
      fc.constantFrom(
        [{ what: 'machine', was: 'a', is: 'b' }],
        [{ what: 'missing', was: 'a', is: '' }],
      ),
    ),
  })
  .map(({ listing: listed, expected, before, ...rest }) => ({
    place: 'build1:/srv/release',
    identity: 'release',
    ...rest,
    listing: expected === undefined ? listed : { ...listed, expected },
    ...(before === undefined ? {} : { before }),
  }));

export const arbitraryOp: fc.Arbitrary<Op> = fc.record({
  n: fc.nat({ max: 1_000_000 }),
  op: fc.constantFrom(...OP_VERBS),
  kind: fc.constantFrom('file', 'dir'),
  path: fc.constantFrom('a', 'a/b', 'c/d').map(byteString),
  entries: mostly(1, fc.integer({ min: 1, max: 60 })),
  bytes: fc.nat({ max: 5000 }),
  owner: mostly('pipeline', fc.constantFrom('other', 'unknown')),
  cause: fc.constantFrom(
    ...(['absent-in-source', 'differs', 'explicit', 'replaced', 'new', 'undo-expired'] as const),
  ),
  cascade: mostly('expanded', fc.constant('unexpanded')),
  cls: mostly('data', fc.constantFrom('config', 'cache', 'identity')),
  live: mostly<Op['live']['state']>('idle', fc.constantFrom('in-use', 'unknown')).map((state) => ({
    state,
  })),
  undo: fc.record({
    kind: mostly('quarantine', fc.constantFrom('vault', 'none')),
    verified: mostly(true, fc.constant(false)),
    until: mostly(unixMs(PLAN_NOW + hours(1)), fc.constant(unixMs(PLAN_NOW - 1))),
    fidelity: mostly('exact', fc.constantFrom('content-only', 'partial')),
  }),
});

const header: fc.Arbitrary<JudgedHeader> = fc
  .record({
    source: fc.option(arbitrarySource, { nil: undefined, freq: 19 }),
    kind: mostly('human', fc.constantFrom('service', 'agent')),
    scope: mostly<readonly string[]>([''], fc.constantFrom(['a'], ['c'], [])),
    entries: mostly(500, fc.integer({ min: 0, max: 500 })),
    generation: mostly(1, fc.integer({ min: 0, max: 1 })),
    life: mostly(hours(1), fc.constant(hours(0))),
  })
  .map(({ source, kind, scope, entries, generation, life }) => {
    const base = headerExample();
    return {
      ...base,
      ...(source === undefined ? {} : { source }),
      actor: { name: 'x@y', kind },
      scope: scope.map(byteString),
      expires: unixMs(PLAN_NOW + life),
      target: { ...base.target, entries, generation },
    };
  });

const pipeline = fc.record({
  isFirstRun: mostly(false, fc.constant(true)),
  deletedIn24h: mostly(0, fc.integer({ min: 0, max: 100 })),
  deletedP99: fc.integer({ min: 0, max: 50 }),
  runs: fc.nat({ max: 50 }),
});

export const arbitraryPlan: fc.Arbitrary<PlanCase> = fc.record({
  header,
  facts: pipeline.map((of) => ({ now: PLAN_NOW, pipeline: of, claims: [], approvals: [] })),
  ops: fc.array(arbitraryOp, { maxLength: 6 }),
});
