// Goal: only a fresh exercise of this very service and loss says that it moves; the newest decides.
// Method: evidence with one thing wrong at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../../../base/evidence.ts';
import { days, seconds } from '../../../base/units.ts';
import { evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { movesByItself, movesSubject } from './moves-by-itself.ts';

const OF = { service: 'wiki', what: 'host:hv3', clockSkewMax: seconds(1) };
const shown = (
  change: Parameters<typeof evidenceOf>[0],
  subject = movesSubject('wiki', 'host:hv3'),
): Evidence => ({
  ...evidenceOf({ ageMs: days(2), ...change }),
  subject,
  detail: { outAtMostMs: 35_000 },
});
const kind = (...evidence: readonly Evidence[]): string => movesByItself(evidence, OF, NOW).kind;

test('moves by itself, with its figure and age', () => {
  assert.deepEqual(movesByItself([shown({})], OF, NOW), {
    ...{ kind: 'moves', outAtLeastMs: 0, outAtMostMs: 35_000, ageMs: days(2) },
  });
});

test('nothing else says so', () => {
  assert.equal(kind(), 'not shown');
  assert.equal(kind(shown({ expiresInMs: -1 })), 'not shown', 'too old');
  assert.equal(kind(shown({ ageMs: -60_000 })), 'not shown', 'dated ahead');
  assert.equal(kind(shown({}, movesSubject('mail', 'host:hv3'))), 'not shown');
  assert.equal(kind(shown({}, movesSubject('wiki', 'host:hv2'))), 'not shown');
  assert.equal(kind(shown({}), shown({ saw: 'broken', ageMs: days(1) })), 'does not');
  assert.equal(kind(shown({ ageMs: days(1) }), shown({ saw: 'broken' })), 'moves');
});
