// Goal: a backup that fails says why, ends, leaves nothing open and no snapshot; the next one works.
// Method: a vault on a file system that is full; a thread that meets a bug; a root that is not there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import { captureFixture } from '../capture/capture-fixture.ts';
import { openBelow } from '../capture/open-descriptors.ts';
import { needs } from '../run/needs.ts';

const MIB = 1 << 20;

test('a full vault ends the backup, and with room it goes on', { timeout: 120_000 }, async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
  const small = join(dir, 'small');
  const tree = join(dir, 'tree');
  for (const each of [small, tree]) fs.mkdirSync(each);
  for (let at = 0; at < 100; at++) fs.writeFileSync(join(tree, `${at}.bin`), randomBytes(MIB));
  fs.writeFileSync(join(tree, 'large.img'), randomBytes(40 * MIB));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=70m', 'holdfast-test', small]);
  try {
    const fixture = await captureFixture(small);
    for (const threads of [2, 1, 0]) {
      await assert.rejects(fixture.backup({ threads }, tree), { name: 'Fault' });
      assert.deepEqual(openBelow(tree), [], `${threads} threads`);
      const { snapshots } = await listSnapshots(fixture.session.vault);
      assert.equal(snapshots.length, 0);
    }
    execFileSync('mount', ['-o', 'remount,size=400m', small]);
    const { entries } = await fixture.capture({ threads: 2 }, tree);
    assert.equal(entries.size, 102);
    fixture.session.line.packs.close(); // Reading entries back kept one open.
  } finally {
    execFileSync('umount', [small]);
    fs.rmSync(dir, { recursive: true });
  }
});

test('a root that is not there is a fault, and no snapshot of the others is made', async () => {
  await using fixture = await captureFixture();
  fs.writeFileSync(join(fixture.tree, 'file'), 'x');
  const absent = join(fixture.dir, 'absent');
  await assert.rejects(fixture.backup({}, fixture.tree, absent), { code: 'HF_SOURCE_ABSENT' });
  const { snapshots } = await listSnapshots(fixture.session.vault);
  assert.equal(snapshots.length, 0);
  assert.deepEqual(openBelow(fixture.tree), []);
});

test('a root may be a file, and become a directory and a file again', async () => {
  await using fixture = await captureFixture();
  const root = join(fixture.tree, 'root');
  const options = { aheadMs: 86_400_000 };
  fs.writeFileSync(root, 'a file');
  const file = await fixture.capture(options, root);
  assert.deepEqual(
    [...file.entries].map(([path, { type }]) => [path, type]),
    [['', 'file']],
  );
  fs.rmSync(root);
  fs.mkdirSync(join(root, 'below'), { recursive: true });
  fs.writeFileSync(join(root, 'below/file'), 'x');
  const dir = await fixture.capture(options, root);
  assert.deepEqual([...dir.entries.keys()], ['', 'below', 'below/file']);
  fs.rmSync(root, { recursive: true });
  fs.writeFileSync(root, 'a file again');
  for (let run = 0; run < 2; run++) {
    const again = await fixture.capture(options, root);
    assert.deepEqual([...again.entries.keys()], ['']);
    assert.equal(again.entries.get('')?.type, 'file');
  }
  fs.rmSync(root);
  fs.mkdirSync(root);
  const empty = await fixture.capture(options, root);
  assert.deepEqual([...empty.entries.keys()], ['']);
  assert.equal(empty.entries.get('')?.type, 'dir');
});

test('a cache that is damaged, of another vault or of a lost snapshot is not believed', async () => {
  await using fixture = await captureFixture();
  const options = { aheadMs: 86_400_000 };
  fs.writeFileSync(join(fixture.tree, 'file'), 'content');
  await fixture.backup(options);
  const dir = fixture.session.state.directory;
  const [cache = ''] = fs.readdirSync(dir).filter((name) => name.startsWith('cache-'));
  assert.equal(fs.statSync(join(dir, cache)).mode & 0o777, 0o600);
  const bytes = fs.readFileSync(join(dir, cache));
  const damaged = Buffer.from(bytes);
  damaged[bytes.length >> 1] = (damaged[bytes.length >> 1] ?? 0) ^ 1;
  for (const wrong of [damaged, bytes.subarray(0, -1), Buffer.alloc(0), Buffer.alloc(200)]) {
    fs.writeFileSync(join(dir, cache), wrong);
    assert.equal((await fixture.backup(options)).readBytes, 7);
    assert.equal((await fixture.backup(options)).readBytes, 0);
  }
  // Somebody removed the snapshot that the cache belongs to.
  const snapshots = join(fixture.dir, 'vault/snapshots');
  for (const name of fs.readdirSync(snapshots)) fs.rmSync(join(snapshots, name));
  const outcome = await fixture.backup(options);
  assert.equal(outcome.readBytes, 7);
  assert.deepEqual(outcome.readInFull, ['the snapshot of the last run is not in this vault']);
});

test('what a damaged disk does not give is named, and the rest is kept', async (t) => {
  if (!needs(t, 'root', 'loop', 'mount', 'e2fsprogs')) return;
  await using fixture = await captureFixture();
  const image = join(fixture.dir, 'image');
  const script = fileURLToPath(new URL('../capture/damaged-ext4.sh', import.meta.url));
  execFileSync('sh', [script, image, fixture.tree]);
  execFileSync('mount', ['-o', 'loop,errors=continue', image, fixture.tree]);
  try {
    for (const threads of [2, 0]) {
      const { entries, outcome } = await fixture.capture({ threads });
      assert.ok(entries.has('sound') && entries.has('long.txt') && entries.has('lost+found'));
      assert.equal(entries.get('comb.img')?.unreadable, 'EIO');
      const closed = entries.get('closed');
      assert.deepEqual([closed?.type, closed?.unreadable], ['dir', 'EUCLEAN']);
      assert.deepEqual(outcome.report.gaps.map(({ path }) => path).sort(), ['closed', 'comb.img']);
      assert.deepEqual(openBelow(fixture.tree), []);
    }
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
});

test('a cache that can be neither read nor written costs a full read, and no snapshot', async () => {
  await using fixture = await captureFixture();
  const options = { aheadMs: 86_400_000 };
  fs.writeFileSync(join(fixture.tree, 'file'), 'content');
  await fixture.backup(options);
  const dir = fixture.session.state.directory;
  const [cache = ''] = fs.readdirSync(dir).filter((name) => name.startsWith('cache-'));
  fs.rmSync(join(dir, cache));
  fs.mkdirSync(join(dir, cache, 'in the way'), { recursive: true });
  for (let run = 0; run < 2; run++) {
    const outcome = await fixture.backup(options);
    assert.equal(outcome.readBytes, 7);
    assert.match(outcome.readInFull.join(), /the cache could not be kept/);
  }
  const { snapshots } = await listSnapshots(fixture.session.vault);
  assert.equal(snapshots.length, 3);
});
