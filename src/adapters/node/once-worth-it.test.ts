// Goal: what is native is loaded once, when enough was done without it, and never asked for again where there is none.
// Method: counted loads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB } from '../../base/units.ts';
import { onceWorthIt } from './once-worth-it.ts';

test('little is done without, and then all with what was loaded once', () => {
  let loads = 0;
  const native = onceWorthIt(() => {
    loads += 1;
    return 'native';
  });
  const answers = Array.from({ length: 12 }, () => native(MIB));
  assert.deepEqual(answers.slice(0, 8), Array(8).fill(undefined));
  assert.deepEqual(answers.slice(8), Array(4).fill('native'));
  assert.equal(native(1), 'native');
  assert.equal(loads, 1);
});

test('where there is none it is asked for once', () => {
  let loads = 0;
  const native = onceWorthIt(() => {
    loads += 1;
    return undefined;
  });
  for (let at = 0; at < 12; at++) assert.equal(native(2 * MIB), undefined);
  assert.equal(loads, 1);
});
