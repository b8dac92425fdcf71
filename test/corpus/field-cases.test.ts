import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleName, Verdict } from '../../src/base/plan.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import { DEFAULT_POLICY } from '../../src/guard/core/guard-policy.ts';
import { judgePlan } from '../../src/guard/core/judge.ts';
import { FIELD_CASES } from './field-cases.ts';
import type { CasePlan } from './field-case.ts';
import type { JudgeFacts } from '../../src/guard/core/judge-facts.ts';
import { planOf } from './ordinary-plan.ts';

// Goal: none of the wipe-outs that became public would pass, and the ordinary change beside each
// does. Method: each as a plan through the judge with nothing configured: the verdict, the rules
// that must object, and that each objection says why and what to do.

function judged(plan: CasePlan, more: Partial<JudgeFacts> = {}): Verdict {
  const { header, facts, ops } = planOf(plan);
  return judgePlan({ header, facts: { ...facts, ...more }, policy: DEFAULT_POLICY }, ops);
}

/** Everybody has signed and named the target, long ago. */
function approvedByAll(plan: CasePlan): Verdict {
  const { now } = planOf(plan).facts;
  const approvals = ['ann', 'bob', 'eve'].map((person) => {
    return { person, at: unixMs(now - hours(1)), namedTarget: true };
  });
  return judged(plan, { approvals });
}

const INVARIANT: ReadonlySet<RuleName> = new Set([
  'complete',
  'scoped',
  'eligible-source',
  'exact-plan',
]);

function saidOf(verdict: Verdict): string {
  return verdict.objections
    .map(({ rule, effect, why }) => `${rule} (${effect}): ${why}`)
    .join('\n');
}

for (const { name, plan, expect, twin } of FIELD_CASES) {
  test(`${name}: ${expect.decision}`, () => {
    const verdict = judged(plan);
    const rules = verdict.objections.map(({ rule }) => rule);
    assert.equal(verdict.decision, expect.decision, saidOf(verdict));
    for (const rule of expect.rules) {
      assert.ok(rules.includes(rule), `${rule} is silent:\n${saidOf(verdict)}`);
    }
    for (const { why, fix } of verdict.objections) {
      assert.match(why, /\w/);
      assert.match(fix, /\w/);
    }
  });

  test(`${name}, its twin: allow (${twin.story})`, () => {
    const verdict = judged(twin.plan);
    assert.equal(verdict.decision, 'allow', saidOf(verdict));
  });
}

for (const { name, plan } of FIELD_CASES) {
  const isBroken = judged(plan).objections.some((each) => {
    return INVARIANT.has(each.rule) && each.isInvariant;
  });
  test(`${name}, signed by all: ${isBroken ? 'still not' : 'released'}`, () => {
    const { decision } = approvedByAll(plan);
    if (isBroken) assert.ok(decision === 'additive-only' || decision === 'deny', decision);
    else assert.equal(decision, 'allow');
  });

  test(`${name}: root on the spot may, and what was said stays`, () => {
    const verdict = judged(plan, { breakGlass: { by: 'root@pts/8', reason: 'it is meant so' } });
    assert.equal(verdict.decision, 'allow');
    assert.equal(verdict.objections.length, judged(plan).objections.length);
  });
}

/** So many times smaller, with the same share of the tree. */
function milder(plan: CasePlan, times: number): CasePlan {
  const ops = plan.ops.map((op) => ({
    ...op,
    count: Math.max(1, Math.floor((op.count ?? 1) / times)),
  }));
  return { ...plan, ops };
}

/** Nothing is lost by it: that of a tenth a release may go unasked is what limits say. */
const HARMLESS = 'a directory renamed at the source';

for (const { name, plan } of FIELD_CASES.filter((each) => each.name !== HARMLESS)) {
  test(`${name}, four times and ten times milder: still not let pass`, () => {
    for (const times of [4, 10]) {
      const verdict = judged(milder(plan, times));
      assert.notEqual(verdict.decision, 'allow', `${times} times milder`);
    }
  });
}

test('every case is told somewhere, once, and its rules are not all one', () => {
  const names = FIELD_CASES.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { told, story } of FIELD_CASES) assert.ok(told.length > 0 && story.length > 0);
  const rules = new Set(FIELD_CASES.flatMap(({ expect }) => expect.rules));
  assert.deepEqual([...rules].sort(), [
    'complete',
    'eligible-source',
    'exact-plan',
    'live',
    'radius',
    'scoped',
    'undo',
  ]);
});
