// Goal: a month is told from two looks that are far enough apart, of one way to measure, and else not at all;
// what is kept stays small and keeps the oldest. Method: looks at given times; random ones as properties.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { days, GIB, hours, unixMs } from '../../base/units.ts';
import { growthOf, type RepositorySize, SIZE_SPACING, withSize } from './repository-size.ts';

const START = 1_790_000_000_000;
const at = (hour: number, bytes: number, by: RepositorySize['by'] = 'disk'): RepositorySize => ({
  ...{ at: unixMs(START + hour * hours(1)), bytes, by },
});
const kept = (...all: readonly RepositorySize[]): readonly RepositorySize[] =>
  all.reduce<readonly RepositorySize[]>(withSize, []);

test('one look says how much, two nights say what a month adds', () => {
  assert.equal(growthOf([]), undefined);
  assert.equal(growthOf(kept(at(0, GIB)))?.monthBytes, undefined);
  assert.equal(growthOf(kept(at(0, GIB), at(19, 2 * GIB)))?.monthBytes, undefined);
  const day = growthOf(kept(at(0, GIB), at(24, 2 * GIB)));
  assert.deepEqual([day?.monthBytes, day?.basisMs], [30 * GIB, days(1)]);
  assert.equal(growthOf(kept(at(0, 2 * GIB), at(24, GIB)))?.monthBytes, -30 * GIB);
});

test('another way to measure, and a clock that was set back, begin anew', () => {
  assert.equal(growthOf(kept(at(0, GIB), at(48, 9 * GIB, 'tool')))?.monthBytes, undefined);
  assert.deepEqual(kept(at(48, GIB), at(0, GIB)), [at(0, GIB)]);
});

test('looks each hour for half a year: the oldest of the last month is what it rests on', () => {
  const all = Array.from({ length: 24 * 180 }, (_, hour) => at(hour, hour * GIB));
  const sizes = kept(...all);
  assert.ok(sizes.length <= 60);
  const growth = growthOf(sizes);
  assert.equal(growth?.monthBytes, 720 * GIB);
  assert.ok((growth.basisMs ?? 0) > days(29) && (growth.basisMs ?? 0) <= days(30));
});

test('whatever the looks: bounded, in order, of one way, apart but for the last', () => {
  const look = fc.record({
    at: fc.integer({ min: START, max: START + days(90) }).map(unixMs),
    bytes: fc.nat(),
    by: fc.constantFrom('disk' as const, 'tool' as const),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 200 }), (looks) => {
      const sizes = kept(...looks);
      assert.ok(sizes.length <= 60);
      assert.deepEqual(sizes.at(-1), looks.at(-1));
      assert.ok(new Set(sizes.map(({ by }) => by)).size <= 1);
      for (const [no, size] of sizes.slice(1).entries()) {
        const gap = size.at - (sizes[no]?.at ?? 0);
        assert.ok(gap > 0);
        if (no + 2 < sizes.length) assert.ok(gap >= SIZE_SPACING, String(gap));
      }
    }),
    { numRuns: 300, seed: 11 },
  );
});
