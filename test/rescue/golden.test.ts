// Goal: rescue.py reads the bytes that the format documents are pinned by.
// Method: a vault put together from the golden files, with an index and without.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { needs } from '../run/needs.ts';
import { newPlace, PYTHON3 } from './run-rescue.ts';

test('the golden files are read by rescue.py', (t) => {
  if (!needs(t, 'python3', 'python3-cryptography', 'zstd')) return;
  const script = path.join(import.meta.dirname, 'golden.py');
  const got = spawnSync(PYTHON3, [script, newPlace('golden')], { encoding: 'utf8' });
  assert.equal(got.status, 0, got.stderr);
  assert.equal(got.stdout, 'golden: all read\n');
});
