// Goal: a rule of a team objects to what it says true of, and to what it cannot say: a missing key, an
// error, no boolean, a pattern without end. What is no rule is refused when it is read.
// Method: rules over small plans; a regular expression that takes longer than the world exists.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteExample, headerExample, PLAN_NOW } from '../../../test/guard/plan-example.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op, PlanSource } from '../../base/plan.ts';
import { DEFAULT_POLICY } from '../../guard/core/guard-policy.ts';
import { judgePlan } from '../../guard/core/judge.ts';
import type { OwnRuleFound } from '../../guard/core/own-rules.ts';
import { NEW_PIPELINE } from '../../guard/core/judge-facts.ts';
import { celRules } from './cel-rules.ts';

const SOURCE: PlanSource = {
  ...{ place: 'build1:/srv', identity: 'r', role: 'source', generation: 1, differs: [] },
  listing: {
    ...{ complete: 'yes', filter: null, filterNarrowsDeletes: false, seen: 10, errors: [] },
    ...{ sentinels: [], readAt: PLAN_NOW },
  },
};
const WORDS = { name: 'mine', why: 'because', fix: 'do it' };
const numbered = (ops: readonly Omit<Op, 'n'>[]): readonly Op[] =>
  ops.map((op, n) => ({ ...op, n }));
const OPS = numbered([
  deleteExample('.git/HEAD'),
  deleteExample('big', { bytes: 5_000_000_000 }),
  deleteExample('new', { op: 'create', cause: 'new' }),
]);

function found(hold: string, ops = OPS, timeMaxMs = 20_000): OwnRuleFound {
  const [rule] = celRules([{ ...WORDS, hold }], 'f.yaml', { timeMaxMs });
  const run = rule?.begin(headerExample({ source: SOURCE }));
  for (const op of ops) run?.add(op);
  return run?.end() ?? { objects: false, opCount: 0, sample: [] };
}

const TRUE_OF: readonly (readonly [string, readonly number[]])[] = [
  ["op.op == 'delete' && op.path.startsWith('.git/')", [0]],
  ['op.bytes > 1000000000', [1]],
  ["op.op == 'create'", [2]],
  ["op.cause in ['absent-in-source'] && op.entries >= 1", [0, 1]],
  ["op.live == 'idle' && !op.undo.verified", [0, 1, 2]],
  ["plan.pipeline.startsWith('rsync:') && op.path == 'big'", [1]],
  ["source.role == 'source' && target.place == '/srv/mirror' && op.n == 0", [0]],
  ['has(op.newest) && op.newest < plan.created', [0, 1, 2]],
  ["op.path.matches('^[.]git/')", [0]],
  ["op.kind == 'socket'", []],
];
for (const [rule, sample] of TRUE_OF) {
  test(`of each operation: ${rule}`, () => {
    const answer = found(rule);
    assert.deepEqual(answer.sample, sample, answer.failed);
    assert.equal(answer.opCount, sample.length);
    assert.equal(answer.objects, sample.length > 0);
    assert.equal(answer.failed, undefined);
  });
}

const OF_PLAN: readonly (readonly [string, boolean])[] = [
  ["summary['delete'].ops > 1", true],
  ['summary.create.entries > 1', false],
  ['source.listing.seen < 11 && target.entries == 1000', true],
  ["plan.actor.kind == 'service'", true],
  ['plan.created.getFullYear() > 2100', false],
  ["plan.scope.exists(path, path == '')", true],
];
for (const [rule, objects] of OF_PLAN) {
  test(`of the plan as a whole: ${rule}`, () => {
    const answer = found(rule);
    assert.equal(answer.failed, undefined);
    assert.equal(answer.objects, objects);
    assert.equal(answer.opCount, 0);
  });
}

const UNDECIDED: readonly (readonly [string, RegExp])[] = [
  ['op.colour == "red"', /No such key: colour/],
  ['plan.reason.startsWith("x")', /No such key: reason/],
  ['op.path', /neither true nor false/],
  ['op.bytes', /neither true nor false/],
  ['op.entries / 0 > 1', /./],
  ['op.path > 7', /./],
  ["op.path.matches('(')", /./],
  ['source.before.seen > 1', /before/],
];
for (const [rule, why] of UNDECIDED) {
  test(`what cannot be decided objects: ${rule}`, () => {
    assert.match(found(rule).failed ?? '', why);
  });
}

test('a pattern without end is ended, and objects', () => {
  const path = byteString(`${'a'.repeat(60)}!`);
  const ops = numbered([deleteExample('a', { path })]);
  assert.equal(found("op.path.matches('^(a+)+$')", ops, 200).failed, 'it took too long');
});

test('many operations are asked in batches, and none is left out', () => {
  const ops = numbered(Array.from({ length: 5000 }, (_, n) => deleteExample(`f${n}`)));
  assert.equal(found("op.op == 'delete'", ops).opCount, 5000);
  assert.equal(found("op.op == 'delete'", ops).sample.length, 10);
});

test('paths are text: what is no UTF-8 shows a replacement, and the rule goes on', () => {
  const ops = numbered([deleteExample('x', { path: byteString('gr\xc3\xbc\xc3\x9fe-\xff') })]);
  assert.equal(found("op.path.startsWith('grüße-')", ops).opCount, 1);
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['op.path ==', /guard\.rules, mine: /],
  ['colour == "red"', /Unknown variable: colour/],
  ['1 + 1', /it answers int/],
  ['op.entries > 1 && summary.create.ops > 1', /Unknown variable: summary/],
  ['nothing()', /./],
];
for (const [rule, why] of REFUSED) {
  test(`what is no rule is refused: ${rule}`, () => {
    assert.throws(
      () => found(rule),
      (error) =>
        error instanceof Fault && error.code === 'HF_CONFIG_INVALID' && why.test(error.message),
    );
  });
}

test('a rule is judged with the others: held, denied, observed, undecided', () => {
  const verdictBy = (rule: { hold?: string; deny?: string; mode?: 'observe' }) => {
    const own = celRules([{ ...WORDS, ...rule }], 'f.yaml');
    const facts = {
      ...{ now: PLAN_NOW, claims: [], approvals: [] },
      pipeline: { ...NEW_PIPELINE, isFirstRun: false },
    };
    const create = OPS.filter(({ op }) => op === 'create');
    return judgePlan(
      { header: headerExample(), facts, policy: { ...DEFAULT_POLICY, own } },
      create,
    );
  };
  const held = verdictBy({ hold: "op.path == 'new'" });
  assert.equal(held.decision, 'hold');
  assert.deepEqual(
    held.objections.map(({ rule, why, fix }) => [rule, why, fix]),
    [['own:mine', 'because', 'do it']],
  );
  assert.equal(held.needs.approvals, 1);
  const denied = verdictBy({ deny: "op.path == 'new'" });
  assert.equal(denied.decision, 'deny');
  assert.equal(denied.objections[0]?.isInvariant, true);
  assert.equal(verdictBy({ hold: 'true', mode: 'observe' }).decision, 'allow');
  const undecided = verdictBy({ hold: 'op.x' });
  assert.equal(undecided.decision, 'hold');
  assert.match(undecided.objections[0]?.why ?? '', /could not be decided.*No such key: x/);
  assert.match(undecided.objections[0]?.fix ?? '', /guard\.rules, mine/);
  assert.equal(verdictBy({ hold: 'false' }).passed.at(-1), 'own:mine');
});
