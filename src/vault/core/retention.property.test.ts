// Goal: whatever the policy and the snapshots, the newest proven one of each data set stays, and so do the floor, what
// is young, held or of doubtful time; a rule more never frees more; and whoever writes many, back-dates or steps a
// clock pushes no older one out that is younger than min-age or proven newest.
// Method: fast-check; an oracle of the rules by hand for a fixed year.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { type RetainedSnapshot, type RetentionPolicy, retained } from './retention.ts';

const NOW = unixMs(Date.UTC(2026, 10, 21, 10));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TRUSTED = { now: NOW, isClockTrusted: true };

const snapshots: fc.Arbitrary<readonly RetainedSnapshot[]> = fc
  .array(
    fc.record({
      dataSet: fc.constantFrom('a', 'b'),
      writer: fc.constantFrom('w1', 'w2'),
      ageMs: fc.integer({ min: -2 * DAY, max: 900 * DAY }),
      tag: fc.constantFrom('', 'release'),
      isHeld: fc.boolean(),
      isProven: fc.boolean(),
      isTimeDoubted: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((all) =>
    all.map(({ ageMs, tag, ...each }, seq) => ({
      ...{ ...each, seq, id: String(seq), at: unixMs(NOW - ageMs) },
      tags: tag === '' ? [] : [tag],
    })),
  );
const count = fc.option(fc.nat(12), { nil: undefined });
const policy: fc.Arbitrary<RetentionPolicy> = fc.record({
  ...{ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count },
  withinMs: fc.option(fc.integer({ min: 0, max: 400 * DAY }), { nil: undefined }),
  tags: fc.option(fc.constant(['release']), { nil: undefined }),
  ...{ minAgeMs: fc.integer({ min: 0, max: 10 * DAY }), floor: fc.nat(5) },
});

const keptIds = (all: readonly RetainedSnapshot[], of: RetentionPolicy, moment = TRUSTED) =>
  new Set(
    retained(all, of, moment).flatMap(({ snapshot, keptBy }) =>
      keptBy.length > 0 ? snapshot.id : [],
    ),
  );

test('what its source held lately is within, however long ago it was taken; and a clone pushes it not out', () => {
  const of = (days: number, more: Partial<RetainedSnapshot>): RetainedSnapshot => ({
    ...{ id: String(days), dataSet: 'a', writer: 'w1', seq: 99 - days, tags: [] },
    ...{ isHeld: false, isProven: false, isTimeDoubted: false },
    at: unixMs(NOW - days * DAY),
    ...more,
  });
  const within: RetentionPolicy = { withinMs: 30 * DAY, minAgeMs: 0, floor: 1 };
  const history = [of(60, {}), of(50, { seenAt: unixMs(NOW - 10 * DAY) }), of(9, {}), of(1, {})];
  assert.deepEqual([...keptIds(history, within)], ['50', '9', '1']);
  // Seen is no reason to take the place of another, and none to count as young.
  assert.deepEqual([...keptIds(history, { last: 1, minAgeMs: 0, floor: 1 })], ['1']);
  const clone = of(40, { id: 'clone', seq: 98, seenAt: unixMs(NOW - HOUR) });
  const last: RetentionPolicy = { last: 1, minAgeMs: 0, floor: 1 };
  assert.deepEqual([...keptIds([of(60, {}), clone, of(1, {})], last)], ['clone', '1']);
});

test('newest proven, floor, young, held and doubtful ones stay, whatever the rules', () => {
  fc.assert(
    fc.property(snapshots, policy, (all, of) => {
      const kept = keptIds(all, of);
      for (const own of Map.groupBy(all, ({ dataSet }) => dataSet).values()) {
        const [newest] = own.filter(({ isProven }) => isProven).sort((a, b) => b.at - a.at);
        if (newest !== undefined) {
          assert.ok(
            own.some(({ id, at, isProven }) => isProven && at === newest.at && kept.has(id)),
          );
        }
        const left = own.filter(({ id }) => kept.has(id)).length;
        assert.ok(left >= Math.min(own.length, Math.max(1, of.floor)));
      }
      for (const { id, at, isHeld } of all) {
        if (isHeld || at > NOW || NOW - at < of.minAgeMs) assert.ok(kept.has(id), id);
      }
    }),
  );
});

test('a rule more, or a larger number, never frees more; no rule frees nothing; a doubted clock neither', () => {
  const NUMBERS = [
    'last',
    'hourly',
    'daily',
    'weekly',
    'monthly',
    'yearly',
    'withinMs',
    'minAgeMs',
    'floor',
  ] as const;
  fc.assert(
    fc.property(
      snapshots,
      policy,
      fc.constantFrom(...NUMBERS),
      fc.nat(9),
      (all, of, rule, more) => {
        const none = { minAgeMs: of.minAgeMs, floor: of.floor };
        assert.equal(keptIds(all, none).size, all.length);
        assert.equal(keptIds(all, of, { now: NOW, isClockTrusted: false }).size, all.length);
        const isRuled = Object.entries(of).some(
          ([key, value]) =>
            !['minAgeMs', 'floor'].includes(key) && value !== undefined && value !== 0,
        );
        if (!isRuled) return;
        const before = keptIds(all, of);
        const after = keptIds(all, {
          ...of,
          [rule]: (of[rule] ?? 0) + more * (rule.endsWith('Ms') ? DAY : 1),
        });
        for (const id of before) assert.ok(after.has(id), `${rule} + ${more} frees ${id}`);
        const tagged = keptIds(all, { ...of, tags: ['release'] });
        for (const id of before) assert.ok(tagged.has(id));
      },
    ),
  );
});

test('no number of new, back-dated or future snapshots takes the newest proven, or what is younger than min-age', () => {
  const flood = fc.array(
    fc.record({
      ageMs: fc.integer({ min: -900 * DAY, max: 900 * DAY }),
      isProven: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(snapshots, policy, flood, (all, of, more) => {
      const strange = more.map(
        ({ ageMs, isProven }, at): RetainedSnapshot => ({
          ...{ id: `x${at}`, dataSet: 'a', writer: 'thief', seq: at, at: unixMs(NOW - ageMs) },
          // What lies ahead may even have been drilled.
          ...{ tags: [], isHeld: false, isProven: isProven && ageMs < 0, isTimeDoubted: false },
        }),
      );
      const kept = keptIds([...all, ...strange], of);
      const proven = all
        .filter(({ dataSet, isProven }) => dataSet === 'a' && isProven)
        .sort((a, b) => b.at - a.at);
      const [newest] = proven;
      if (newest !== undefined)
        assert.ok(proven.some(({ id, at }) => at === newest.at && kept.has(id)));
      for (const { id, at } of all) if (NOW - at < of.minAgeMs) assert.ok(kept.has(id));
    }),
  );
});

test('whatever is written, and however much of it, what is older goes no sooner than min-age later', () => {
  const flood = fc.array(fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(snapshots, policy, flood, fc.boolean(), (all, of, more, isProven) => {
      const young = more.map(
        ({ share }, at): RetainedSnapshot => ({
          ...{ id: `x${at}`, dataSet: 'a', writer: 'thief', seq: at, tags: [], isHeld: false },
          // From just now to just younger than min-age, in the order of the chain.
          at: unixMs(NOW - Math.floor(share * Math.max(0, of.minAgeMs - 1))),
          ...{ isProven, isTimeDoubted: false },
        }),
      );
      const inOrder = [...young]
        .sort((a, b) => a.at - b.at)
        .map((each, seq) => ({ ...each, seq, id: `x${seq}` }));
      const before = keptIds(all, of);
      const after = keptIds([...all, ...(of.minAgeMs > 0 ? inOrder : [])], of);
      for (const id of before) assert.ok(after.has(id), id);
    }),
  );
});

test('what did not arrive when it is dated stays, and takes nobody the place', () => {
  const day = (back: number, isTimeDoubted = false): RetainedSnapshot => ({
    ...{ id: `${back}`, dataSet: 'a', writer: isTimeDoubted ? 'thief' : 'w', seq: 900 - back },
    ...{ at: unixMs(NOW - back * DAY), tags: [], isHeld: false, isProven: false, isTimeDoubted },
  });
  const honest = [day(40), day(30), day(20)];
  const of = { last: 2, minAgeMs: DAY, floor: 1 };
  assert.deepEqual([...keptIds(honest, of)], ['30', '20']);
  const planted = [day(19, true), day(18, true), day(17, true)];
  assert.deepEqual([...keptIds([...honest, ...planted], of)], ['30', '20', '19', '18', '17']);
});

test('a year of nightly snapshots under last 3, daily 7, weekly 4, monthly 6: as counted by hand', () => {
  const all = Array.from(
    { length: 365 },
    (_, day): RetainedSnapshot => ({
      ...{
        id: String(day),
        dataSet: 'a',
        writer: 'w',
        seq: 365 - day,
        at: unixMs(NOW - day * DAY - HOUR),
      },
      ...{ tags: [], isHeld: false, isProven: day === 200, isTimeDoubted: false },
    }),
  );
  const of = { last: 3, daily: 7, weekly: 4, monthly: 6, minAgeMs: DAY, floor: 1 };
  const kept = [...keptIds(all, of)].map(Number).sort((a, b) => a - b);
  const dateOf = (day: number): string =>
    new Date((all[day]?.at ?? NOW) as UnixMs).toISOString().slice(0, 10);
  assert.deepEqual(kept.map(dateOf), [
    ...[
      '2026-11-21',
      '2026-11-20',
      '2026-11-19',
      '2026-11-18',
      '2026-11-17',
      '2026-11-16',
      '2026-11-15',
      // The first is younger than a day: it stays for that, and takes no other's place.
      '2026-11-14',
    ],
    // Sundays of the three weeks before, and ends of the months before.
    ...[
      '2026-11-08',
      '2026-11-01',
      '2026-10-31',
      '2026-09-30',
      '2026-08-31',
      '2026-07-31',
      '2026-06-30',
    ],
    '2026-05-05',
  ]);
});

test('what goes back in time along its chain stays, and makes no honest one after it doubtful', () => {
  const at = (seq: number, ageMs: number): RetainedSnapshot => ({
    ...{ id: String(seq), dataSet: 'a', writer: 'w', seq, at: unixMs(NOW - ageMs) },
    ...{ tags: [], isHeld: false, isProven: false, isTimeDoubted: false },
  });
  const all = [
    at(0, 50 * DAY),
    at(1, 90 * DAY),
    at(2, 40 * DAY),
    at(3, -5 * DAY),
    at(4, 30 * DAY),
    at(5, 20 * DAY),
  ];
  const said = retained(all, { last: 1, minAgeMs: 0, floor: 1 }, TRUSTED);
  const kept = said.map(({ keptBy }) => keptBy.join());
  assert.deepEqual(kept, [
    '',
    'doubtful time',
    '',
    'doubtful time,younger than min-age',
    '',
    'last,floor',
  ]);
});
