// Goal: an estate that is made anew has the objects of the one before wherever it says the same.
// Method: random lists of points that come, go, move and change; the rule itself is the oracle.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { finished } from '../../base/steps.ts';
import { unixMs } from '../../base/units.ts';
import type { Estate, RecoveryPoint } from './estate.ts';
import { withSameObjects } from './same-objects.ts';

const NUM_RUNS = 300;

const arbitraryPoints = fc.uniqueArray(fc.record({ id: fc.nat(30), at: fc.nat(2) }), {
  selector: ({ id }) => id,
  maxLength: 20,
});

function pointsOf(of: readonly { readonly id: number; readonly at: number }[]): RecoveryPoint[] {
  return of.map(({ id, at }) => ({
    ...{ id: `p${id}`, dataSet: 'd', vault: 'v', coveredUpTo: unixMs(at) },
    ...{ isTorn: false, gapCount: 0, exists: [] },
  }));
}

function estateWith(points: readonly RecoveryPoint[]): Estate {
  return {
    ...{ dataSets: [], points, vaults: [], keys: [], drills: [], found: [], readers: [] },
    clockSkewMax: 0 as Estate['clockSkewMax'],
  };
}

test('what says the same is the same object, wherever it stands now', () => {
  let kept = 0;
  fc.assert(
    fc.property(arbitraryPoints, arbitraryPoints, fc.nat(20), (olds, news, mixed) => {
      const before = estateWith(pointsOf(olds));
      // Some are the very objects of before, in another order; the others were read anew.
      const still = before.points.slice(0, mixed);
      const names = new Set(still.map(({ id }) => id));
      const anew = pointsOf(news).filter(({ id }) => !names.has(id));
      const after = estateWith([...anew, ...[...still].reverse()]);
      const made = finished(withSameObjects(after, before));
      assert.deepEqual(made, after);
      const known = new Map(before.points.map((point) => [JSON.stringify(point), point]));
      for (const point of made.points) {
        const was = known.get(JSON.stringify(point));
        if (was === undefined) continue;
        assert.equal(point, was);
        kept += 1;
      }
    }),
    { numRuns: NUM_RUNS },
  );
  assert.ok(kept > NUM_RUNS, `liveness: ${kept} kept`);
});

test('a list of which all is as it was is the list of before', () => {
  const of = [1, 2, 3].map((id) => ({ id, at: 0 }));
  const before = estateWith(pointsOf(of));
  assert.equal(finished(withSameObjects(estateWith(pointsOf(of)), before)).points, before.points);
  const fewer = finished(withSameObjects(estateWith(before.points.slice(1)), before));
  assert.deepEqual(fewer.points, before.points.slice(1));
});
