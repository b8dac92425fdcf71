// Goal: by a clock that was set, that others are ahead of, or that may have jumped, nothing goes; by an honest one
// it does, also after a restart, a suspend and the small steps of NTP. Method: moments by hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Moment } from '../../base/moment.ts';
import { unixMs } from '../../base/units.ts';
import {
  type ClockMemory,
  type ClockWitnesses,
  clockDoubt,
  countedTo,
  rememberedClock,
} from './clock-doubt.ts';

const NOW = Date.UTC(2026, 10, 21, 10);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function moment(days: number, up: Partial<Moment> = {}): Moment {
  return { at: unixMs(NOW + days * DAY), boot: 'one', upMs: (100 + days) * DAY, ...up };
}

function given(of: Partial<ClockWitnesses> = {}): ClockWitnesses {
  const arrivals = [-30, -20, -10, -5, -1].map((day) => unixMs(NOW + day * DAY));
  const heads = [{ at: unixMs(NOW - DAY), what: 'web1' }];
  return { now: moment(0), memory: undefined, heads, arrivals, minAgeMs: 7 * DAY, ...of };
}

const seen = (days: number, up: Partial<Moment> = {}): ClockMemory => ({ seen: moment(days, up) });

test('an honest clock is believed', () => {
  const memories = [
    undefined,
    seen(-1),
    seen(0),
    seen(-1, { boot: 'zero' }),
    seen(-1, { upMs: 99 * DAY + 0.9 * HOUR }),
    { seen: { at: unixMs(NOW - DAY) } },
  ];
  for (const memory of memories) assert.equal(clockDoubt(given({ memory })), undefined);
});

test('one that was set back, or that others are ahead of, is not', () => {
  const memory = seen(3, { boot: 'zero' });
  assert.match(clockDoubt(given({ memory })) ?? '', /a time before .* when it was looked at last/);
  const heads = [
    { at: unixMs(NOW + 2 * HOUR), what: 'web2' },
    { at: unixMs(NOW + HOUR), what: 'web1' },
  ];
  assert.match(clockDoubt(given({ heads })) ?? '', /^web2 is of .*and 1 other so/);
  assert.equal(
    clockDoubt(given({ heads: [{ at: unixMs(NOW + 60_000), what: 'web2' }] })),
    undefined,
    'clocks differ by a minute',
  );
});

test('one that was set in one boot is not before min-age has passed by both clocks', () => {
  const before = seen(-1);
  const stepped = moment(400, { upMs: 100 * DAY });
  const first = given({ now: stepped, memory: before });
  assert.match(clockDoubt(first) ?? '', /was set by .*nothing goes by it/);
  const after = rememberedClock(first);
  const days = (count: number): Moment => moment(400 + count, { upMs: (100 + count) * DAY });
  const arrivals = [unixMs(NOW + 400 * DAY)];
  const later = (count: number, memory = after) => given({ now: days(count), memory, arrivals });
  assert.match(clockDoubt(later(1)) ?? '', /was set/);
  const kept = rememberedClock(later(1));
  assert.match(clockDoubt(later(6, kept)) ?? '', /was set/, 'whatever was looked at in between');
  assert.equal(clockDoubt(later(8, kept)), undefined);
});

test('after a jump as long as a pause nothing goes before backups were taken for min-age again', () => {
  const jumped = [-800, -790, -1, 0].map((day) => unixMs(NOW + day * DAY));
  assert.match(clockDoubt(given({ arrivals: jumped })) ?? '', /nothing was written for .*jumped/);
  const taken = [-800, -790, -9, -1].map((day) => unixMs(NOW + day * DAY));
  assert.equal(clockDoubt(given({ arrivals: taken })), undefined);
  const monthly = [-120, -90, -60, -30, 0].map((day) => unixMs(NOW + day * DAY));
  assert.equal(clockDoubt(given({ arrivals: monthly })), undefined);
});

test('ages are counted to the newest snapshot, and never beyond the clock', () => {
  const at = (day: number) => unixMs(NOW + day * DAY);
  assert.equal(countedTo(at(0), [at(-9), at(-3)]), at(-3));
  assert.equal(countedTo(at(0), [at(-9), at(50)]), at(-9));
  assert.equal(countedTo(at(0), []), at(0));
});
