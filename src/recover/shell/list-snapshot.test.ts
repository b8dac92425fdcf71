// Goal: a listing is what was backed up, wherever one looks, and says what it holds in sum.
// Method: real vaults of one root, several, and a file; compared with a walk by readdir and lstat.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Fixture, vaultFixture } from '../../../test/integration/restore-fixture.ts';
import { byteString } from '../../base/bytes.ts';
import { restorePorts } from '../../main/run-restore.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import { type ListRequest, listSnapshot, type SnapshotListing } from './list-snapshot.ts';

async function listed(
  fixture: Fixture,
  options: Omit<ListRequest, 'snapshot'> = {},
): Promise<SnapshotListing> {
  const { access } = await loadIndex(fixture.session.vault);
  const ports = restorePorts(fixture.session, access);
  return listSnapshot(ports, { ...options, snapshot: await fixture.latest() });
}

function paths({ entries }: SnapshotListing): string[] {
  return [...entries].map(({ path, type }) => (type === 'dir' ? `${path}/` : path));
}

function makeTree(dir: string): void {
  for (const below of ['a/b/c', 'a.d', 'empty'])
    fs.mkdirSync(join(dir, below), { recursive: true });
  for (const name of ['a/1', 'a/b/2', 'a/b/c/3', 'a.d/4', 'z']) {
    fs.writeFileSync(join(dir, name), 'x'.repeat(name.length * 100));
  }
  fs.symlinkSync('../z', join(dir, 'a/link'));
  fs.linkSync(join(dir, 'z'), join(dir, 'a/z'));
  fs.utimesSync(join(dir, 'z'), 1, 1_500_000_000.25);
}

test('one root', async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  makeTree(tree);
  await fixture.backup(tree);
  assert.deepEqual(paths(await listed(fixture)), ['a/', 'a.d/', 'empty/', 'z']);
  assert.deepEqual(paths(await listed(fixture, { path: byteString('a') })), [
    ...['a/1', 'a/b/', 'a/link', 'a/z'],
  ]);
  const all = await listed(fixture, { isRecursive: true, withTotals: true });
  const expected = fs.readdirSync(tree, { recursive: true }).map(String).sort();
  const entries = [...all.entries];
  assert.deepEqual(entries.map(({ path }) => String(path)).sort(), expected);
  assert.deepEqual(all.totals, { entries: expected.length + 1, bytes: 2200n });
  const at = (path: string) => entries.find((entry) => entry.path === path);
  assert.deepEqual(at('a/b')?.totals, { entries: 4, bytes: 1200n });
  assert.equal(at('a/1')?.totals, undefined);
  assert.equal(at('a/link')?.target, '../z');
  assert.equal(at('z')?.link, 'a/z');
  assert.equal(at('z')?.mtime, 1_500_000_000_250_000_000n);
  assert.deepEqual([at('z')?.size, at('a')?.size], [100n, undefined]);
  assert.deepEqual([at('z')?.uid, all.at?.type], [process.getuid?.(), 'dir']);
});

test('a file, an absolute path, and what is not there', async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  makeTree(tree);
  await fixture.backup(tree);
  const file = await listed(fixture, { path: byteString('a/b/2') });
  assert.deepEqual([file.totals, paths(file)], [{ entries: 1, bytes: 500n }, ['a/b/2']]);
  assert.deepEqual(paths(await listed(fixture, { path: byteString(`${tree}/a.d/`) })), ['a.d/4']);
  for (const path of ['none', 'a/none', 'z/below', '/etc']) {
    await assert.rejects(listed(fixture, { path: byteString(path) }), { code: 'HF_PATH_ABSENT' });
  }
});

test('several roots lie below their names', async () => {
  await using fixture = await vaultFixture();
  const [one, two] = [join(fixture.dir, 'one'), join(fixture.dir, 'two')];
  makeTree(one);
  fs.writeFileSync(two, 'a root that is a file');
  await fixture.backup(two, one);
  const top = await listed(fixture, { withTotals: true });
  assert.equal(top.at, undefined);
  assert.equal(top.totals.bytes, 2221n);
  assert.deepEqual(paths(top), ['one/', 'two']);
  const below = await listed(fixture, { path: byteString('one/a/b') });
  assert.deepEqual(paths(below), ['one/a/b/2', 'one/a/b/c/']);
  const all = paths(await listed(fixture, { isRecursive: true }));
  assert.deepEqual([all[0], all.at(-1), all.length], ['one/', 'two', 14]);
});
