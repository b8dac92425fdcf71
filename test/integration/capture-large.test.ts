// Goal: large files are kept block by block, so that any place is found by division, holes cost
// nothing, and a change costs what it touched.
// Method: sparse files up to the largest that file systems hold; blocks digests computed by Python;
// lists read here by the page of the format alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOfBytes, hexOf, parseDigest, type Digest } from '../../src/base/bytes.ts';
import type { Entry } from '../../src/manifest/core/entry.ts';
import type { CaptureFixture } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { compareCapture } from '../capture/compare-capture.ts';
import { digestFiles } from '../capture/digest-files.ts';
import { needs } from '../run/needs.ts';

const BLOCK = 131_072;
const FANOUT = 4096;
const MIB = 1 << 20;
const OLD = { aheadMs: NOTHING_YOUNG_MS } as const;

/** Writes `text` at each offset of a file of this size; the rest is holes. */
function writeSparse(path: string, size: number, data: Readonly<Record<string, string>>): void {
  const fd = fs.openSync(path, 'w');
  fs.ftruncateSync(fd, size);
  for (const [offset, text] of Object.entries(data)) fs.writeSync(fd, text, Number(offset));
  fs.closeSync(fd);
}

function fileOf(entry: Entry | undefined): Extract<Entry, { type: 'file' }> {
  assert.ok(entry?.type === 'file');
  return entry;
}

/** The digest of the chunk that holds `offset`, by manifest.md 3: one object a level. */
async function chunkAt(
  fixture: CaptureFixture,
  entry: Extract<Entry, { type: 'file' }>,
  offset: number,
): Promise<Digest> {
  const { list } = entry;
  assert.ok(list !== undefined);
  let { digest } = list;
  let block = Math.floor(offset / BLOCK);
  for (let depth = list.depth; depth > 0; depth--) {
    const below = FANOUT ** (depth - 1);
    const record = Math.floor(block / below) * 40;
    const object = Buffer.from(await fixture.listOf(digest));
    assert.ok(object.length <= FANOUT * 40 && object.length % 40 === 0);
    digest = digestOfBytes(object.toString('latin1', record + 8, record + 40));
    block %= below;
  }
  return digest;
}

test('any block of a large file is found by division, at any depth of its list', async () => {
  await using fixture = await captureFixture();
  const sizes = { 'depth-1.img': 300 * MIB + 777, 'depth-2.img': 700 * MIB, 'no-name': 2000 * MIB };
  for (const [name, size] of Object.entries(sizes)) {
    writeSparse(join(fixture.tree, name), size, {
      0: 'at the start',
      [`${100 * MIB - 3}`]: 'over the border of two blocks',
      [`${size - 5}`]: 'end..',
    });
  }
  for (const threads of [0, 2]) {
    const { entries } = await fixture.capture({ threads, request: { readAll: true } });
    assert.deepEqual(await compareCapture(fixture.tree, entries), []);
    for (const [name, size] of Object.entries(sizes)) {
      const entry = fileOf(entries.get(name));
      assert.equal(entry.list?.depth, size > 512 * MIB ? 2 : 1);
      const fd = fs.openSync(join(fixture.tree, name), 'r');
      for (const offset of [0, 100 * MIB - 3, 100 * MIB, 200 * MIB, size - 1]) {
        const start = offset - (offset % BLOCK);
        const block = Buffer.alloc(Math.min(BLOCK, size - start));
        fs.readSync(fd, block, 0, block.length, start);
        const isZero = block.every((byte) => byte === 0);
        const expected = isZero ? '0'.repeat(64) : createHash('sha256').update(block).digest('hex');
        assert.equal(hexOf(await chunkAt(fixture, entry, offset)), expected, `${name} ${offset}`);
      }
      fs.closeSync(fd);
    }
  }
});

test('holes of petabytes cost nothing', { timeout: 60_000 }, async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', fixture.tree]);
  try {
    const size = 2 ** 52 + 4097;
    writeSparse(join(fixture.tree, 'all-hole'), size, {});
    writeSparse(join(fixture.tree, 'with-ends.img'), size, { 0: 'a', [`${size - 1}`]: 'z' });
    execFileSync('truncate', ['-s', String(2n ** 63n - 1n), join(fixture.tree, 'beyond')]);
    fs.writeFileSync(join(fixture.tree, 'small'), 'there as well');
    const { entries, outcome } = await fixture.capture({ threads: 2 });
    const names = ['all-hole', 'with-ends.img'];
    const digests = await digestFiles(fixture.tree, names);
    for (const [at, name] of names.entries()) {
      const entry = fileOf(entries.get(name));
      assert.equal(entry.size, BigInt(size));
      assert.equal(hexOf(entry.blocks ?? digestOfBytes('')), digests[at]?.blocks);
      assert.deepEqual(
        entry.holes?.map(({ offset, length }) => [String(offset), String(length)]),
        digests[at]?.holes,
      );
    }
    // No number here says where its end is, and no disk holds it: named, and not guessed at.
    assert.deepEqual(outcome.report.gaps, [{ path: 'beyond', why: 'EFBIG' }]);
    assert.equal(fileOf(entries.get('beyond')).size, 2n ** 63n - 1n);
    assert.ok(entries.has('small'));
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
});

test('a change in a large file stores the blocks it touched', async () => {
  await using fixture = await captureFixture();
  const path = join(fixture.tree, 'disk.img');
  const content = Buffer.alloc(40 * MIB);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE((at * 2654435761) >>> 0, at);
  fs.writeFileSync(path, content);
  const first = await fixture.backup({ ...OLD, threads: 2 });
  assert.ok(first.newBytes >= content.length);
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, 'changed', 17 * MIB);
  fs.closeSync(fd);
  const second = await fixture.capture({ ...OLD, threads: 2 });
  // One block, its list, pages.
  assert.ok(second.outcome.newBytes < 300_000, `${second.outcome.newBytes}`);
  assert.deepEqual(await compareCapture(fixture.tree, second.entries), []);
});

test('a file cut by content keeps most of its pieces when something is put in front', async () => {
  await using fixture = await captureFixture();
  const path = join(fixture.tree, 'dump.sql');
  let state = 1;
  const content = Buffer.from(
    Uint8Array.from({ length: 16 * MIB }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 16;
    }),
  );
  fs.writeFileSync(path, content);
  const before = fileOf((await fixture.capture(OLD)).entries.get('dump.sql'));
  fs.writeFileSync(path, Buffer.concat([Buffer.from('one line more\n'), content]));
  const after = await fixture.capture(OLD);
  assert.deepEqual(await compareCapture(fixture.tree, after.entries), []);
  const known = new Set(before.chunks?.map(({ digest }) => digest));
  const chunks = fileOf(after.entries.get('dump.sql')).chunks ?? [];
  const fresh = chunks.filter(({ digest }) => !known.has(digest));
  assert.ok(chunks.length > 8 && fresh.length <= 2, `${fresh.length} of ${chunks.length}`);
  assert.ok(after.outcome.newBytes < 9 * MIB);
});

test('more holes and chunks than an entry has room for go into lists', async () => {
  await using fixture = await captureFixture();
  const data = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`${at * 2 * BLOCK}`, `data ${at}`]),
  );
  writeSparse(join(fixture.tree, 'comb'), 100 * BLOCK, data);
  writeSparse(join(fixture.tree, 'comb.img'), 100 * BLOCK, data);
  const { entries } = await fixture.capture();
  const [expected] = await digestFiles(fixture.tree, ['comb']);
  for (const name of ['comb', 'comb.img']) {
    const entry = fileOf(entries.get(name));
    assert.equal(hexOf(entry.blocks ?? digestOfBytes('')), expected?.blocks);
    assert.ok(entry.list !== undefined && entry.holes === undefined);
    assert.equal(entry.holeLists?.length, 1);
    const [list] = entry.holeLists ?? [];
    assert.ok(list !== undefined && parseDigest(hexOf(list)) !== undefined);
    const bytes = Buffer.from(await fixture.listOf(list));
    const holes = Array.from({ length: bytes.length / 16 }, (_, at) => [
      String(bytes.readBigUInt64LE(at * 16)),
      String(bytes.readBigUInt64LE(at * 16 + 8)),
    ]);
    assert.deepEqual(holes, expected?.holes);
  }
});

test('a hard link of a large file costs no second read', async () => {
  await using fixture = await captureFixture();
  fs.writeFileSync(join(fixture.tree, 'a.img'), Buffer.alloc(20 * MIB, 'linked'));
  for (const name of ['b.img', 'c.img']) {
    fs.linkSync(join(fixture.tree, 'a.img'), join(fixture.tree, name));
  }
  const { entries, outcome } = await fixture.capture({ threads: 2 });
  assert.equal(outcome.readBytes, 20 * MIB);
  assert.deepEqual(await compareCapture(fixture.tree, entries), []);
});
