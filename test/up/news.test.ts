// Goal: a table that stays on the screen is printed again when it says something else, and never
// because time passed.
// Method: pairs of views that differ in one thing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { type DurationMs, durationMs, hours, minutes, unixMs } from '../../src/base/units.ts';
import { isNews } from '../../src/main/up/news.ts';
import type { UpView } from '../../src/main/up/up-view.ts';
import { coverageOf } from '../../src/watch/core/coverage.ts';
import { exposureOf } from '../../src/watch/core/exposure.ts';
import { DISCOVERY, dataAt } from '../watch/discovery-example.ts';
import { NOW } from '../watch/estate-arbitrary.ts';
import { ESTATE } from '../watch/estate-example.ts';

const PLACE = { host: 'h', beneath: undefined, path: undefined };

function viewAt(aheadMs: number, change: Partial<UpView> = {}): UpView {
  const now = unixMs(NOW + aheadMs);
  return {
    ...{ now, discovery: DISCOVERY, coverage: coverageOf(DISCOVERY, []), done: [] },
    exposure: exposureOf(ESTATE, now),
    vault: { path: byteString('/v'), place: PLACE, freeBytes: 1e9, says: undefined },
    key: { id: 'k1', isConfirmed: false, kind: 'key file', path: byteString('/k') },
    copies: [],
    state: { path: byteString('/s'), isNew: false },
    ...change,
  };
}

test('time that passes is no news, as long as every proof holds', () => {
  assert.equal(isNews(viewAt(0), viewAt(minutes(5))), false);
  assert.equal(isNews(viewAt(0), viewAt(minutes(16))), false);
});

test('a proof that expires is news', () => {
  assert.equal(isNews(viewAt(0), viewAt(hours(24 * 40))), true);
});

test('a data set that came, and a key that was confirmed, are news', () => {
  const more = { ...DISCOVERY, data: [...DISCOVERY.data, dataAt('/srv/new')] };
  assert.equal(isNews(viewAt(0), viewAt(0, { coverage: coverageOf(more, []) })), true);
  const key = { ...viewAt(0).key, isConfirmed: true };
  assert.equal(isNews(viewAt(0), viewAt(0, { key })), true);
});

test('being out for four times as long is news, a little longer is not', () => {
  const times = (factor: number): UpView => {
    const slower = (span: number): DurationMs => durationMs(span * factor);
    const drills = ESTATE.drills.map((drill) => ({ ...drill, tookMs: slower(drill.tookMs) }));
    return viewAt(0, { exposure: exposureOf({ ...ESTATE, drills }, NOW) });
  };
  assert.equal(isNews(times(1), times(1.2)), false);
  assert.equal(isNews(times(0.2), times(1)), true);
});
