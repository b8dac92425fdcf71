import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { fillRandom, SourceText } from './content.ts';
import { changeInput, generateInput, imageIn } from './generate.ts';
import { changedIndexes, inputSpec, plannedDirectories, planFile } from './inputs.ts';
import { environment } from './process.ts';
import { Scratch } from './scratch.ts';
import { median } from './summary.ts';

const SEED = 1;
const env = environment();
const T2_TINY_DIGEST = 'daae81ff26e26827e060d75ad11017a7ca1637aa2e0f7090990935d7df2a16e0';
const T3_TINY_DIGEST = 'a488b00d060119acc41f618865ac2c816913233b57d65a7948b003f021d0d66e';

async function withScratch(work: (scratch: Scratch) => Promise<void>): Promise<void> {
  const below = mkdtempSync(join(tmpdir(), 'holdfast-inputs-test-'));
  const scratch = new Scratch({ below, signal: new AbortController().signal });
  try {
    await work(scratch);
  } finally {
    scratch.clear();
    rmSync(below, { recursive: true, force: true });
  }
}

// Goal: T1 is what the issue says it is. Method: the plan alone, of every 25th file.
test('T1 has the shape that was promised', () => {
  const spec = inputSpec('T1', { scale: 1, seed: SEED });
  assert.equal(spec.tree.fileCount, 500_000);
  assert.equal(plannedDirectories(spec.tree).length + 1, 5_051);
  const sizes = Array.from({ length: 20_000 }, (_, at) => planFile(spec, at * 25).sizeBytes);
  const totalGb = (sizes.reduce((sum, size) => sum + size, 0) * 25) / 1e9;
  assert.ok(Math.abs(median(sizes) - 3_000) < 60, `median ${median(sizes)}`);
  assert.ok(Math.abs(totalGb - 3.5) < 0.15, `${totalGb} GB`);
  assert.equal(changedIndexes(spec, 1).length, 5_000);
  assert.notDeepEqual(changedIndexes(spec, 1), changedIndexes(spec, 2));
});

// Goal: what shall compress does, as source does, and what shall not does not.
// Method: zstd as the oracle, on one megabyte.
test('text compresses like source and random bytes do not', () => {
  const content = Buffer.alloc(1 << 20);
  new SourceText(SEED).fill(content, 'text');
  const textRatio = content.length / zstdCompressSync(content).length;
  assert.ok(textRatio > 2.5 && textRatio < 8, `text compresses ${textRatio} to 1`);
  fillRandom(content, 'random');
  assert.ok(zstdCompressSync(content).length > content.length * 0.999);
});

// Goal: the same seed makes the same tree, and a change set rewrites its files and no others.
// Method: digests pinned; every file hashed before and after.
test('a tree comes from its seed, and 1 % of it changes', async () => {
  await withScratch(async (scratch) => {
    const spec = inputSpec('T2', { scale: 0.01, seed: SEED });
    const root = scratch.directory('input');
    const { digest } = await generateInput(spec, root, scratch);
    assert.equal(digest, T2_TINY_DIGEST);
    const files = Array.from({ length: spec.tree.fileCount }, (_, index) => planFile(spec, index));
    const hashes = (): string[] =>
      files.map(({ path }) =>
        createHash('sha256')
          .update(readFileSync(join(root, path)))
          .digest('hex'),
      );
    const before = hashes();
    await changeInput({ spec, root, generation: 1 }, scratch.signal);
    const after = hashes();
    const changed = files.filter(({ index }) => before[index] !== after[index]);
    assert.deepEqual(
      changed.map(({ index }) => index),
      changedIndexes(spec, 1),
    );
    for (const file of files) assert.equal(statSync(join(root, file.path)).size, file.sizeBytes);
  });
});

// Goal: T3 is a sparse image of about half its size, with a sound ext4 that holds the tree.
// Method: e2fsck and debugfs as oracles.
test('the image holds a sound ext4, half full', async (t) => {
  if (spawnSync('mkfs.ext4', ['-V'], { env }).status !== 0) {
    t.skip('e2fsprogs is not installed');
    return;
  }
  await withScratch(async (scratch) => {
    const spec = inputSpec('T3', { scale: 0.01, seed: SEED });
    const root = scratch.directory('input');
    const { digest } = await generateInput(spec, root, scratch);
    assert.equal(digest, T3_TINY_DIGEST);
    const image = imageIn(root);
    assert.equal(spawnSync('e2fsck', ['-f', '-n', image], { env }).status, 0);
    const { path, sizeBytes } = planFile(spec, 7);
    const inside = spawnSync('debugfs', ['-R', `cat ${path}`, image], { env, maxBuffer: 1e9 });
    assert.equal(inside.stdout.length, sizeBytes);
    const { size, blocks } = statSync(image);
    const share = (blocks * 512) / size;
    assert.ok(share > 0.4 && share < 0.7, `${share} of the image is data`);
    await changeInput({ spec, root, generation: 1 }, scratch.signal);
    assert.equal(statSync(image).size, size);
  });
});
