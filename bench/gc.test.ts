// Goal: the bench of collection has not rotted. Method: the real one, tiny; of figures only that space came free.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('gc.ts', import.meta.url));
const TINY = ['--files', '100', '--snapshots', '3', '--keep', '1', '--no-keep'];
const hasRestic = spawnSync('restic', ['version']).status === 0;

test('a short history of a small tree is freed by both', {
  skip: !hasRestic && 'no restic',
}, () => {
  const env = { ...process.env, HOLDFAST_SHIPPED: '' };
  const ran = spawnSync(process.execPath, [BENCH, ...TINY], { encoding: 'utf8', env });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  const said = JSON.parse(ran.stdout) as {
    readonly holdfast: { readonly bytesBefore: number; readonly bytesAfter: number };
    readonly timesAsFast: { readonly wall: number };
  };
  assert.ok(said.timesAsFast.wall > 0);
  assert.ok(said.holdfast.bytesAfter < said.holdfast.bytesBefore);
});
