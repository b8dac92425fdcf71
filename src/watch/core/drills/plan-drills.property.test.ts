// Goal: drills over the estate never read more than their budget in any 24 hours, never run more at once
// than they may, never two on one host or of one data set; everybody comes to his turn, whatever fails
// or is large; and the same seed plans the same. Method: random estates are played for weeks by a
// model that runs what is asked; the counts are made from what happened, not from the planner's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../../base/units.ts';
import type { EstateDrill } from './estate-drill.ts';
import { type DrillCandidate, type DrillRules, planDrills } from './plan-drills.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 1_790_000_000_000;

interface Set {
  readonly bytes: number;
  readonly tookMs: number;
  readonly readers: readonly number[];
  readonly fails: boolean;
  readonly points: number;
}

const setOf: fc.Arbitrary<Set> = fc.record({
  bytes: fc.integer({ min: 1, max: 100 }),
  tookMs: fc.integer({ min: 60_000, max: 2 * HOUR }),
  readers: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
  fails: fc.boolean(),
  points: fc.integer({ min: 1, max: 5 }),
});
const world = fc.record({
  sets: fc.array(setOf, { minLength: 1, maxLength: 8 }),
  bytesMax: fc.integer({ min: 100, max: 250 }),
  atOnce: fc.integer({ min: 1, max: 3 }),
  seed: fc.string(),
});

type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

function candidateOf(set: Set, at: number): DrillCandidate {
  const readers = set.readers.map((host) => `rs${host}`);
  return {
    ...{ dataSet: `hv${at}:data`, hosts: [`hv${at}`, 'rs2'], tier: at % 3, isPromised: false },
    ...{ provenAt: undefined, cannot: [] },
    points: Array.from({ length: set.points }, (_, n) => ({
      ...{ id: `${at}-${n}`, vault: 'v', copy: 'c', coveredUpTo: n, bytes: set.bytes },
      ...{ expects: undefined, readers },
    })),
  };
}

interface Played {
  readonly drills: readonly EstateDrill[];
}

/** A model of restore hosts: each takes its time, and some always fail. */
function play(of: World, weeks: number): Played {
  const { sets, bytesMax, atOnce, seed } = of;
  const rules: DrillRules = {
    ...{ eachMs: 7 * DAY, window: undefined, bytesMax, busyMaxMs: 1000 * HOUR, atOnce },
  };
  const candidates = sets.map(candidateOf);
  let drills: EstateDrill[] = [];
  for (let wallMs = START; wallMs < START + weeks * 7 * DAY; wallMs += HOUR / 2) {
    drills = drills.map((drill) => endedAt(drill, sets, wallMs));
    for (const { wait, choice, dataSet } of planDrills(
      candidates,
      { rules, drills },
      { wallMs, seed },
    )) {
      if (wait !== 'ask' || choice === undefined) continue;
      const { host, point, which } = choice;
      drills.push({
        ...{ job: `${drills.length}`, agent: host, host, dataSet, point: point.id },
        ...{ vault: 'v', copy: 'c', expects: undefined, which, seed, of: choice.of, by: 'drills' },
        ...{ askedAt: unixMs(wallMs), bytes: point.bytes },
      });
    }
  }
  return { drills };
}

function endedAt(drill: EstateDrill, sets: readonly Set[], wallMs: number): EstateDrill {
  const set = sets[Number(/^hv([0-9]+):/.exec(drill.dataSet)?.[1])];
  if (set === undefined || drill.end !== undefined) return drill;
  if (wallMs < drill.askedAt + set.tookMs) return drill;
  const { bytes, tookMs } = set;
  const measured = {
    ...{ bytes, entries: 1, tookMs, totalMs: tookMs, isPastCache: true, engines: '' },
    ...{ engineStarted: undefined, gapCount: 0, mediumOfVault: '', mediumOfScratch: '' },
    ...{ beneath: undefined, bottleneck: undefined },
  };
  const endedAt = unixMs(drill.askedAt + tookMs);
  if (set.fails) return { ...drill, end: { verdict: 'failed', why: 'it fails', endedAt } };
  return { ...drill, end: { verdict: 'drilled', why: '', endedAt, measured } };
}

const overlap = (one: EstateDrill, other: EstateDrill): boolean =>
  one.askedAt < (other.end?.endedAt ?? Infinity) && other.askedAt < (one.end?.endedAt ?? Infinity);

test('the budget holds, nobody is drilled twice at once, and hosts have one at a time', () => {
  fc.assert(
    fc.property(world, (of) => {
      const { drills } = play(of, 3);
      for (const drill of drills) {
        const day = drills.filter(
          ({ askedAt }) => askedAt <= drill.askedAt && askedAt > drill.askedAt - DAY,
        );
        const bytes = day.reduce((sum, each) => sum + each.bytes, 0);
        assert.ok(bytes <= of.bytesMax, `${bytes} of ${of.bytesMax}`);
        const others = drills.filter(
          (each) => each !== drill && each.askedAt <= drill.askedAt && overlap(each, drill),
        );
        assert.ok(others.length < of.atOnce, `${others.length} beside it`);
        for (const other of others) {
          assert.notEqual(other.host, drill.host);
          assert.notEqual(other.dataSet, drill.dataSet);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('everybody comes to his turn', () => {
  fc.assert(
    fc.property(world, (of) => {
      const { drills } = play(of, 5);
      for (const [at, set] of of.sets.entries()) {
        const own = drills.filter(({ dataSet }) => dataSet === `hv${at}:data`);
        // At the worst each of eight takes a day of the budget for itself, and fails again each day.
        assert.ok(own.length >= 2, `hv${at} was drilled ${own.length} times`);
        const isShown = own
          .filter(({ end }) => end?.measured !== undefined)
          .map((each) => each.which);
        for (const [n, which] of isShown.entries()) {
          assert.equal(which, n % 2 === 0 ? 'newest' : 'random');
        }
        const others = set.readers.some((host) => host !== 2);
        assert.ok(!others || own.every(({ host }) => host !== 'rs2'), 'on its own disk');
      }
    }),
    { numRuns: 60 },
  );
});

test('the same seed plans the same', () => {
  fc.assert(
    fc.property(world, (of) => assert.deepEqual(play(of, 1), play(of, 1))),
    { numRuns: 20 },
  );
});

const RULES: DrillRules = {
  ...{ eachMs: 7 * DAY, window: undefined, bytesMax: 100, busyMaxMs: HOUR, atOnce: 9 },
};
const SMALL: Set = { bytes: 1, tookMs: HOUR, readers: [0], fails: false, points: 1 };
const NOW = { wallMs: START, seed: 's' };

test('what waits is said for each', () => {
  const waits = (sets: readonly Set[], rules: DrillRules = RULES) =>
    planDrills(sets.map(candidateOf), { rules, drills: [] }, NOW).map(({ wait }) => wait);
  assert.deepEqual(waits([SMALL]), ['ask']);
  assert.deepEqual(waits([SMALL, SMALL]), ['ask', 'room'], 'one on a host');
  assert.deepEqual(waits([{ ...SMALL, bytes: 101 }]), ['too large']);
  assert.deepEqual(waits([{ ...SMALL, readers: [] }]), ['no restore host']);
  assert.deepEqual(waits([{ ...SMALL, points: 0 }]), ['no point']);
  assert.deepEqual(waits([SMALL], { ...RULES, eachMs: undefined }), ['not due'], 'only who asks');
  const hour = (START % DAY) - (START % HOUR);
  const window = { fromMs: (hour + 12 * HOUR) % DAY, lengthMs: 4 * HOUR };
  assert.deepEqual(waits([SMALL], { ...RULES, window }), ['window']);
  const large = { ...SMALL, bytes: 100, readers: [1] };
  const behind = { ...SMALL, readers: [1] };
  assert.deepEqual(waits([SMALL, large, behind]), ['ask', 'budget', 'budget'], 'it is held for it');
});

test('who was never proven comes first, then the oldest proof, then its tier', () => {
  const of = (at: number, more: Partial<DrillCandidate>) => ({
    ...candidateOf(SMALL, at),
    ...more,
  });
  const candidates = [
    of(0, { provenAt: START - DAY }),
    of(1, { provenAt: START - 9 * DAY }),
    of(2, { tier: 3 }),
    of(3, { tier: 1 }),
    of(4, { tier: 3, isPromised: true }),
  ];
  const planned = planDrills(candidates, { rules: RULES, drills: [] }, NOW);
  const order = planned.map(({ dataSet }) => dataSet.slice(0, 3));
  assert.deepEqual(order, ['hv4', 'hv3', 'hv2', 'hv1', 'hv0']);
});
