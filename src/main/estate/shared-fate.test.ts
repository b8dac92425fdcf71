// Goal: a copy is said to be lost with the vault where one disk takes both, and where nothing tells.
// Method: each pair of places.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place } from '../../watch/core/place.ts';
import { fateShared } from './shared-fate.ts';

const on = (disks: readonly string[] | undefined, failuresSurvived = 0): Place => ({
  host: 'h1',
  beneath: disks && { disks, failuresSurvived },
  path: undefined,
});

test('which disks take both', () => {
  const by = (one: Place, other: Place) => fateShared(one, other)?.by;
  assert.equal(by(on(['a']), on(['b'])), undefined);
  assert.deepEqual(fateShared(on(['a', 'b']), on(['b', 'c'])), { by: 'disk', disks: ['b'] });
  assert.equal(by(on(['a', 'b'], 1), on(['a', 'b'], 1)), 'disk');
  // A disk less of the mirror, and it is there still.
  assert.equal(by(on(['a', 'b'], 1), on(['a'])), undefined);
  assert.equal(by(on(['a']), on(undefined)), 'host');
  const elsewhere = { ...on(undefined), host: 'server st2' };
  assert.equal(by(elsewhere, on(['a'])), undefined);
  assert.equal(by({ ...elsewhere, mayBeOn: ['h1'] }, on(['a'])), 'unknown');
});
