// Goal: each rule objects to what it is about, alone, with why and what to do; a plan that takes
// nothing away is let through; and what approvals or broken glass release is only what they may.
// Method: one plan that every rule is content with, and one change for each case. A rule that is
// removed fails its cases: the objection must be there, and by this rule only.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteExample, headerExample, PLAN_NOW } from '../../../test/guard/plan-example.ts';
import { byteString } from '../../base/bytes.ts';
import {
  type Decision,
  type Op,
  type PlanSource,
  RULE_NAMES,
  type RuleName,
  type Verdict,
} from '../../base/plan.ts';
import { hours, minutes, unixMs } from '../../base/units.ts';
import { DEFAULT_POLICY, type GuardPolicy } from './guard-policy.ts';
import { judgePlan } from './judge.ts';
import type { JudgeFacts } from './judge-facts.ts';
import type { JudgedHeader } from './own-rules.ts';
import { releaseVerdict } from './release.ts';
import { RULES } from './rules.ts';

const BEFORE = { seen: 1000, generation: 3, at: unixMs(PLAN_NOW - hours(24)) };
const SOURCE: PlanSource = {
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
const HEADER: JudgedHeader = { ...headerExample(), source: SOURCE };
const FACTS: JudgeFacts = {
  now: PLAN_NOW,
  pipeline: { isFirstRun: false, deletedIn24h: 0, deletedP99: 0, runs: 30 },
  claims: [],
  approvals: [],
};
const PROVEN: Op['undo'] = { kind: 'quarantine', verified: true, fidelity: 'exact' };
const op = (path: string, given: Partial<Op> = {}): Op => ({
  ...deleteExample(path, { undo: PROVEN, ...given }),
  n: 0,
});

interface Changes {
  readonly header?: Partial<JudgedHeader>;
  readonly source?: Partial<PlanSource>;
  readonly listing?: Partial<PlanSource['listing']>;
  readonly facts?: Partial<JudgeFacts>;
  readonly pipeline?: Partial<JudgeFacts['pipeline']>;
  readonly policy?: Partial<GuardPolicy>;
  readonly ops?: readonly Op[];
}

function judged(changes: Changes = {}): Verdict {
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

const ruled = (verdict: Verdict): readonly RuleName[] => [
  ...new Set(verdict.objections.map(({ rule }) => rule)),
];

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

type ObjectionCase = readonly [string, RuleName, Decision, Changes, why: RegExp, fix: RegExp];
const unproven: Op['undo'] = { ...PROVEN, kind: 'none', verified: false, why: 'on another disk' };
const many = (count: number, given: Partial<Op> = {}): readonly Op[] =>
  Array.from({ length: count }, (_, n) => ({ ...op(`f${n}`, given), n }));

const CASES: readonly ObjectionCase[] = [
  ...(
    [
      [
        'no listing that says it is complete',
        { listing: { complete: 'unknown' } },
        /does not say so/,
      ],
      [
        'a part that could not be read',
        { listing: { complete: 'no', errors: ['x: EACCES'] } },
        /x: EACCES/,
      ],
      [
        'an error in a listing that says it is complete',
        { listing: { errors: ['x: EIO'] } },
        /x: EIO/,
      ],
      [
        'a sentinel that is missing',
        { listing: { sentinels: [{ name: 'index', ok: false }] } },
        /index is missing/,
      ],
      [
        'fewer than the source says it has',
        { listing: { expected: 1200 } },
        /990 of 1 200 entries/,
      ],
      ['more than the source says it has', { listing: { expected: 500 } }, /990 of 500 entries/],
      [
        'a filter that does not narrow the deletes',
        { listing: { filter: '--include=a' } },
        /narrowed by --include=a/,
      ],
      [
        'an empty source',
        { listing: { seen: 0, expected: 0 }, source: { before: { ...BEFORE, seen: 0 } } },
        /nothing was found/,
      ],
    ] as const
  ).map(
    ([what, changes, why]): ObjectionCase => [
      what,
      'complete',
      'additive-only',
      changes,
      why,
      /\w/,
    ],
  ),
  [
    'a first run',
    'scoped',
    'additive-only',
    { pipeline: { isFirstRun: true } },
    /first run/,
    /Run it again/,
  ],
  [
    'what others put there',
    'scoped',
    'additive-only',
    { ops: [op('x', { owner: 'other' })] },
    /not put there by this pipeline/,
    /holdfast guard run -- rm -r/,
  ],
  [
    'what nobody knows who put there',
    'scoped',
    'additive-only',
    { ops: [op('x', { owner: 'unknown' })] },
    /not put there/,
    /holdfast plan p-0123abcd/,
  ],
  [
    'what is replaced and is of others',
    'scoped',
    'additive-only',
    { ops: [op('x', { op: 'replace', cause: 'differs', owner: 'other' })] },
    /not put there/,
    /./,
  ],
  [
    'a path outside the scope',
    'scoped',
    'deny',
    { header: { scope: [byteString('pool')] } },
    /outside what the plan says/,
    /Make the plan anew/,
  ],
  [
    'a path that only begins like the scope',
    'scoped',
    'deny',
    { header: { scope: [byteString('pool')] }, ops: [op('pools/x')] },
    /outside/,
    /./,
  ],
  ['no scope at all', 'scoped', 'deny', { header: { scope: [] } }, /nothing may be touched/, /./],
  [
    'an explicit delete outside the scope',
    'scoped',
    'deny',
    { header: { scope: [byteString('a')] }, ops: [op('b', { cause: 'explicit' })] },
    /outside/,
    /./,
  ],
  [
    'a rename out of what is not in scope',
    'scoped',
    'deny',
    {
      header: { scope: [byteString('a')] },
      ops: [op('a/x', { op: 'rename', cause: 'new', from: byteString('b') })],
    },
    /outside/,
    /./,
  ],
  [
    'a candidate',
    'eligible-source',
    'deny',
    { source: { role: 'candidate' } },
    /is a candidate: it may be synced to, not from/,
    /holdfast promote build1:\/srv\/release --reason/,
  ],
  ['a replica', 'eligible-source', 'deny', { source: { role: 'replica' } }, /is a replica/, /./],
  [
    'a candidate that only overwrites',
    'eligible-source',
    'deny',
    { source: { role: 'candidate' }, ops: [op('x', { op: 'update', cause: 'differs' })] },
    /candidate/,
    /./,
  ],
  [
    'a machine that was re-imaged',
    'eligible-source',
    'deny',
    { source: { differs: [{ what: 'machine', was: 'a1', is: 'b2' }] } },
    /not the machine that was enrolled \(a1\)/,
    /promote/,
  ],
  [
    'another file system',
    'eligible-source',
    'deny',
    { source: { differs: [{ what: 'mount', was: 'uuid-1', is: '' }] } },
    /another file system.*none/,
    /is mounted/,
  ],
  [
    'another tree',
    'eligible-source',
    'deny',
    { source: { differs: [{ what: 'identity', was: 'a', is: 'b' }] } },
    /another tree/,
    /./,
  ],
  [
    'a path that must be there',
    'eligible-source',
    'deny',
    { source: { differs: [{ what: 'missing', was: 'wikiversions.php', is: '' }] } },
    /wikiversions\.php must be there/,
    /./,
  ],
  [
    'a source older than its target',
    'eligible-source',
    'deny',
    { header: { target: { ...HEADER.target, generation: 4 } } },
    /generation 3, older/,
    /./,
  ],
  [
    'a source older than last time',
    'eligible-source',
    'deny',
    { source: { generation: 2 } },
    /older/,
    /./,
  ],
  [
    'a source that has shrunk',
    'eligible-source',
    'hold',
    { listing: { seen: 700, expected: 700 } },
    /700 entries; last time it had 1 000: 30 % are gone/,
    /holdfast approve p-0123abcd/,
  ],
  [
    'no undo',
    'undo',
    'hold',
    { ops: [op('x', { undo: unproven })] },
    /1 entry could not be put back: on another disk/,
    /holdfast backup \/srv\/mirror; or holdfast approve/,
  ],
  [
    'an undo that was not tried',
    'undo',
    'hold',
    { ops: [op('x', { undo: { ...PROVEN, verified: false } })] },
    /could not be put back/,
    /./,
  ],
  [
    'an undo of a part',
    'undo',
    'hold',
    { ops: [op('x', { undo: { ...PROVEN, fidelity: 'partial' } })] },
    /could not/,
    /./,
  ],
  [
    'an undo that has run out',
    'undo',
    'hold',
    { ops: [op('x', { undo: { ...PROVEN, until: PLAN_NOW } })] },
    /could not/,
    /./,
  ],
  [
    'an overwrite without undo',
    'undo',
    'hold',
    { ops: [op('x', { op: 'update', cause: 'differs', undo: unproven })] },
    /could not/,
    /./,
  ],
  [
    'an explicit delete without undo',
    'undo',
    'hold',
    { ops: [op('x', { cause: 'explicit', undo: unproven })] },
    /could not/,
    /./,
  ],
  [
    'what takes along nobody knows what',
    'undo',
    'hold',
    { ops: [op('x', { cascade: 'unexpanded' })] },
    /would take along is not known/,
    /Name each thing/,
  ],
  [
    'a thing in use',
    'live',
    'hold',
    { ops: [op('x', { live: { state: 'in-use', evidence: 'open in nginx (pid 812)' } })] },
    /1 thing is in use: open in nginx \(pid 812\)/,
    /holdfast approve/,
  ],
  [
    'a thing that may be in use',
    'live',
    'hold',
    { ops: [op('x', { live: { state: 'unknown' } })] },
    /1 thing may be in use/,
    /./,
  ],
  [
    'an overwrite of what is in use',
    'live',
    'hold',
    { ops: [op('x', { op: 'update', cause: 'differs', live: { state: 'in-use' } })] },
    /in use/,
    /./,
  ],
  [
    'an explicit delete of what is in use',
    'live',
    'hold',
    { ops: [op('x', { cause: 'explicit', live: { state: 'in-use' } })] },
    /in use/,
    /./,
  ],
  [
    'more than its limit at once',
    'radius',
    'hold',
    { ops: many(151) },
    /151 deletions in 24 h; the limit here is 150/,
    /guard\.limits in holdfast\.yaml; or holdfast approve/,
  ],
  [
    'one directory with more than the limit in it',
    'radius',
    'hold',
    { ops: [op('d', { kind: 'dir', entries: 151 })] },
    /151 deletions/,
    /./,
  ],
  [
    'many small steps',
    'radius',
    'hold',
    { pipeline: { deletedIn24h: 95 }, ops: many(6) },
    /101 deletions in 24 h; the limit here is 20/,
    /./,
  ],
  [
    'a small tree of which most goes',
    'radius',
    'hold',
    {
      header: { target: { ...HEADER.target, entries: 35 } },
      ops: many(21),
      policy: { limits: { ...DEFAULT_POLICY.limits, deletesMin: 500 } },
    },
    /60 % of what lies there/,
    /./,
  ],
  [
    'the last thing there',
    'radius',
    'hold',
    { header: { target: { ...HEADER.target, entries: 1 } } },
    /0 entries would remain, and at least 1 must/,
    /./,
  ],
  [
    'what is replaced',
    'radius',
    'hold',
    { ops: many(151, { op: 'replace', cause: 'differs' }) },
    /151 deletions/,
    /./,
  ],
  [
    'many explicit deletes without undo',
    'radius',
    'hold',
    {
      policy: { modes: { ...DEFAULT_POLICY.modes, undo: 'observe' } },
      ops: many(151, { cause: 'explicit', undo: unproven }),
    },
    /151 deletions/,
    /./,
  ],
  [
    'a plan that has expired',
    'exact-plan',
    'deny',
    { header: { expires: PLAN_NOW } },
    /was good until/,
    /Make it anew/,
  ],
  [
    'frozen changes',
    'exact-plan',
    'hold',
    { facts: { freeze: { by: 'ann', reason: 'storage', until: unixMs(PLAN_NOW + hours(1)) } } },
    /frozen until .* by ann: storage/,
    /holdfast unfreeze/,
  ],
  [
    'a freeze that nobody can read',
    'exact-plan',
    'hold',
    { facts: { freeze: { by: 'unknown', reason: 'damaged', until: PLAN_NOW } } },
    /frozen by unknown/,
    /./,
  ],
  [
    'a claim of others',
    'exact-plan',
    'hold',
    {
      facts: {
        claims: [
          { place: 'tin', by: 'bob', reason: 're-imaging tin', until: unixMs(PLAN_NOW + hours(3)) },
        ],
      },
    },
    /bob has claimed tin until .*: re-imaging tin/,
    /Ask bob/,
  ],
  [
    'somebody who is at it',
    'exact-plan',
    'hold',
    { facts: { leaseHeldBy: 'p-1 (pid 7)' } },
    /being changed now by p-1/,
    /Let it end/,
  ],
  [
    'an agent',
    'exact-plan',
    'hold',
    { header: { actor: { name: 'bot@ci', kind: 'agent' } } },
    /bot@ci is an agent/,
    /A person looks at it: holdfast approve/,
  ],
];

for (const [what, rule, decision, changes, why, fix] of CASES) {
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
    { ops: many(500, { op: 'rename', cause: 'new', owner: 'other', from: byteString('x') }) },
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

const by = (person: string, given: { at?: number; namedTarget?: boolean } = {}) => ({
  person,
  at: unixMs(given.at ?? PLAN_NOW),
  namedTarget: given.namedTarget ?? false,
});

test('what cannot be undone needs two persons, or one and ten minutes', () => {
  const held = judged({ ops: [op('x', { undo: unproven })] });
  assert.deepEqual(held.needs, { approvals: 2, coolOffMs: minutes(10), namesTarget: false });
  const after = (approvals: readonly ReturnType<typeof by>[], now = PLAN_NOW) =>
    releaseVerdict(held, { now, approvals }).decision;
  assert.equal(after([]), 'hold');
  assert.equal(after([by('ann')]), 'hold');
  assert.equal(after([by('ann'), by('ann')]), 'hold', 'one person twice is one person');
  assert.equal(after([by('ann'), by('bob')]), 'allow');
  assert.equal(after([by('ann')], unixMs(PLAN_NOW + minutes(10) - 1)), 'hold');
  assert.equal(after([by('ann')], unixMs(PLAN_NOW + minutes(10))), 'allow');
  const never = judged({
    policy: { approvals: { persons: 2, coolOffMs: undefined } },
    ops: [op('x', { undo: unproven })],
  });
  assert.equal(
    releaseVerdict(never, { now: unixMs(PLAN_NOW + hours(99)), approvals: [by('ann')] }).decision,
    'hold',
  );
});

test('what can be put back needs one person; what is in use, one who named the target', () => {
  const wide = judged({ ops: many(151) });
  assert.equal(releaseVerdict(wide, { now: PLAN_NOW, approvals: [by('ann')] }).decision, 'allow');
  const live = judged({ ops: [op('x', { live: { state: 'in-use' } })] });
  assert.deepEqual(live.needs, { approvals: 1, namesTarget: true });
  assert.equal(releaseVerdict(live, { now: PLAN_NOW, approvals: [by('ann')] }).decision, 'hold');
  const named = [by('ann', { namedTarget: true })];
  const released = releaseVerdict(live, { now: PLAN_NOW, approvals: named });
  assert.equal(released.decision, 'allow');
  assert.equal(released.objections[0]?.releasedBy, 'ann');
});

const INVARIANT: readonly Changes[] = [
  { listing: { complete: 'no' } },
  { pipeline: { isFirstRun: true } },
  { source: { role: 'candidate' } },
  { header: { expires: PLAN_NOW } },
  { facts: { freeze: { by: 'ann', reason: 'x', until: unixMs(PLAN_NOW + 1) } } },
  { facts: { claims: [{ place: 'tin', by: 'bob', reason: 'x', until: unixMs(PLAN_NOW + 1) }] } },
];
for (const changes of INVARIANT) {
  const verdict = judged(changes);
  test(`no approval releases ${ruled(verdict).join()} (${verdict.objections[0]?.why}); broken glass does`, () => {
    const approvals = ['ann', 'bob', 'eve'].map((name) => by(name, { namedTarget: true }));
    const approved = releaseVerdict(verdict, { now: unixMs(PLAN_NOW + hours(1)), approvals });
    assert.equal(approved.decision, verdict.decision);
    const breakGlass = { by: 'root@hv1', reason: 'tin is all there is' };
    const broken = releaseVerdict(verdict, { now: PLAN_NOW, approvals: [], breakGlass });
    assert.equal(broken.decision, 'allow');
    assert.match(broken.objections[0]?.releasedBy ?? '', /root@hv1, break-glass: tin is all/);
  });
}

test('approvals release what they may, and the rest still stands', () => {
  const verdict = judged({ listing: { complete: 'no' }, ops: many(151) });
  assert.equal(verdict.decision, 'hold');
  const approved = releaseVerdict(verdict, { now: PLAN_NOW, approvals: [by('ann')] });
  assert.equal(approved.decision, 'additive-only');
});
