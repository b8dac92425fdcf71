// Goal: a window of a time zone is by the clock on the wall there, with one run a day, also where that
// clock is set; what Intl says of the zone is what is gone by.
// Method: every ten minutes of more than a year in zones that are set by an hour, by half of one, in
// the other half of the year, and never; each asked as the server asks.
import assert from 'node:assert/strict';
import test from 'node:test';
import { zoneOffset } from '../../src/adapters/node/zone-offset.ts';
import { unixMs } from '../../src/base/units.ts';
import { schedulesOf } from '../../src/main/server/schedules-of.ts';
import {
  isDue,
  isInWindow,
  nextSlotAt,
  type Schedule,
  slotOf,
} from '../../src/watch/core/schedule/schedule.ts';
import { serverSchema } from '../../src/wire/server-config.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.UTC(2026, 0, 1, 12);
const DAYS = 400;
const ZONES = ['Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York', 'Asia/Kolkata'] as const;

function scheduleOf(given: object): Schedule {
  const each = { host: 'web1', backup: 'nightly', every: '1d', ...given };
  const [schedule] = schedulesOf({ server: serverSchema.parse({ schedules: { a: each } }) });
  assert.ok(schedule !== undefined);
  return schedule;
}

/** Hour and minute there, as a person reads them. */
function clockOf(timezone: string): (at: number) => number {
  const options = {
    timeZone: timezone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
  } as const;
  const format = new Intl.DateTimeFormat('en-GB', options);
  return (at) => {
    const [hours = 0, minutes = 0] = format.format(at).split(':').map(Number);
    return hours + minutes / 60;
  };
}

for (const timezone of ZONES) {
  for (const window of ['02:00-04:00', '23:00-03:00'] as const) {
    test(`${window} in ${timezone}: one run a day, inside, for more than a year`, () => {
      const [from = 0, until = 0] = window.split('-').map((each) => Number.parseInt(each, 10));
      for (const host of ['web1', 'web2', 'db1']) {
        const schedule = scheduleOf({ window, timezone, host });
        const clock = clockOf(timezone);
        const day = new Intl.DateTimeFormat('en-CA', { timeZone: timezone });
        const asked: number[] = [];
        for (let at = BEGIN; at < BEGIN + DAYS * DAY; at += HOUR / 6) {
          const [askedAt] = asked.slice(-1);
          const last = askedAt === undefined ? undefined : { askedAt: unixMs(askedAt) };
          if (isInWindow(schedule, at) && isDue(schedule, last, { atMs: at, wallMs: at }))
            asked.push(at);
        }
        assert.ok(Math.abs(asked.length - DAYS) <= 1, `${asked.length} runs in ${DAYS} days`);
        // A window over midnight belongs to the day on which it begins.
        const days = asked.map((at) => day.format(at - (from > until ? until * HOUR : 0)));
        assert.equal(new Set(days).size, asked.length, 'no day has two');
        for (const at of asked) {
          const now = clock(at);
          const isInside = from < until ? now >= from && now < until : now >= from || now < until;
          assert.ok(isInside, `${new Date(at).toISOString()} is ${now} there`);
        }
      }
    });
  }
}

test('when it is next is when its period begins, also over a clock that is set', () => {
  for (const timezone of ZONES) {
    const schedule = scheduleOf({ window: '02:00-04:00', timezone });
    for (let at = BEGIN; at < BEGIN + DAYS * DAY; at += 5 * HOUR) {
      const next = nextSlotAt(schedule, at);
      assert.ok(next > at && next <= at + DAY + HOUR, timezone);
      assert.equal(slotOf(schedule, next), slotOf(schedule, at) + 1);
      assert.equal(slotOf(schedule, next - 1), slotOf(schedule, at));
      assert.ok(isInWindow(schedule, next));
    }
  }
});

test('how far a clock is ahead is that of its zone', () => {
  const berlin = zoneOffset('Europe/Berlin');
  const spring = Date.UTC(2027, 2, 28, 1);
  assert.deepEqual([berlin(spring - 1), berlin(spring)], [HOUR, 2 * HOUR]);
  assert.equal(zoneOffset('Australia/Lord_Howe')(Date.UTC(2027, 0, 1)), 11 * HOUR);
  assert.equal(zoneOffset('Australia/Lord_Howe')(Date.UTC(2027, 6, 1)), 10.5 * HOUR);
});

test('a zone that there is not, or one without a window, is refused', () => {
  const isTaken = (given: object): boolean =>
    serverSchema.safeParse({ schedules: { a: { host: 'a', backup: 'b', every: '1d', ...given } } })
      .success;
  const window = '01:00-05:00';
  assert.ok(isTaken({ window, timezone: 'Europe/Berlin' }));
  assert.ok(!isTaken({ window, timezone: 'Europe/Nowhere' }));
  assert.ok(!isTaken({ timezone: 'Europe/Berlin' }));
});
