// Goal: two machines are told apart, and nobody is told the machine-id. Method: the example of
// docs/format/stdio.md 3, which was made by another program; and what is no id.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineIdOf } from './machine-id.ts';

test('the id that is told is the one of the format', () => {
  const made = '88b1ca0c681e4f5fbc7bbdfb16f4aacc';
  assert.equal(machineIdOf('000102030405060708090a0b0c0d0e0f\n'), made);
  assert.equal(machineIdOf('000102030405060708090a0b0c0d0e0f'), made);
  assert.notEqual(machineIdOf('100102030405060708090a0b0c0d0e0f'), made);
});

test('machines that have none are not taken for one', () => {
  for (const text of ['', '\n', 'uninitialized\n', '0001', '000102030405060708090A0B0C0D0E0F\n'])
    assert.equal(machineIdOf(text), undefined, text);
});
