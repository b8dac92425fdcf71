// Goal: each rule objects to what it is about, alone, with why and what to do; and a plan that takes
// nothing away is let through.
// Method: one plan that every rule is content with, and one change for each case. A rule that is
// removed fails its cases: the objection must be there, and by this rule only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BEFORE,
  type Changes,
  FACTS,
  HEADER,
  judged,
  many,
  op,
  ruled,
  SOURCE,
  unproven,
} from '../../../test/guard/judged-example.ts';
import { OBJECTION_CASES } from '../../../test/guard/objection-cases.ts';
import { byteString } from '../../base/bytes.ts';
import { RULE_NAMES } from '../../base/plan.ts';
import { DEFAULT_POLICY } from './guard-policy.ts';
import { judgePlan } from './judge.ts';
import { RULES } from './rules.ts';

test('a delete that every rule is content with is allowed, and all rules say so', () => {
  const verdict = judged();
  assert.equal(verdict.decision, 'allow');
  assert.deepEqual(verdict.passed, RULE_NAMES);
  assert.deepEqual(
    RULES.map(({ name }) => name),
    RULE_NAMES,
  );
  assert.deepEqual(verdict.needs, { approvals: 0, namesTarget: false });
});

for (const [what, rule, decision, changes, why, fix] of OBJECTION_CASES) {
  test(`${rule}: ${what}`, () => {
    const verdict = judged(changes);
    const objection = verdict.objections.find(({ rule: by }) => by === rule);
    assert.ok(objection, `no objection by ${rule}`);
    assert.match(objection.why, why);
    assert.match(objection.fix, fix);
    const others = ruled(verdict).filter((by) => by !== rule);
    const isObserved = verdict.objections.every(
      ({ mode, rule: by }) => by === rule || mode === 'observe',
    );
    assert.ok(others.length === 0 || isObserved, `also ${others.join(', ')}`);
    assert.equal(verdict.decision, decision);
    assert.ok(!verdict.passed.includes(rule));
    assert.equal(verdict.passed.length + ruled(verdict).length, RULE_NAMES.length);
  });
}

const SILENT: readonly (readonly [string, Changes])[] = [
  [
    'a filter that narrows the deletes too',
    { listing: { filter: '-a', filterNarrowsDeletes: true } },
  ],
  [
    'a source that nobody enrolled',
    { source: { role: 'unknown', generation: 0, before: { ...BEFORE, generation: 0 } } },
  ],
  [
    'caches, however many, without undo and in use',
    {
      ops: many(500, { cls: 'cache', undo: unproven, live: { state: 'in-use' } }),
      header: { target: { ...HEADER.target, entries: 5000 } },
    },
  ],
  [
    'attributes of what others have',
    {
      ops: many(500, {
        op: 'update',
        cause: 'differs',
        attributesOnly: true,
        owner: 'other',
        undo: unproven,
        live: { state: 'in-use' },
      }),
    },
  ],
  [
    'overwrites that can be put back',
    { ops: many(500, { op: 'update', cause: 'differs', owner: 'other' }) },
  ],
  [
    'renames, however many',
    { ops: many(500, { op: 'rename', cause: 'differs', from: byteString('x') }) },
  ],
  ['what a command renames as a delete and a create', { ops: many(500, { cause: 'replaced' }) }],
  [
    'what somebody named and can put back',
    {
      header: { actor: { name: 'ann@hv1', kind: 'human' } },
      ops: many(500, { cause: 'explicit', owner: 'unknown' }),
      source: { role: 'candidate' },
    },
  ],
  ['what its own history has more of', { pipeline: { deletedP99: 60 }, ops: many(160) }],
  ['a source that has shrunk a little', { listing: { seen: 850, expected: 850 } }],
];
for (const [what, changes] of SILENT) {
  test(`nobody is asked about ${what}`, () => {
    const verdict = judged(changes);
    assert.deepEqual(verdict.objections, []);
    assert.equal(verdict.decision, 'allow');
  });
}

test('what only creates is allowed, whatever the source is', () => {
  const { source: _, ...bare } = HEADER;
  const creates = many(5000, {
    op: 'create',
    cause: 'new',
    owner: 'unknown',
    undo: unproven,
    live: { state: 'unknown' },
  });
  for (const header of [bare, { ...HEADER, source: { ...SOURCE, role: 'candidate' as const } }]) {
    const policy = DEFAULT_POLICY;
    const facts = { ...FACTS, pipeline: { ...FACTS.pipeline, isFirstRun: true } };
    assert.equal(judgePlan({ header, facts, policy }, creates).decision, 'allow');
  }
});

test('deletes without any source are denied, for nothing says who wished them', () => {
  const { source: _, ...header } = HEADER;
  const verdict = judgePlan({ header, facts: FACTS, policy: DEFAULT_POLICY }, [op('x')]);
  assert.equal(verdict.decision, 'deny');
  assert.deepEqual(ruled(verdict), ['eligible-source', 'complete']);
});

test('all reasons are there at once, harshest first, and what is observed last', () => {
  const verdict = judged({
    source: { role: 'candidate' },
    listing: { complete: 'no' },
    policy: { modes: { undo: 'observe', live: 'enforce', radius: 'enforce' } },
    ops: many(151, { undo: unproven, live: { state: 'in-use' } }),
  });
  assert.equal(verdict.decision, 'deny');
  assert.deepEqual(
    verdict.objections.map(({ rule, effect, mode }) => `${rule} ${effect} ${mode}`),
    [
      'eligible-source deny enforce',
      'live hold enforce',
      'radius hold enforce',
      'complete additive-only enforce',
      'undo hold observe',
    ],
  );
  for (const { opCount, sample } of verdict.objections) {
    assert.equal(opCount, 151);
    assert.equal(sample.length, 10);
  }
});

test('a rule in observe says what it would hold, and holds nothing', () => {
  const modes = { undo: 'observe', live: 'observe', radius: 'observe' } as const;
  const ops = many(151, { undo: unproven, live: { state: 'in-use' } });
  const verdict = judged({ policy: { modes }, ops });
  assert.equal(verdict.decision, 'allow');
  assert.deepEqual(ruled(verdict), ['undo', 'live', 'radius']);
  assert.deepEqual(verdict.needs, { approvals: 0, namesTarget: false });
});
