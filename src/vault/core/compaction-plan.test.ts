// Goal: what is chosen frees or merges something, costs no more than it may, and comes to rest: what was
// written anew is not written again. Method: properties over packs of any size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MIB } from '../../base/units.ts';
import { type CompactablePack, COMPACTION, planCompaction } from './compaction-plan.ts';
import { PACK_TARGET } from './pack.ts';

const pack = fc
  .record({
    groupsBytes: fc.integer({ min: 1, max: PACK_TARGET }),
    live: fc.double({ min: 0.001, max: 1, noNaN: true }),
    kind: fc.constantFrom(1 as const, 2 as const),
  })
  .map(({ groupsBytes, live, kind }) => ({
    ...{ kind, groupsBytes, sizeBytes: groupsBytes + 200 },
    liveBytes: Math.max(1, Math.floor(groupsBytes * live)),
  }));
const packs = fc
  .array(pack, { maxLength: 60 })
  .map((all) => all.map((each, at): CompactablePack => ({ ...each, name: String(at) })));

test('no pack twice, no kinds mixed, none too large, never more than the budget', () => {
  fc.assert(
    fc.property(packs, fc.integer({ min: 0, max: 300 * MIB }), (all, moveBytesMax) => {
      const plan = planCompaction(all, { ...COMPACTION, moveBytesMax });
      const names = plan.bins.flat().map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      assert.ok(plan.moveBytes <= moveBytesMax);
      for (const bin of plan.bins) {
        assert.equal(new Set(bin.map(({ kind }) => kind)).size, 1);
        const bytes = bin.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
        assert.ok(bytes <= PACK_TARGET || bin.length === 1);
        const isSparse = bin.some(({ liveBytes, groupsBytes }) => liveBytes < groupsBytes);
        assert.ok(isSparse || bin.length >= COMPACTION.mergeCountMin);
      }
    }),
  );
});

test('run again and again over the same vault it comes to rest', () => {
  let moves = 0;
  fc.assert(
    fc.property(packs, (first) => {
      let all: readonly CompactablePack[] = first;
      for (let run = 0; run < 4; run++) {
        const { bins } = planCompaction(all, COMPACTION);
        if (bins.length === 0) return;
        moves += bins.length;
        const gone = new Set(bins.flat());
        const made = bins.map((bin, at): CompactablePack => {
          const bytes = bin.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
          const [{ kind } = { kind: 1 as const }] = bin;
          const sizes = { groupsBytes: bytes, liveBytes: bytes, sizeBytes: bytes + 200 };
          return { ...sizes, kind, name: `${run}/${at}` };
        });
        all = [...all.filter((each) => !gone.has(each)), ...made];
      }
      assert.deepEqual(planCompaction(all, COMPACTION).bins, []);
    }),
  );
  assert.ok(moves > 100, 'liveness');
});

test('what the budget has no room for is said', () => {
  const sparse = {
    kind: 1,
    sizeBytes: 30 * MIB,
    groupsBytes: 30 * MIB,
    liveBytes: 10 * MIB,
  } as const;
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ ...sparse, name }));
  const plan = planCompaction(all, { ...COMPACTION, moveBytesMax: 40 * MIB });
  assert.deepEqual([plan.bins.length, plan.moveBytes], [1, 30 * MIB]);
  assert.deepEqual([plan.freeBytes, plan.laterBytes], [60 * MIB, 60 * MIB]);
});
