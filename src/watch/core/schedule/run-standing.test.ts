// Goal: a schedule is ok only by a good run within its limit, however often jobs failed, were lost or
// came late since; what is not known is never well, and a failure that follows is not hidden by it.
// Method: a property over histories of jobs with an oracle that keeps them all; examples of each reason;
// answers that are none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../../base/units.ts';
import type { StoredItem, StoredJob } from '../server/changes.ts';
import { nothingTaken, runFacts } from './run-facts.ts';
import { isOfRuns, runItemAfter } from './run-item.ts';
import { runStanding } from './run-standing.ts';
import { type Schedule, slotOf } from './schedule.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_800_000_000_000;
const SCHEDULE: Schedule = {
  ...{ name: 'a', host: 'web1', act: 'backup', job: 'nightly', everyMs: DAY },
  ...{ limitMs: 36 * HOUR, vault: 'v', shareMax: 1 },
};

function jobOf(of: Partial<StoredJob>): StoredJob {
  return {
    ...{ job: 'e'.repeat(32), agent: 'a'.repeat(32), act: 'backup', name: 'nightly', by: 'x' },
    ...{ askedAt: unixMs(NOW), changedAt: unixMs(NOW + HOUR), state: 'done', why: '', ...of },
  };
}

function after(jobs: readonly StoredJob[], schedule = SCHEDULE): StoredItem | undefined {
  let item: StoredItem | undefined;
  for (const job of jobs) item = runItemAfter(item, job, schedule);
  return item;
}

function standing(stored: StoredItem | undefined, agoMs: number, schedule = SCHEDULE) {
  const host = 'ready' as const;
  return runStanding({ schedule, stored, host, hasTwoSpeakers: false }, NOW + agoMs);
}

const ends = fc.constantFrom(
  ...(['done', 'gaps', 'failed', 'cancelled', 'refused', 'lost'] as const),
);

test('ok and degraded only with a good run within the limit, in whatever order ends are heard', () => {
  const histories = fc.array(fc.record({ state: ends, agoH: fc.nat(100) }), { maxLength: 8 });
  fc.assert(
    fc.property(histories, (history) => {
      const jobs = history.map(({ state, agoH }) =>
        jobOf({
          state,
          askedAt: unixMs(NOW - agoH * HOUR),
          // Heard now, each of them.
          changedAt: unixMs(NOW),
        }),
      );
      const item = after(jobs);
      const { mark } = standing(item, 0);
      const good = history.filter(({ state }) => state === 'done' || state === 'gaps');
      const isFresh = good.some(({ agoH }) => agoH * HOUR < SCHEDULE.limitMs);
      assert.equal(mark === 'ok' || mark === 'degraded', isFresh, `${mark}`);
      const newestMs = Math.min(...history.map(({ agoH }) => agoH));
      const newest = history.filter(({ agoH }) => agoH === newestMs);
      if (mark === 'ok') assert.ok(newest.some(({ state }) => state === 'done'));
      if (item !== undefined) assert.ok(Object.keys(item.detail).length <= 16);
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('each reason, and the worst of it first', () => {
  const good = jobOf({});
  const failed = jobOf({ state: 'failed', why: 'no space', askedAt: unixMs(NOW + DAY) });
  assert.equal(standing(undefined, 0).reason, 'never-seen');
  assert.equal(standing(after([good]), 36 * HOUR - 1).mark, 'ok');
  assert.equal(standing(after([good]), 36 * HOUR).reason, 'expired');
  assert.equal(standing(after([good, failed]), DAY).mark, 'degraded');
  assert.match(standing(after([good, failed]), DAY).why, /failed: no space/);
  assert.equal(standing(after([good, failed]), 37 * HOUR).mark, 'failed');
  assert.equal(standing(after([failed]), DAY).mark, 'failed');
  const lost = jobOf({ state: 'lost', askedAt: unixMs(NOW + DAY) });
  assert.equal(standing(after([good, lost]), 37 * HOUR).mark, 'unknown');
  assert.equal(standing(after([good]), -HOUR).reason, 'from-future');
  const twice = {
    schedule: SCHEDULE,
    stored: after([good]),
    host: 'ready',
    hasTwoSpeakers: true,
  } as const;
  assert.equal(runStanding(twice, NOW).reason, 'two-speakers');
  const look = {
    schedule: SCHEDULE,
    stored: undefined,
    host: 'look-only',
    hasTwoSpeakers: false,
  } as const;
  assert.match(runStanding(look, NOW).why, /level look/);
});

test('a part of the vault that nobody reads is seen, though every scrub is good', () => {
  const schedule: Schedule = { ...SCHEDULE, act: 'scrub', job: 'bits', wholeMs: 30 * DAY };
  const answer = (oldestAgeMs: number) =>
    JSON.stringify({ packsRead: 3, scrub: { packs: 20, unread: 4, oldestAgeMs } });
  const scrubbed = (oldestAgeMs: number) =>
    standing(
      after([jobOf({ act: 'scrub', answer: answer(oldestAgeMs) })], schedule),
      HOUR,
      schedule,
    );
  assert.equal(scrubbed(29 * DAY).mark, 'ok');
  assert.equal(scrubbed(30 * DAY).mark, 'degraded');
  // An answer that was cut, or left out for its length, is no proof that all was read.
  for (const none of [undefined, '{"packsRead":3}', '{"rotation":{"oldestAgeMs":"0"}}']) {
    const job = jobOf({ act: 'scrub', answer: none });
    const { mark, why } = standing(after([job], schedule), HOUR, schedule);
    assert.equal(mark, 'degraded');
    assert.match(why, /not known/);
  }
});

test('what a clock that was ahead has kept hides no failure, and proves nothing later', () => {
  const ahead = jobOf({ askedAt: unixMs(NOW + 20 * HOUR), changedAt: unixMs(NOW + 21 * HOUR) });
  const failed = jobOf({ state: 'failed', why: 'no space' });
  assert.equal(standing(after([ahead, failed]), 20 * HOUR).mark, 'failed');
  const good = after([ahead, jobOf({})]);
  assert.equal(standing(good, 0).mark, 'ok');
  assert.equal(good?.detail.goodMs, NOW);
  // Set back while it ran: it was asked for at its end at the latest.
  const during = jobOf({ askedAt: unixMs(NOW + 20 * HOUR), changedAt: unixMs(NOW) });
  assert.equal(after([during])?.detail.goodMs, NOW);
  assert.equal(after([during])?.detail.askedMs, NOW);
});

test('a backup of a directory on which nothing is mounted is no good one', () => {
  const nothing = { entries: 1, bytes: 0 };
  const backed = (...sets: readonly (readonly object[])[]) => {
    const answer = JSON.stringify({ backups: sets.map((roots) => ({ snapshot: 'ab', roots })) });
    return standing(after([jobOf({ answer })]), 0);
  };
  assert.equal(backed([nothing]).mark, 'degraded');
  assert.match(backed([nothing]).why, /is empty.*mounted/);
  assert.equal(backed([nothing, nothing]).mark, 'degraded');
  assert.equal(backed([{ entries: 9, bytes: 5 }], [nothing]).mark, 'degraded', 'of a service');
  assert.equal(backed([{ entries: 3, bytes: 0 }]).mark, 'ok');
  assert.equal(backed([nothing, { entries: 1, bytes: 5 }]).mark, 'ok');
  assert.equal(backed([]).mark, 'ok');
});

test('an answer is picked from, and never believed to be what it should be', () => {
  const backup = {
    snapshot: 'ab',
    readBytes: 5,
    started: '2026-11-21T00:00:00.000Z',
    newBytes: -4,
  };
  const more = { ...backup, readBytes: 7, finished: '2026-11-21T01:00:00.000Z', gapCount: 1e300 };
  assert.deepEqual(runFacts('backup', JSON.stringify({ backups: [backup, more] })), {
    tookMs: HOUR,
    shown: { snapshot: 'ab', readBytes: 12 },
  });
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('backup', 'drill', 'scrub', 'probe'),
      (json, act) => {
        for (const text of [
          JSON.stringify(json),
          JSON.stringify({ backups: json, rotation: json, source: json }),
        ]) {
          assert.ok(['string', 'undefined'].includes(typeof nothingTaken(text)));
          for (const value of Object.values(runFacts(act, text).shown)) {
            if (typeof value === 'number') assert.ok(Number.isSafeInteger(value) && value >= 0);
            if (typeof value === 'string') assert.match(value, /^[ -~]{0,80}$/);
          }
        }
      },
    ),
    { seed: SEED },
  );
  assert.deepEqual(runFacts('drill', '{"half'), { tookMs: undefined, shown: {} });
});

test('items of runs are told from those that an agent may say', () => {
  for (const item of ['backup-run:nightly', 'scrub-run:x', 'canary-run:watch', 'drill-run']) {
    assert.ok(isOfRuns(item), item);
  }
  for (const item of ['backup:nightly', 'ping:backup-run', 'run:x'])
    assert.ok(!isOfRuns(item), item);
});

test('of a period the first failure is tried again: not the second, nor what was refused, cancelled or lost', () => {
  const at = (agoMs: number, state: StoredJob['state']): StoredJob =>
    jobOf({ state, askedAt: unixMs(NOW - agoMs), changedAt: unixMs(NOW - agoMs + 1000) });
  const triedAgain = (...jobs: readonly StoredJob[]): boolean =>
    after(jobs)?.detail.failedMs !== undefined;
  // All within one period, whatever its phase is.
  const [first, second] = [at(2000, 'failed'), at(1000, 'failed')];
  assert.equal(slotOf(SCHEDULE, NOW - 2000), slotOf(SCHEDULE, NOW));
  assert.equal(triedAgain(first), true);
  assert.equal(triedAgain(first, second), false);
  assert.equal(triedAgain(at(DAY + 2000, 'failed'), first), true, 'another period');
  assert.equal(triedAgain(second, first), true, 'an end that was heard late changes nothing');
  for (const state of ['done', 'gaps', 'refused', 'cancelled', 'lost'] as const) {
    assert.equal(triedAgain(at(1000, state)), false, state);
    assert.equal(triedAgain(first, at(1000, state)), false, state);
  }
});
