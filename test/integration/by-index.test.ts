// Goal: listing and comparing by indexes in place gives what the whole index gives, also where an index is damaged
// or gone, or names none of the packs that are needed.
// Method: a real vault of two snapshots; its indexes are spoilt, and what was read is compared.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byIndex } from '../../src/main/by-index.ts';
import type { SnapshotPorts } from '../../src/recover/shell/snapshot-roots.ts';
import { comparePoints } from '../../src/recover/shell/compare-points.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';

const OPTIONS = { aheadMs: NOTHING_YOUNG_MS };

test('what an index in place does not give, the whole one does', async () => {
  await using fixture = await captureFixture();
  const { session, tree, dir } = fixture;
  for (let at = 0; at < 500; at++) fs.writeFileSync(join(tree, `f${at}`), `content ${at}`);
  await fixture.backup(OPTIONS);
  fs.writeFileSync(join(tree, 'f7'), 'changed');
  fs.writeFileSync(join(tree, 'new'), 'new');
  await fixture.backup(OPTIONS);
  const { snapshots } = await listSnapshots(session.vault);
  const [before = assert.fail(), after = assert.fail()] = snapshots;
  let reads = 0;
  const compare = (parts: SnapshotPorts): readonly string[] => {
    reads += 1;
    return [...comparePoints(parts, { before, after }).differences].map(({ path }) => path);
  };
  const paths = ['', 'f7', 'new'];
  assert.deepEqual((await byIndex(session, compare)).toSorted(), paths);
  assert.equal(reads, 1, 'in place');
  const folder = join(dir, 'vault/index');
  const files = fs.readdirSync(folder).map((name) => join(folder, name));
  const kept = files.map((file) => fs.readFileSync(file));
  const spoil: readonly ((file: string, bytes: Buffer) => void)[] = [
    (file, bytes) => fs.writeFileSync(file, bytes.subarray(0, -3)),
    (file, bytes) =>
      fs.writeFileSync(file, Buffer.from(bytes.map((byte, at) => (at > 64 ? byte ^ 0x11 : byte)))),
    (file) => fs.writeFileSync(file, ''),
    (file) => fs.rmSync(file),
  ];
  for (const [nth, act] of spoil.entries()) {
    reads = 0;
    for (const [at, file] of files.entries()) act(file, kept[at] ?? assert.fail());
    assert.deepEqual((await byIndex(session, compare)).toSorted(), paths, `${nth}`);
    for (const [at, file] of files.entries()) fs.writeFileSync(file, kept[at] ?? assert.fail());
  }
  // An index that is whole, and does not know the second snapshot.
  const newest = files.at(-1) ?? assert.fail();
  fs.rmSync(newest);
  assert.deepEqual((await byIndex(session, compare)).toSorted(), paths);
});
