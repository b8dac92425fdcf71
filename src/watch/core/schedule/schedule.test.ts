// Goal: what repeats is asked once in its period, spread over all of it, whatever the clock does:
// set back nothing is doubled, set forward nothing is left out, and what was missed is made up for
// once. Method: properties over periods, windows and times; examples of clocks that are set.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../../base/units.ts';
import { isDue, isInWindow, nextSlotAt, phaseOf, type Schedule, slotOf } from './schedule.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);
const OPTIONS = { seed: SEED, numRuns: 500 };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_800_000_000_000;

function scheduleOf(of: Partial<Schedule>): Schedule {
  return {
    ...{ name: 'a', host: 'web1', act: 'backup', job: 'nightly', everyMs: DAY },
    ...{ limitMs: 2 * DAY, vault: 'v', shareMax: 1, ...of },
  };
}

const windows = fc.option(
  fc.record({ fromMs: fc.nat(DAY - 1), lengthMs: fc.integer({ min: 2 * HOUR, max: DAY }) }),
  { nil: undefined },
);
const schedules = fc
  .tuple(
    fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    windows,
    fc.integer({ min: 1, max: 20 }),
    fc.nat(DAY),
  )
  .map(([host, window, days, more]) =>
    scheduleOf({ host, window, everyMs: days * DAY + (window === undefined ? more : 0) }),
  );

test('a period begins once in its length, in its window, the same for whoever asks', () => {
  fc.assert(
    fc.property(schedules, fc.nat(400 * DAY), (schedule, more) => {
      const at = NOW + more;
      const next = nextSlotAt(schedule, at);
      assert.ok(next > at && next <= at + schedule.everyMs);
      assert.equal(slotOf(schedule, next), slotOf(schedule, at) + 1);
      assert.equal(slotOf(schedule, next - 1), slotOf(schedule, at));
      assert.ok(isInWindow(schedule, next), 'it begins outside of its window');
      // Set forward by an hour just before, it is in its window still.
      assert.ok(isInWindow(schedule, next + HOUR - 1), 'a clock jumps over its window');
    }),
    OPTIONS,
  );
});

test('a thousand hosts are spread over the day: no hour has twice its share', () => {
  const hours = new Map<number, number>();
  for (let host = 0; host < 1000; host++) {
    const hour = Math.floor(phaseOf(scheduleOf({ host: `web${host}` })) / HOUR);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  assert.equal(hours.size, 24);
  assert.ok(Math.max(...hours.values()) < 84, [...hours.values()].join());
});

/** Asked whenever it is due, looked at each minute. */
function askedOver(schedule: Schedule, of: { days: number; wallAt: (t: number) => number }) {
  const asked: number[] = [];
  let last: { askedAt: ReturnType<typeof unixMs>; askedAtMs: number } | undefined;
  for (let t = 0; t < of.days * DAY; t += 60_000) {
    const now = { atMs: t, wallMs: of.wallAt(t) };
    if (!isDue(schedule, last, now)) continue;
    asked.push(t);
    last = { askedAt: unixMs(now.wallMs), askedAtMs: t };
  }
  return asked;
}

test('an hour back: no double; an hour forward: no miss, at every minute of a day', () => {
  const schedule = scheduleOf({ everyMs: 4 * HOUR });
  const steady = askedOver(schedule, { days: 3, wallAt: (t) => NOW + t }).length;
  for (const stepMs of [-HOUR, HOUR]) {
    for (let minute = 0; minute < 24 * 60; minute += 7) {
      const at = DAY + minute * 60_000;
      const wallAt = (t: number): number => NOW + t + (t >= at ? stepMs : 0);
      const asked = askedOver(schedule, { days: 3, wallAt });
      const gaps = asked.slice(1).map((each, index) => each - (asked[index] ?? 0));
      assert.ok(Math.min(...gaps) >= 2 * HOUR, `doubled: ${gaps.join()}`);
      assert.ok(Math.max(...gaps.slice(1)) <= 5 * HOUR, `missed: ${gaps.join()}`);
      assert.ok(Math.abs(asked.length - steady) <= 1);
    }
  }
});

test('what was missed for days is made up for once', () => {
  fc.assert(
    fc.property(schedules, fc.integer({ min: 2, max: 40 }), (schedule, periods) => {
      const askedAt = unixMs(NOW);
      const later = NOW + periods * schedule.everyMs;
      assert.ok(isDue(schedule, { askedAt }, { atMs: 0, wallMs: later }));
      const again = { askedAt: unixMs(later), askedAtMs: 0 };
      for (let atMs = 0; atMs < schedule.everyMs / 2; atMs += schedule.everyMs / 9) {
        assert.ok(!isDue(schedule, again, { atMs, wallMs: later + atMs }));
      }
    }),
    OPTIONS,
  );
});

test('a clock that was years ahead when it was asked does not hold it up for years', () => {
  const schedule = scheduleOf({});
  const last = { askedAt: unixMs(NOW + 4000 * DAY) };
  assert.ok(isDue(schedule, last, { atMs: 5, wallMs: NOW }));
  // One that is a little ahead is waited for: else a clock that is set back doubles it.
  assert.ok(!isDue(schedule, { askedAt: unixMs(NOW + HOUR) }, { atMs: 5, wallMs: NOW }));
});

test('what failed is asked for once more in its period, after ten minutes, and never a second time', () => {
  const schedule = scheduleOf({ window: { fromMs: 0, lengthMs: DAY } });
  const askedAt = nextSlotAt(schedule, NOW);
  const failedAt = unixMs(askedAt + 1000);
  const isDueAt = (at: number, last: object = { failedAt }): boolean =>
    isDue(schedule, { askedAt: unixMs(askedAt), ...last }, { atMs: at, wallMs: at });
  assert.deepEqual(
    [failedAt, failedAt + 599_999, failedAt + 600_000, failedAt + 10 * HOUR].map((at) =>
      isDueAt(at),
    ),
    [false, false, true, true],
  );
  assert.equal(isDueAt(failedAt + 600_000, {}), false, 'what is not known to have failed is not');
  assert.equal(isDueAt(failedAt - 5 * HOUR), false, 'nor where the clock was set back');
  const often = scheduleOf({ everyMs: HOUR / 2 });
  const last = { askedAt: unixMs(NOW), failedAt: unixMs(NOW) };
  assert.equal(
    isDue(often, last, { atMs: 0, wallMs: NOW + 600_000 }),
    false,
    'it comes soon anyway',
  );
});
