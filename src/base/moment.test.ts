import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endOf, hasPassed, leftMs, type Moment } from './moment.ts';
import { unixMs } from './units.ts';

// Goal: no step of the wall clock ends anything early while the machine stays up. Method: random steps
// against the clock that does not step.

const SEED = Number(process.env.SEED ?? 19700101);
const T = 1_795_000_000_000;
const made: Moment = { at: unixMs(T), boot: 'a', upMs: 5000 };

test('a wall clock set anywhere ends it not before the other clock agrees', () => {
  fc.assert(
    fc.property(
      fc.nat(10_000_000),
      fc.integer({ min: -1e10, max: 1e10 }),
      fc.nat(10_000_000),
      (upMs, step, spanMs) => {
        const now: Moment = { at: unixMs(T + upMs + step), boot: 'a', upMs: 5000 + upMs };
        if (hasPassed(made, spanMs, now)) assert.ok(upMs >= spanMs);
        assert.equal(hasPassed(made, spanMs, now), leftMs(made, spanMs, now) === 0);
        if (step === 0) assert.equal(hasPassed(made, spanMs, now), upMs >= spanMs);
      },
    ),
    { seed: SEED, numRuns: 2000 },
  );
});

test('after a restart, and where nothing else is known, the wall clock counts', () => {
  const later = unixMs(T + 1000);
  assert.equal(hasPassed(made, 1000, { at: later, boot: 'b', upMs: 1 }), true);
  assert.equal(hasPassed(made, 1001, { at: later, boot: 'b', upMs: 1e9 }), false);
  assert.equal(hasPassed({ at: unixMs(T) }, 1000, { at: later }), true);
});

test('a wall clock from before it was made ends nothing', () => {
  assert.equal(hasPassed(made, 1000, { at: unixMs(T - 1e9), boot: 'b', upMs: 1 }), false);
  assert.equal(endOf(made, 1000, { at: unixMs(T + 400), boot: 'a', upMs: 5100 }), T + 1300);
});
