// Goal: approvals release what they may and nothing else, when they are enough; broken glass releases
// all, and everything that was said still stands there.
// Method: plans that one rule holds, and persons who sign at times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Changes,
  judged,
  many,
  op,
  ruled,
  unproven,
} from '../../../test/guard/judged-example.ts';
import { PLAN_NOW } from '../../../test/guard/plan-example.ts';
import { hours, minutes, unixMs } from '../../base/units.ts';
import { releaseVerdict } from './release.ts';

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
