import fc from 'fast-check';
import { byteString } from '../../src/base/bytes.ts';
import type { Evidence } from '../../src/base/evidence.ts';
import { durationMs, GIB, minutes, type UnixMs, unixMs } from '../../src/base/units.ts';
import type { BackupTool } from '../../src/watch/core/discovery.ts';
import type { FailureDomain } from '../../src/watch/core/domain.ts';
import type { Drill, Estate, RecoveryPoint } from '../../src/watch/core/estate.ts';
import type { Place } from '../../src/watch/core/place.ts';
import type { HeldBack, Unflushed } from '../../src/watch/core/unflushed.ts';

// Random estates for the property tests of this folder: small, so that fates are often shared.

export const NOW: UnixMs = unixMs(Date.UTC(2026, 10, 20, 10, 42));

const HOSTS = ['h1', 'h2'] as const;
const DISKS = ['a', 'b'] as const;
const PATHS = ['/srv/data', '/srv/data/vault', '/srv/vault', '/mnt/usb'].map(byteString);

export const arbitraryPlace: fc.Arbitrary<Place> = fc.record({
  host: fc.constantFrom(...HOSTS),
  beneath: fc.option(
    fc.record({
      disks: fc.constantFrom<readonly string[]>(['a'], ['b'], ['a', 'b']),
      failuresSurvived: fc.constantFrom(0, 0, 1),
    }),
    { nil: undefined, freq: 6 },
  ),
  path: fc.option(fc.constantFrom(...PATHS), { nil: undefined, freq: 8 }),
});

/** Of some vaults whose disk nobody saw it is not told either which machine they are on. */
function unsaid(place: Place): Place {
  const { host, beneath, path } = place;
  const isSeen = path !== undefined || beneath?.disks.length === 1;
  return isSeen || host === 'h1' ? place : { ...place, mayBeOn: ['h1'] };
}

export const arbitraryDomain: fc.Arbitrary<FailureDomain> = fc.oneof(
  fc.record({
    kind: fc.constant('disk' as const),
    host: fc.constantFrom(...HOSTS),
    disk: fc.constantFrom(...DISKS),
  }),
  fc.record({ kind: fc.constant('host' as const), host: fc.constantFrom(...HOSTS) }),
  fc.record({
    kind: fc.constant('group' as const),
    of: fc.constant('site'),
    name: fc.constantFrom('a', 'b'),
    hosts: fc.subarray([...HOSTS]),
  }),
  fc.record({
    kind: fc.constant('directory' as const),
    host: fc.constantFrom(...HOSTS),
    path: fc.constantFrom(...PATHS),
    spared: fc.subarray(PATHS, { maxLength: 1 }),
  }),
  fc.record({
    kind: fc.constant('volume' as const),
    of: fc.constant('Gluster volume'),
    name: fc.constantFrom('v', 'w'),
    roots: fc.array(
      fc.record({
        host: fc.constantFrom(...HOSTS),
        path: fc.constantFrom(...PATHS),
        spared: fc.subarray(PATHS, { maxLength: 1 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  fc.record({ kind: fc.constant('key' as const), key: fc.constantFrom('k1', 'k2') }),
);

export function evidenceOf(options: {
  readonly saw?: Evidence['saw'];
  readonly ageMs?: number;
  readonly expiresInMs?: number;
}): Evidence {
  const observedAt = unixMs(NOW - (options.ageMs ?? 60_000));
  return {
    subject: 'x',
    saw: options.saw ?? 'healthy',
    observedAt,
    receivedAt: observedAt,
    expiresAt: unixMs(NOW + (options.expiresInMs ?? 1_000_000)),
    source: 'h1/test',
    bootId: 'b',
    seq: 1,
    detail: {},
  };
}

/** Nine times of ten the first: what is rare must not drown what is tested. */
function mostly<T>(usual: T, rare: readonly T[]): fc.Arbitrary<T> {
  return fc
    .integer({ min: 0, max: 9 })
    .chain((roll) => (roll > 0 ? fc.constant(usual) : fc.constantFrom(...rare)));
}

const arbitraryEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    saw: mostly<Evidence['saw']>('healthy', ['broken', 'unreadable']),
    ageMs: fc.integer({ min: -400_000, max: 10_000_000 }),
    expiresInMs: mostly(1_000_000, [-1000]),
  })
  .map(evidenceOf);

const arbitraryPoint: fc.Arbitrary<RecoveryPoint> = fc.record({
  id: fc.constantFrom('s1', 's2', 's3'),
  dataSet: fc.constant('data'),
  vault: mostly('v1', ['v2']),
  coveredUpTo: fc.integer({ min: -400_000, max: 100_000_000 }).map((age) => unixMs(NOW - age)),
  isTorn: mostly(false, [true]),
  gapCount: mostly(0, [2]),
  exists: fc.array(
    fc.record({ copy: fc.constantFrom('c1', 'c2', 'c3'), evidence: arbitraryEvidence }),
    { maxLength: 3 },
  ),
});

const arbitraryDrill: fc.Arbitrary<Drill> = fc.record({
  dataSet: fc.constant('data'),
  ...{ vault: fc.constant('v1'), copy: fc.constantFrom('c1', 'c2') },
  point: fc.constantFrom('s1', 's2', 's3'),
  evidence: arbitraryEvidence,
  bytes: mostly(2 * GIB, [GIB / 2, 8 * GIB]),
  entries: fc.constantFrom(0, 100, 10_000),
  tookMs: fc.integer({ min: 1, max: 5_000_000 }).map(durationMs),
  target: arbitraryPlace,
  isPastCache: mostly(true, [false]),
  engineStarted: mostly<boolean | undefined>(true, [undefined, false]),
  bottleneck: fc.constant(undefined),
});

/** Mostly bounded: where nothing bounds it, no upper end is left to compare. */
const arbitraryHeld: fc.Arbitrary<HeldBack> = fc.record({
  atMostMs: mostly<number | undefined>(5000, [0, 40_000, undefined]),
  isKnown: fc.boolean(),
  parts: fc.constantFrom([], ['a cache']),
});
const arbitraryUnflushed: fc.Arbitrary<Unflushed> = fc
  .tuple(arbitraryHeld, arbitraryHeld)
  .map((both) => {
    // A power cut takes no less than a program that crashes.
    const [crash, cut] = both.toSorted(
      (one, other) => (one.atMostMs ?? Infinity) - (other.atMostMs ?? Infinity),
    );
    return { ...(cut ?? both[0]), crash: crash ?? both[1] };
  });

export const arbitraryEstate: fc.Arbitrary<Estate> = fc.record({
  dataSets: fc
    .record({
      name: fc.constant('data'),
      kind: fc.constantFrom('tree' as const, 'postgres' as const),
      places: fc.array(arbitraryPlace, { minLength: 1, maxLength: 2 }),
      bytes: fc.integer({ min: 0, max: 8 * GIB }),
      entries: fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined }),
      needsEngine: fc.boolean(),
      unflushed: arbitraryUnflushed,
      isSeen: fc.constantFrom(true, true, false),
    })
    .map((dataSet) => [dataSet]),
  points: fc.array(arbitraryPoint, { maxLength: 4 }),
  vaults: fc
    .tuple(arbitraryCopy('c1', 'v1'), arbitraryCopy('c2', 'v1'), arbitraryCopy('c3', 'v2'))
    .map((copies) => [...copies]),
  keys: fc.tuple(arbitraryKey('k1'), arbitraryKey('k2')).map((keys) => [...keys]),
  drills: fc.array(arbitraryDrill, { maxLength: 4 }),
  found: fc.array(
    fc.record({
      tool: fc.constantFrom<BackupTool>('restic', 'pg_dump', 'mysqldump'),
      place: fc.option(arbitraryPlace, { nil: undefined }),
    }),
    { maxLength: 1 },
  ),
  readers: fc.subarray([...HOSTS]),
  clockSkewMax: fc.constant(minutes(5)),
});

function arbitraryCopy(copy: string, vault: string) {
  return fc.record({
    vault: fc.constant(vault),
    copy: fc.constant(copy),
    place: arbitraryPlace.map(unsaid),
    openedBy: fc.subarray(['k1', 'k2'], { minLength: 1 }),
  });
}

function arbitraryKey(id: string) {
  return fc.record({
    id: fc.constant(id),
    places: fc.array(arbitraryPlace, { maxLength: 2 }),
    isConfirmedElsewhere: fc.constantFrom(false, false, true),
  });
}
