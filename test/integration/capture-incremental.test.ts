// Goal: what an incremental backup says of a tree is what a backup that knows nothing would say,
// whatever happened in between; so is the cache it leaves behind.
// Method: random edit histories from printed seeds; after some edits each, one backup with the
// cache of all before it and one that reads everything, into different vaults. Root digests and
// caches are compared. The clock runs a day ahead, so that nothing is young and all is believed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Seeded } from '../../sim/seeded.ts';
import { alignedBuffer } from '../../src/adapters/node/aligned-buffer.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { namesOf, parseCache } from '../../src/vault/core/stat-cache.ts';
import { fileStatOf } from '../../src/vault/core/stat-cache.ts';
import type { CaptureFixture, CaptureOptions } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { EDIT_RULES, RandomEdits } from '../capture/random-edits.ts';

const tools = nodeTools();
const SEEDS = Number(process.env.HOLDFAST_SEEDS ?? 9);
const FIRST_SEED = Number(process.env.HOLDFAST_SEED ?? 1);
const BACKUPS = 12;
const EDITS_MAX = 8;
/** Small trees reach odd states sooner, large ones have pages that stay as they are. */
const EDITS_FIRST = [40, 150, 600] as const;

/** The cache of the newest run, in words. */
function cacheText(fixture: CaptureFixture): readonly string[] {
  const dir = fixture.session.state.directory;
  const names = fs.readdirSync(dir).filter((name) => name.startsWith('cache-'));
  assert.equal(names.length, 1, 'one root, one cache');
  const file = fs.readFileSync(join(dir, names[0] ?? ''));
  const bytes = alignedBuffer(file.length);
  bytes.set(file);
  const cache = parseCache(bytes, tools);
  assert.ok(cache !== undefined, 'the cache is whole');
  const lines: string[] = [];
  for (let at = 0; at < cache.dirCount; at++) {
    const { path, names: files } = namesOf(cache, at, tools.codec);
    const own = cache.dirStats.subarray(at * 9, at * 9 + 9);
    lines.push(`dir ${path} ${own.join(' ')} to ${cache.treeEnd[at]}`);
    for (const [n, name] of files.entries()) {
      lines.push(`${path}/${name} ${fileStatOf(cache, at, n).join(' ')}`);
    }
  }
  return lines;
}

async function tryHistory(seed: number, threads: number): Promise<void> {
  await using fixture = await captureFixture();
  await using fresh = await captureFixture();
  const seeded = new Seeded(seed);
  const edits = new RandomEdits({ seeded, tree: fixture.tree, outside: join(fixture.dir, 'out') });
  const options: CaptureOptions = {
    threads,
    aheadMs: NOTHING_YOUNG_MS,
    rules: EDIT_RULES,
    request: { skipCacheDirs: true, skipNoBackup: true },
  };
  const told: string[] = [];
  const first = EDITS_FIRST[seed % EDITS_FIRST.length] ?? 0;
  for (let at = 0; at < first; at++) told.push(edits.step());
  for (let run = 0; run < BACKUPS; run++) {
    const message = () => `seed ${seed}, backup ${run}: ${JSON.stringify(told.slice(-40))}`;
    const incremental = await fixture.capture(options).catch((error: unknown) => {
      throw new Error(message(), { cause: error });
    });
    const full = await fresh.capture(
      { ...options, threads: 0, request: { ...options.request, readAll: true } },
      fixture.tree,
    );
    assert.deepEqual([...incremental.entries], [...full.entries], message());
    assert.equal(incremental.digest, full.digest, message());
    assert.deepEqual(cacheText(fixture), cacheText(fresh), message());
    const { byRule, leftOut, gaps } = incremental.outcome.report;
    assert.deepEqual([...byRule].sort(), [...full.outcome.report.byRule].sort(), message());
    assert.deepEqual(leftOut, full.outcome.report.leftOut, message());
    assert.deepEqual(gaps, []);
    told.push(`-- ${run}`);
    // Where times are coarse, an edit right after a backup could have the time of what was seen.
    await new Promise((resolve) => setTimeout(resolve, 12));
    const count = seeded.below(EDITS_MAX + 1);
    for (let step = 0; step < count; step++) told.push(edits.step());
  }
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  test(`incremental equals full, seed ${seed}`, () => tryHistory(seed, seed % 4 === 0 ? 2 : 0));
}
