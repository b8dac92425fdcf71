// Goal: times are written as JavaScript's own ISO form, and only that form is read.
// Method: compared with Date over random times of the years 0 to 9999 (seed printed).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from './units.ts';
import { isoTimeOf, parseIsoTime } from './iso-time.ts';

test('it agrees with Date', () => {
  const at = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(at, (ms) => {
      const text = new Date(ms).toISOString();
      assert.equal(isoTimeOf(unixMs(ms)), text);
      assert.equal(parseIsoTime(text), ms);
    }),
    { numRuns: 5000 },
  );
});

test('what is no time is refused', () => {
  for (const text of [
    '',
    '2026-11-20',
    '2026-11-20T11:00:00Z',
    '2026-02-29T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z',
    '2026-13-01T00:00:00.000Z',
    '2026-11-20T24:00:00.000Z',
    '2026-11-20T11:60:00.000Z',
    '2026-11-20T11:00:61.000Z',
    ' 2026-11-20T11:00:00.000Z',
    '2026-11-20T11:00:00.000+00:00',
  ]) {
    assert.equal(parseIsoTime(text), undefined, text);
  }
});
