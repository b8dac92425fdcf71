// Goal: the bench of large indexes has not rotted. Method: the real one, small, both mixes; it fails by itself where
// an id is not found that it put, or one that it did not put is.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('index-ids.ts', import.meta.url));
const TINY = ['--ids', '12000', '--lookups', '500', '--no-keep'];

test('indexes of some thousand ids are made and asked', () => {
  const env = { ...process.env, HOLDFAST_SHIPPED: '' };
  const ran = spawnSync(process.execPath, [BENCH, ...TINY], { encoding: 'utf8', env });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  const said = JSON.parse(ran.stdout) as Record<
    'file' | 'image',
    { readonly packs: number; readonly bytesPerId: number }
  >;
  assert.equal(said.file.packs, 3);
  assert.equal(said.image.packs, Math.ceil(12_000 / 254));
  for (const { bytesPerId } of [said.file, said.image]) assert.ok(bytesPerId > 24);
});
