import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deleteExample } from '../../../test/guard/plan-example.ts';
import { byteString } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { Op } from '../../base/plan.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import { isApproved, uncovered } from './covered.ts';

// Goal: what was approved covers exactly its subsets, of the same objects. Method: random plans
// and parts of them; then every member of one operation changed by itself.

const SEED = Number(process.env.SEED ?? 20170329);
const RUNS = { seed: SEED, numRuns: 500 };

const verbs: readonly Partial<Op>[] = [
  {},
  { op: 'update', cause: 'differs' },
  { op: 'update', cause: 'differs', attributesOnly: true },
  { op: 'create', cause: 'new' },
  { op: 'replace', kind: 'dir', entries: 9 },
];

const isCovered = (asked: readonly Op[], approved: readonly Op[]): boolean =>
  [...uncovered(asked, approved)].length === 0;

const plans = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-c./]{1,6}$/), fc.nat(verbs.length - 1)), {
    selector: ([path]) => path,
    maxLength: 30,
  })
  .map((given) =>
    given
      .map(([path, verb]) => deleteExample(path, verbs[verb]))
      .sort((a, b) => comparePaths(a.path, b.path)),
  );

const numbered = (ops: readonly Omit<Op, 'n'>[]): readonly Op[] =>
  ops.map((op, n) => ({ ...op, n }));

test('a part of what was approved is covered, whatever was left out or created besides', () => {
  fc.assert(
    fc.property(plans, fc.infiniteStream(fc.boolean()), (whole, kept) => {
      const part = whole.filter((op) => {
        const isKept = kept.next().value === true;
        return isKept || !isApproved({ ...op, n: 0 });
      });
      assert.equal(isCovered(numbered(part), numbered(whole)), true);
    }),
    RUNS,
  );
});

test('one destructive operation more, and it is not', () => {
  fc.assert(
    fc.property(plans, fc.nat(), (whole, at) => {
      const destructive = whole.filter((op) => isApproved({ ...op, n: 0 }));
      const more = destructive[at % Math.max(1, destructive.length)];
      if (more === undefined) return;
      const less = whole.filter((op) => op !== more);
      assert.equal(isCovered(numbered(whole), numbered(less)), false);
    }),
    RUNS,
  );
});

test('each member that makes it another or a worse operation is seen', () => {
  const approved = numbered([deleteExample('a', { live: { state: 'unknown' } })]);
  const precond = deleteExample('a').precond;
  assert.ok(precond !== undefined);
  const worse: readonly Partial<Op>[] = [
    { op: 'replace' },
    { kind: 'dir' },
    { path: byteString('b') },
    { entries: 2 },
    { bytes: 101 },
    { newest: unixMs(1_900_000_000_000) },
    { owner: 'other' },
    { cause: 'explicit' },
    { cascade: 'unexpanded' },
    { cls: 'identity' },
    { live: { state: 'in-use' } },
    { undo: { kind: 'vault', verified: false, fidelity: 'exact' } },
    { undo: { kind: 'none', verified: false, fidelity: 'partial' } },
    ...Object.keys(precond).map((key) => ({ precond: { ...precond, [key]: 77 } })),
  ];
  for (const given of worse) {
    const asked = numbered([deleteExample('a', { live: { state: 'unknown' }, ...given })]);
    assert.equal(isCovered(asked, approved), false, Object.keys(given).join());
  }
  assert.equal(isCovered(numbered([deleteExample('a')]), approved), true, 'idle now is no worse');
});
