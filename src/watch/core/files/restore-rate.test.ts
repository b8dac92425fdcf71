// Goal: a rate is that of a restore that was measured; whatever else a host answers says nothing, and
// breaks nothing.
// Method: jobs as a server keeps them, with answers that are none before one that is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { unixMs } from '../../../base/units.ts';
import { restoreRateOf } from './restore-rate.ts';

const job = (answer: string | undefined, change: object = {}) => ({
  ...{ act: 'restore' as const, state: 'done' as const, answer, changedAt: unixMs(1) },
  ...change,
});
const GOOD = JSON.stringify({ bytes: 5_000_000, rateBytesPerS: 1000 });

test('what is no answer of a restore is passed over', () => {
  const none = [undefined, '', 'no JSON', '{"bytes":', 'null', '7', '[]', '{}'];
  const other = [
    '{"bytes":5000000,"rateBytesPerS":1e999}',
    '{"bytes":5000000,"rateBytesPerS":-1}',
    '{"bytes":999,"rateBytesPerS":1000}',
    '{"bytes":"5000000","rateBytesPerS":1000}',
  ];
  const before = [...none, ...other].map((answer) => job(answer));
  assert.equal(restoreRateOf(before), undefined);
  const good = job(GOOD, { changedAt: unixMs(7) });
  assert.deepEqual(restoreRateOf([...before, good]), { bytesPerS: 1000, at: 7 });
});

test('only a restore that was done counts, and the newest of them', () => {
  assert.equal(
    restoreRateOf([job(GOOD, { act: 'drill' }), job(GOOD, { state: 'failed' })]),
    undefined,
  );
  const newer = job('{"bytes":2000000,"rateBytesPerS":5}', { changedAt: unixMs(9) });
  assert.deepEqual(restoreRateOf([newer, job(GOOD)]), { bytesPerS: 5, at: 9 });
});
