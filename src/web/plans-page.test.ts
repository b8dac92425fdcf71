// Goal: a page says of a plan how it stands: waiting while somebody has to sign, approved once what was signed is
// enough and never where no approval releases it, and nothing of what was let go of could be put back.
// Method: the held plan of the invented estate, one thing of it changed at a time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { samplePlans } from '../../test/web/sample-plans.ts';
import { sampleShown } from '../../test/web/sample.ts';
import { unixMs } from '../base/units.ts';
import { planPart } from './plan-page.ts';
import { approveLine, onHostLine } from './plan-words.ts';
import { plansPart } from './plans-page.ts';
import type { PlanShown } from './shown.ts';

const shown = sampleShown();
const { at } = shown;
const MINUTE = 60_000;

function heldPlan(): PlanShown {
  const [plan] = samplePlans(at).plans;
  assert.ok(plan !== undefined);
  return plan;
}

const held = heldPlan();
const signed = (person: string, minutes: number) => ({
  ...{ person, at: unixMs(at - minutes * MINUTE) },
});

function textOf(markup: string): string {
  return markup.replaceAll(/<[^>]*>/g, '').replaceAll(/\s+/g, ' ');
}

function lead(change: Partial<PlanShown>): string {
  const plans = { plans: [{ ...held, ...change }], notSeen: [], unsaid: [], leftOut: 0 };
  const [, said = ''] = /<h1 class="say">(.*?)<\/h1>/.exec(plansPart({ plans, at }).markup) ?? [];
  return textOf(said);
}

function page(change: Partial<PlanShown>): string {
  const plans = { plans: [{ ...held, ...change }], notSeen: [], unsaid: [], leftOut: 0 };
  return textOf(planPart({ ...shown, plans }, held).markup);
}

test('one of two persons has signed: it waits, until the time to cool off is over', () => {
  const early = { approvals: [signed('ann', 9)] };
  assert.equal(lead(early), '1 plan waits for approval.');
  assert.match(page(early), /Held for approval/);
  const late = { approvals: [signed('ann', 10)] };
  assert.equal(lead(late), '1 plan is approved and not applied yet.');
  assert.match(page(late), /Approved, not applied yet/);
  assert.doesNotMatch(page(late), /To approve/);
});

test('one person twice is one; two are enough at once', () => {
  assert.equal(
    lead({ approvals: [signed('ann', 1), signed('ann', 2)] }),
    '1 plan waits for approval.',
  );
  assert.equal(
    lead({ approvals: [signed('ann', 1), signed('ben', 2)] }),
    '1 plan is approved and not applied yet.',
  );
});

test('what no approval releases is never called approved', () => {
  const firm = { canBeApproved: false, approvals: [signed('ann', 60), signed('ben', 60)] };
  assert.equal(lead(firm), '1 plan is stopped by what no approval releases.');
  assert.doesNotMatch(page(firm), /Approved, not applied/);
});

test('what was begun neither waits for approval nor is stopped by a rule', () => {
  for (const state of ['under-way', 'stopped'] as const) {
    for (const canBeApproved of [true, false]) {
      assert.equal(lead({ state, canBeApproved }), '1 plan was begun and has not ended.');
    }
  }
});

test('of what was let go of, no page says that it could be put back', () => {
  const { result } = held;
  assert.ok(result !== undefined);
  assert.match(page({ state: 'applied' }), /is put back by renames/);
  const gone = page({ state: 'released', result: { ...result, outcome: 'released' } });
  assert.match(gone, /It cannot be put back any more/);
  assert.doesNotMatch(gone, /put back by renames|holdfast undo/);
});

test('a user whose name ssh takes for an option is to be filled in, and is in no command', () => {
  for (const user of ['-oProxyCommand', '-l', "a'b", 'a b', '']) {
    const lines = [approveLine({ ...held, user }), onHostLine({ ...held, user }, 'holdfast plan')];
    for (const line of lines) assert.match(line, / USER@/, user);
  }
  assert.match(onHostLine({ ...held, user: '_www-data' }, 'x'), /^ssh _www-data@/);
});

test('a page asks anew when a plan has cooled off, and when it expires', () => {
  const turnsOf = (change: Partial<PlanShown>): number | undefined => {
    const plans = { plans: [{ ...held, ...change }], notSeen: [], unsaid: [], leftOut: 0 };
    const { markup } = planPart({ ...shown, plans }, held);
    const [, ms] = /data-turns="(\d+)"/.exec(markup) ?? [];
    return ms === undefined ? undefined : Number(ms);
  };
  const expires = unixMs(at + 60 * MINUTE);
  assert.equal(turnsOf({ expires, approvals: [] }), 60 * MINUTE);
  // Of ten minutes to cool off four are over.
  assert.equal(turnsOf({ expires, approvals: [signed('ann', 4)] }), 6 * MINUTE);
  assert.equal(turnsOf({ expires, approvals: [signed('ann', 11)] }), 60 * MINUTE);
  assert.equal(turnsOf({ state: 'applied', expires }), undefined);
});
