// Goal: a view that was kept from step to step says what one that is made anew says, whatever changed
// and however much time passed; and a view that was made before does not change under its reader.
// Method: random estates and changes as the index's own test has them; whole views as the oracle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryEstate, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import {
  at,
  COPY,
  ESTATE as RECOVERY,
  pointOf,
  setAt,
} from '../../../../test/watch/recovery-example.ts';
import { unixMs } from '../../../base/units.ts';
import type { Estate, Service } from '../estate.ts';
import { type ExposureIndex, exposureIndex } from './exposure-index.ts';
import { exposureView } from './exposure-view.ts';
import type { ExposureView } from './view.ts';
import { type ViewParts, viewParts } from './view-parts.ts';

const SEED = Number(process.env.SEED ?? 20150105);
const RUNS = { seed: SEED, numRuns: Number(process.env.RUNS ?? 60) };
const SERVICE: Omit<Service, 'name' | 'dataSets'> = {
  ...{ unseen: [], tier: 1, dependsOn: [], owners: [], runbook: undefined },
  promise: { mayLoseMs: 600_000, backWithinMs: 600_000 },
};
/** So many that one change is few of all. */
const PARTS = 6;

/** Data sets of several estates side by side, all in the vaults of the first. */
function joined(parts: readonly Estate[]): Estate {
  const [first] = parts;
  assert.ok(first !== undefined);
  return {
    ...first,
    dataSets: parts.flatMap(({ dataSets }, at) =>
      dataSets.map((set) => ({
        ...set,
        name: `data${at}`,
        ...(at % 2 === 0 ? { promise: { mayLoseMs: 600_000, backWithinMs: undefined } } : {}),
      })),
    ),
    points: parts.flatMap(({ points }, at) =>
      points.map((point) => ({ ...point, dataSet: `data${at}` })),
    ),
    drills: parts.flatMap(({ drills }, at) =>
      drills.map((drill) => ({ ...drill, dataSet: `data${at}` })),
    ),
    services: [
      { ...SERVICE, name: 'one', dataSets: ['data0', 'data1'] },
      { ...SERVICE, name: 'two', dataSets: ['data2'], dependsOn: ['one'] },
    ],
  };
}

const steps = fc.array(
  fc.record({
    laterMs: fc.constantFrom(0, 1, 60_000, 299_000, 400_000, 1_000_000),
    at: fc.nat(PARTS - 1),
    what: fc.constantFrom('none', 'set', 'gone', 'all', 'point'),
    from: arbitraryEstate,
  }),
  { minLength: 1, maxLength: 6 },
);

/** Read to its end: nothing that is made when it is asked for is left out. */
function read(view: ExposureView): unknown {
  return JSON.parse(
    JSON.stringify(view, (key, value: unknown) =>
      // In any order, and a path twice, it is the same directory.
      key === 'spared' && Array.isArray(value) ? [...new Set<unknown>(value)].sort() : value,
    ),
  );
}

function foundOf({ dataSets }: ExposureView): ReadonlyMap<string, unknown> {
  return new Map(dataSets.map(({ name, best, copies }) => [name, { best, copies }]));
}

test(`a view that is kept says what a new one says (SEED=${SEED})`, () => {
  let kept = 0;
  const estates = fc.array(arbitraryEstate, { minLength: PARTS, maxLength: PARTS });
  fc.assert(
    fc.property(estates, steps, (first, changes) => {
      let parts: Estate[] = [...first];
      let now = NOW;
      let estate = joined(parts);
      let index: ExposureIndex = exposureIndex(estate, now);
      let made: ViewParts = viewParts(index);
      for (const { laterMs, at, what, from } of changes) {
        const old = exposureView(index, made);
        const unread = exposureView(index, made);
        const wasRead = read(old);
        parts = parts.map((part, nth) => {
          if (what === 'all') return { ...from, dataSets: part.dataSets };
          if (nth !== at || what === 'none') return part;
          if (what === 'gone') return { ...part, dataSets: [], points: [], drills: [] };
          const own = what === 'set' ? from.dataSets : part.dataSets;
          return { ...part, dataSets: own, points: from.points, drills: from.drills };
        });
        const next = joined(parts);
        // What did not change is the same object, as at a server.
        estate = what === 'none' ? estate : sameObjects(next, estate);
        now = unixMs(now + laterMs);
        const before = new Set(index.entries);
        index = exposureIndex(estate, now, index);
        made = viewParts(index, made);
        kept += index.entries.filter((entry) => before.has(entry)).length;
        assert.deepEqual(read(exposureView(index, made)), read(exposureView(index)));
        assert.deepEqual(read(unread), wasRead);
        // What was found of an entry once holds for it until the entry is another.
        assert.deepEqual(
          foundOf(exposureView(index, made)),
          foundOf(exposureView(exposureIndex(estate, now))),
        );
      }
    }),
    RUNS,
  );
  assert.ok(kept > RUNS.numRuns, `liveness: ${kept} entries kept`);
});

test('a vault that moved within its data is spared where it lies now', () => {
  const [inside, ...others] = ['/srv', '/a', '/b'].map((path) => setAt('h1', path));
  assert.ok(inside !== undefined);
  const estateWith = (path: string): Estate => ({
    ...RECOVERY,
    dataSets: [inside, ...others],
    points: [pointOf(inside.name)],
    vaults: [{ vault: 'v1', copy: COPY, place: at('h1', path), openedBy: undefined }],
    drills: [],
  });
  const before = exposureIndex(estateWith('/srv/v'), NOW);
  const after = exposureIndex(estateWith('/srv/w'), NOW, before);
  const sparedIn = ({ falls }: ViewParts) =>
    [...falls.values()].flatMap(({ domain }) => ('spared' in domain ? domain.spared : []));
  assert.deepEqual(sparedIn(viewParts(before)), ['/srv/v']);
  assert.deepEqual(sparedIn(viewParts(after, viewParts(before))), ['/srv/w']);
});

function sameObjects(after: Estate, before: Estate): Estate {
  const same = <T>(items: readonly T[], olds: readonly T[]): readonly T[] => {
    const known = new Map(olds.map((old) => [JSON.stringify(old), old]));
    return items.map((item) => known.get(JSON.stringify(item)) ?? item);
  };
  return {
    ...after,
    dataSets: same(after.dataSets, before.dataSets),
    points: same(after.points, before.points),
    drills: same(after.drills, before.drills),
    vaults: same(after.vaults, before.vaults),
    keys: same(after.keys, before.keys),
    found: same(after.found, before.found),
  };
}
