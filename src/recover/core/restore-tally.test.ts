// Goal: what many workers count adds up, names the first and counts all.
// Method: tallies with more failures than are named, added in two ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { progressOf } from './restore-progress.ts';
import { Tally } from './restore-tally.ts';

test('beyond a thousand, failures are counted and not named', () => {
  const total = new Tally();
  for (let worker = 0; worker < 3; worker++) {
    const own = new Tally();
    for (let at = 0; at < 600; at++) {
      own.fail({ path: byteString(`${worker}/${at}`), code: 'EIO', why: 'x' });
      own.gap({ path: byteString(`${worker}/${at}`), why: 'x' });
      own.noteUnset(byteString(`${at}`), [{ what: 'owner', errno: 'EPERM' }]);
    }
    own.noteUnset(byteString('a'), [{ what: 'owner', errno: 'EINVAL' }]);
    own.bytes = 10;
    total.add(own.result());
  }
  const { failures, failureCount, gaps, gapCount, unset, bytes } = total.result();
  assert.equal(failures.length, 1000);
  assert.equal(failureCount, 1800);
  assert.equal(gaps.length, 1000);
  assert.equal(gapCount, 1800);
  assert.equal(bytes, 30);
  assert.deepEqual(
    unset.map(({ what, errno, count, examples }) => [what, errno, count, examples.length]),
    [
      ['owner', 'EPERM', 1800, 3],
      ['owner', 'EINVAL', 3, 3],
    ],
  );
});

test('what remains is estimated from entries and bytes alike', () => {
  const totals = { entries: 100, bytes: 1000 };
  assert.equal(
    progressOf({ entries: 0, bytes: 0, holeBytes: 0 }, totals, 10).remainingMs,
    undefined,
  );
  const half = progressOf({ entries: 25, bytes: 750, holeBytes: 0 }, totals, 1000);
  assert.equal(half.remainingMs, 1000);
  assert.equal(half.rateBytesPerS, 750);
  assert.equal(
    progressOf({ entries: 100, bytes: 600, holeBytes: 400 }, totals, 1000).remainingMs,
    0,
  );
  assert.equal(
    progressOf({ entries: 0, bytes: 0, holeBytes: 0 }, { entries: 0, bytes: 0 }, 5).remainingMs,
    0,
  );
});
