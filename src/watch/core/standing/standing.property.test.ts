// Goal: what may be said of a thing fails closed: nothing that is missing, older, from the future or
// said by nobody any more makes anything look better, and no member makes an aggregate look better.
// Method: fast-check over evidence, leases, moments and members; `better` is nearer to ok.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hiddenBy, type Member, worstOf } from './aggregate.ts';
import { limitOf } from './limit.ts';
import {
  isWorse,
  itemStanding,
  LEASE_MS,
  leaseStanding,
  MARKS,
  type StandingMark,
} from './standing.ts';

const DAY_MS = 86_400_000;
/** Near enough to each other that things still count, and far. */
const moment = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -LEASE_MS, max: LEASE_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: -DAY_MS, max: 3 * DAY_MS }) },
);
const evidence = fc.record({
  kind: fc.constantFrom('sim', 'reach', 'disk-space'),
  saw: fc.constantFrom('healthy', 'impaired', 'broken', 'unreadable', 'gone'),
  why: fc.constant('as it was seen'),
  seenAtMs: fc.option(moment, { nil: undefined }),
  limitMs: fc.oneof(
    fc.integer({ min: 0, max: 2 * LEASE_MS }),
    fc.integer({ min: 0, max: 5 * DAY_MS }),
  ),
});
const lease = fc.record({
  saidAtMs: fc.option(moment, { nil: undefined }),
  hasTwoSpeakers: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
});

/** Known to be well, or to work in part: what old or missing evidence must never bring about. */
const isKnownGood = (mark: StandingMark): boolean => mark === 'ok' || mark === 'degraded';

test('ok and degraded only of what was seen so, within its limit, by an agent that speaks', () => {
  fc.assert(
    fc.property(evidence, lease, moment, (held, spoken, now) => {
      const { mark } = itemStanding(held, spoken, now);
      if (mark === 'unknown') return;
      assert.deepEqual({ ok: 'healthy', degraded: 'impaired', failed: 'broken' }[mark], held.saw);
      assert.ok(held.seenAtMs !== undefined && held.seenAtMs <= now);
      assert.ok(now - held.seenAtMs < Math.min(held.limitMs, DAY_MS));
      assert.ok(spoken.saidAtMs !== undefined && !spoken.hasTwoSpeakers);
      assert.ok(spoken.saidAtMs <= now && now - spoken.saidAtMs < LEASE_MS);
    }),
  );
});

test('older evidence, an older word, or none of either never improves it', () => {
  const older = fc.integer({ min: 0, max: DAY_MS });
  fc.assert(
    fc.property(evidence, lease, moment, older, (held, spoken, now, byMs) => {
      const { mark } = itemStanding(held, spoken, now);
      const before = (at: number | undefined): number | undefined =>
        at === undefined || at > now ? undefined : at - byMs;
      const worse = [
        itemStanding({ ...held, seenAtMs: before(held.seenAtMs) }, spoken, now),
        itemStanding(held, { ...spoken, saidAtMs: before(spoken.saidAtMs) }, now),
        itemStanding({ ...held, seenAtMs: undefined }, spoken, now),
        itemStanding(undefined, spoken, now),
        itemStanding(held, { ...spoken, hasTwoSpeakers: true }, now),
      ];
      for (const each of worse) {
        if (isKnownGood(each.mark)) assert.equal(each.mark, mark, 'it was known as well before');
      }
    }),
  );
});

test('with time alone nothing comes to be known', () => {
  const span = fc.integer({ min: 0, max: 2 * DAY_MS });
  fc.assert(
    fc.property(evidence, lease, moment, span, (held, spoken, now, later) => {
      if ((held.seenAtMs ?? now) > now || (spoken.saidAtMs ?? now) > now) return;
      const { mark } = itemStanding(held, spoken, now);
      const then = itemStanding(held, spoken, now + later).mark;
      assert.ok(then === mark || then === 'unknown', `${mark} became ${then}`);
    }),
  );
});

test('what was seen in the future is unknown', () => {
  const spoken = { saidAtMs: 1000, hasTwoSpeakers: false };
  const seen = { kind: 'sim', saw: 'healthy', why: '', seenAtMs: 1001, limitMs: DAY_MS } as const;
  assert.equal(itemStanding(seen, spoken, 1000).reason, 'from-future');
  assert.equal(itemStanding(seen, spoken, 1001).mark, 'ok');
  assert.equal(leaseStanding({ saidAtMs: 1001, hasTwoSpeakers: false }, 1000).mark, 'unknown');
});

test('what could not be read, and what was not said in this start, is unknown', () => {
  const spoken = { saidAtMs: 1000, hasTwoSpeakers: false };
  const seen = { kind: 'sim', saw: 'unreadable', why: '', seenAtMs: 900, limitMs: DAY_MS } as const;
  assert.equal(itemStanding(seen, spoken, 1000).mark, 'unknown');
  const before = { ...seen, saw: 'healthy', seenAtMs: undefined } as const;
  assert.equal(itemStanding(before, spoken, 1000).reason, 'not-said');
});

test('the moment its limit is over it counts no more, and neither does its lease', () => {
  const seen = { kind: 'sim', saw: 'healthy', why: '', seenAtMs: 0, limitMs: 5000 } as const;
  const spoken = { saidAtMs: 0, hasTwoSpeakers: false };
  assert.equal(itemStanding(seen, spoken, 4999).mark, 'ok');
  assert.equal(itemStanding(seen, spoken, 5000).reason, 'expired');
  const long = { ...seen, limitMs: DAY_MS };
  assert.equal(itemStanding(long, spoken, LEASE_MS - 1).mark, 'ok');
  assert.equal(itemStanding(long, spoken, LEASE_MS).reason, 'silent');
});

test('no agent is believed for longer than the cap of a kind', () => {
  assert.equal(limitOf('disk-space', 30 * DAY_MS), DAY_MS);
  assert.ok(limitOf('reach', DAY_MS) < 10 * 60_000);
  assert.equal(limitOf('disk-space', 5000), 5000);
});

const member = fc.record({
  subject: fc.constantFrom('host:a', 'host:a/x:1', 'host:a/x:2', 'host:ab', 'host:b/x:1'),
  standing: fc.record({
    mark: fc.constantFrom(...MARKS),
    reason: fc.constant('healthy' as const),
    why: fc.string(),
  }),
});
const members: fc.Arbitrary<Member[]> = fc.array(member, { maxLength: 8 });
const nobody = (): boolean => false;

test('one member more never improves an aggregate, and their order does not matter', () => {
  fc.assert(
    fc.property(members, member, (some, more) => {
      const before = worstOf(some, nobody).mark;
      const after = worstOf([...some, more], nobody).mark;
      if (some.length > 0) assert.ok(!isWorse(before, after), `${before} became ${after}`);
      assert.equal(worstOf([...some].reverse(), nobody).mark, before);
    }),
  );
});

test('nothing at all is unknown, and so is what is worked on as a whole', () => {
  assert.equal(worstOf([], nobody).mark, 'unknown');
  fc.assert(
    fc.property(members, (some) => {
      const hidden = worstOf(some, () => true);
      assert.equal(hidden.mark, 'unknown');
      if (some.length > 0) assert.equal(hidden.reason, 'maintenance');
    }),
  );
});

test('maintenance hides what it names, until its end, and never another', () => {
  const window = { subjects: ['host:a/x:1'], from: 100, until: 200 };
  for (const [at, isThere] of [
    [99, false],
    [100, true],
    [199, true],
    [200, false],
  ] as const) {
    assert.equal(hiddenBy([window], at)('host:a/x:1'), isThere, `at ${at}`);
  }
  const isHidden = hiddenBy([window, { ...window, subjects: ['host:b/*'] }], 150);
  for (const other of [
    'host:a',
    'host:a/x:2',
    'host:a/x:11',
    'host:ab',
    'host:bb',
    'host:bb/x:1',
  ]) {
    assert.ok(!isHidden(other), `${other} is not named`);
  }
  assert.ok(isHidden('host:b') && isHidden('host:b/x:1'), 'a host with all that is said of it');
  fc.assert(
    fc.property(members, (some) => {
      const rest = some.filter(({ subject }) => !isHidden(subject));
      if (rest.length === 0) return;
      assert.equal(worstOf(some, isHidden).mark, worstOf(rest, nobody).mark);
    }),
  );
});
