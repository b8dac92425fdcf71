// Goal: the index says what the definition of exposure says, whatever it was made from: at once, step
// by step after each change, and after time has passed. Method: random estates against the first,
// slow implementation, which is kept as an oracle beside the tests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryDomain, arbitraryEstate, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import * as oracle from '../../../../test/watch/exposure-oracle/exposure.ts';
import { byteString } from '../../../base/bytes.ts';
import { unixMs } from '../../../base/units.ts';
import type { FailureDomain } from '../domain.ts';
import type { Estate, HostGroup, StorageVolume } from '../estate.ts';
import { exposureNow, exposureOf, exposureToAll, exposureToAllNow } from '../exposure.ts';
import type { Place } from '../place.ts';
import { type ExposureIndex, exposureIndex, hitsNow } from './exposure-index.ts';
import { type ExposureToAll, isHit } from './rows.ts';

const SEED = Number(process.env.SEED ?? 20150105);
const NUM_RUNS = Number(process.env.RUNS ?? 600);
const RUNS = { seed: SEED, numRuns: NUM_RUNS };
const GROUPS: readonly HostGroup[] = [
  { kind: 'group', of: 'site', name: 'a', hosts: ['h1', 'h2'] },
  { kind: 'group', of: 'rack', name: 'r', hosts: ['h2'] },
];

const [DATA, VAULT] = ['/srv/data', '/srv/data/vault'].map(byteString);
assert.ok(DATA !== undefined && VAULT !== undefined);
const VOLUMES: readonly StorageVolume[] = [
  {
    ...{ kind: 'volume', of: 'Gluster volume', name: 'gv' },
    roots: ['h1', 'h2'].map((host) => ({ host, path: DATA, spared: [] })),
  },
  {
    ...{ kind: 'volume', of: 'md array', name: 'h1/md0' },
    roots: [{ host: 'h1', path: DATA, spared: [VAULT] }],
  },
];

/** Several data sets; vaults, keys, hosts and readers are those of all. */
const estates: fc.Arbitrary<Estate> = fc
  .tuple(
    fc.array(arbitraryEstate, { minLength: 1, maxLength: 3 }),
    fc.subarray([...GROUPS]),
    fc.subarray([...VOLUMES]),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([drawn, groups, volumes, isMany, isApart]) => {
    const parts = isApart ? drawn.map(apart) : drawn;
    const named = parts.map((part, at) => ({
      dataSets: part.dataSets.map((set) => ({ ...set, name: `data${at}` })),
      points: part.points.map((point) => ({ ...point, dataSet: `data${at}` })),
      drills: part.drills.map((drill) => ({ ...drill, dataSet: `data${at}` })),
    }));
    const [first] = parts;
    assert.ok(first !== undefined);
    return {
      ...(isMany ? first : { ...first, readers: ['h9', ...first.readers] }),
      ...{ groups, volumes },
      dataSets: named.flatMap(({ dataSets }) => dataSets),
      points: named.flatMap(({ points }) => points),
      drills: named.flatMap(({ drills }) => drills),
    };
  });

/** Copies that only their own hosts and disks can take, as in most estates: what is shared is used. */
function apart(estate: Estate): Estate {
  const seen = (path: string) => (place: Place, at: number) => ({
    ...{ host: place.host, path: place.path ?? byteString(path) },
    beneath: place.beneath ?? { disks: [at === 0 ? 'a' : 'b'], failuresSurvived: 0 },
  });
  return {
    ...estate,
    dataSets: estate.dataSets.map((set) => ({ ...set, places: set.places.map(seen('/srv/data')) })),
    vaults: estate.vaults.map((copy) => ({ ...copy, place: seen('/mnt/usb')(copy.place, 0) })),
    keys: estate.keys.map((key) => ({ ...key, places: key.places.map(seen('/etc/key')) })),
  };
}

/** What the oracle did not say yet: the figures that a span was computed from. */
function figures(rows: readonly ExposureToAll[]): readonly unknown[] {
  return rows.map((row) => {
    if (row.outage.kind !== 'interval') return row;
    const { measured, ...outage } = row.outage;
    return { ...row, outage };
  });
}

/** Rows that are alike in all that orders them may stand in any order. */
function sorted(rows: readonly ExposureToAll[]): readonly string[] {
  return figures(rows)
    .map((row) => JSON.stringify(row, inOrder))
    .sort();
}

function inOrder(key: string, value: unknown): unknown {
  if (key === 'spared' && Array.isArray(value)) return value.toSorted();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the index keeps; all other rows are made when they are asked for. */
function hitsOf(index: ExposureIndex): readonly string[] {
  return sorted(index.entries.flatMap((entry) => hitsNow(index, entry)));
}

test(`the exposure of an estate is what its definition says (SEED=${SEED})`, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(estates, (estate) => {
      const rows = exposureOf(estate, NOW);
      for (const { loss, survives, proof, domain } of rows) {
        seen
          .add(`${domain.kind}: ${loss.kind}`)
          .add(loss.kind)
          .add(`survives ${survives}`)
          .add(proof.kind);
      }
      const wanted = oracle.exposureOf(estate, NOW);
      assert.deepEqual(sorted(rows), sorted(wanted));
      assert.deepEqual(hitsOf(exposureIndex(estate, NOW)), sorted(wanted.filter(isHit)));
    }),
    RUNS,
  );
  const wanted = ['nothing', 'window', 'unknown', 'all', 'survives 0', 'survives 1'];
  for (const what of [...wanted, 'drilled', 're-read', 'volume: window', 'volume: all'])
    assert.ok(seen.has(what), `no ${what}`);
});

test('so is the loss of several things at once, with what survives beside it', () => {
  const lost = fc.array(arbitraryDomain, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(estates, lost, (estate, domains: readonly FailureDomain[]) => {
      assert.deepEqual(
        sorted(exposureToAll(estate, NOW, domains)),
        sorted(oracle.exposureToAll(estate, NOW, domains)),
      );
    }),
    RUNS,
  );
});

/** A change as they come: of the estate, and of the time. */
interface Step {
  readonly laterMs: number;
  readonly change: 'none' | 'point' | 'drill' | 'place' | 'vault' | 'key' | 'reader' | 'found';
  readonly from: Estate;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    // Past the clocks' skew, and past the time at which proofs of these estates expire.
    laterMs: fc.constantFrom(0, 1, 60_000, 299_000, 400_000, 1_000_000, 2_000_000),
    change: fc.constantFrom<Step['change']>(
      ...(['none', 'point', 'drill', 'place', 'vault', 'key', 'reader', 'found'] as const),
    ),
    from: estates,
  }),
  { minLength: 1, maxLength: 6 },
);

function changed(estate: Estate, { change, from }: Step): Estate {
  switch (change) {
    case 'none':
      return estate;
    case 'point':
      return { ...estate, points: [...estate.points.slice(1), ...from.points.slice(0, 1)] };
    case 'drill':
      return { ...estate, drills: [...estate.drills.slice(1), ...from.drills.slice(0, 1)] };
    case 'place':
      return { ...estate, dataSets: estate.dataSets.map((set, at) => from.dataSets[at] ?? set) };
    case 'vault':
      return { ...estate, vaults: [...from.vaults.slice(0, 1), ...estate.vaults.slice(1)] };
    case 'key':
      return { ...estate, keys: [...from.keys.slice(0, 1), ...estate.keys.slice(1)] };
    case 'reader':
      return { ...estate, readers: from.readers };
    case 'found':
      return { ...estate, found: from.found };
  }
}

test('after every change, and while time passes, the index says what a new one would', () => {
  let kept = 0;
  let movedOn = 0;
  fc.assert(
    fc.property(estates, arbitraryDomain, steps, (first, domain, changes) => {
      let estate = first;
      let now = NOW;
      let index: ExposureIndex = exposureIndex(estate, now);
      for (const step of changes) {
        estate = changed(estate, step);
        now = unixMs(now + step.laterMs);
        const before = new Set(index.entries);
        index = exposureIndex(estate, now, index);
        const old = index.entries.filter((entry) => before.has(entry));
        kept += old.length;
        movedOn += old.filter(({ at, hits }) => at !== now && hits.length > 0).length;
        const wanted = oracle.exposureOf(estate, now);
        assert.deepEqual(sorted(exposureNow(index)), sorted(wanted));
        assert.deepEqual(hitsOf(index), sorted(wanted.filter(isHit)));
        const lost = oracle.exposureToAll(estate, now, [domain]);
        assert.deepEqual(sorted(exposureToAllNow(index, [domain])), sorted(lost));
      }
    }),
    RUNS,
  );
  assert.ok(kept > NUM_RUNS && movedOn > NUM_RUNS / 20, `liveness: ${kept}, ${movedOn}`);
});
