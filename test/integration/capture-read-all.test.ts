// Goal: `--read-all` reads everything again and names what changed without its size and times: a
// disk that rots under a file that nobody wrote to.
// Method: a byte of a file's data flipped in the image below its file system; files that people
// changed, with their times put back, stand beside it and are not called rotten.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSnapshotContent, listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import type { CaptureFixture } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { needs } from '../run/needs.ts';

const OLD = { aheadMs: NOTHING_YOUNG_MS } as const;
const READ_ALL = { ...OLD, request: { readAll: true } } as const;
const MARK = 'bytes of which one will rot';

/** Flips one bit of the only place in the image that holds this text. */
function rot(image: string, text: string): void {
  const bytes = fs.readFileSync(image);
  const at = bytes.indexOf(text);
  assert.ok(at > 0 && bytes.indexOf(text, at + 1) < 0, 'it stands there once');
  const fd = fs.openSync(image, 'r+');
  fs.writeSync(fd, Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at);
  fs.closeSync(fd);
}

async function statsOf({ session }: CaptureFixture): Promise<Readonly<Record<string, unknown>>> {
  const { snapshots } = await listSnapshots(session.vault);
  const last = snapshots.at(-1);
  assert.ok(last !== undefined);
  return readSnapshotContent(session.vault, last.record).stats;
}

test('rot below a file system is named, by read-all only', async (t) => {
  if (!needs(t, 'root', 'loop', 'mount')) return;
  await using fixture = await captureFixture();
  const image = join(fixture.dir, 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 64 * 1024 * 1024);
  execFileSync('mkfs.ext4', ['-q', image]);
  const mount = (file: string) => execFileSync('mount', ['-o', 'loop', file, fixture.tree]);
  const umount = () => execFileSync('umount', [fixture.tree]);
  mount(image);
  try {
    fs.mkdirSync(join(fixture.tree, 'dir'));
    fs.writeFileSync(join(fixture.tree, 'dir/rotten'), `${MARK}${'.'.repeat(10_000)}`);
    fs.writeFileSync(join(fixture.tree, 'dir/sound'), 'sound');
    const large = Buffer.alloc(9_000_000, 'block ');
    large.write(`large ${MARK}`, 5_000_000);
    fs.writeFileSync(join(fixture.tree, 'large.img'), large);
    await fixture.backup(OLD);
    assert.deepEqual((await fixture.backup(READ_ALL)).changedSilently, []);
    // A copy of what was written: another process's mount namespace may hold this mount for longer.
    execFileSync('sync', ['-f', fixture.tree]);
    const rotten = join(fixture.dir, 'rotten');
    execFileSync('cp', ['--sparse=always', image, rotten]);
    rot(rotten, `${MARK}...`);
    rot(rotten, `large ${MARK}`);
    umount();
    mount(rotten);
    const quick = await fixture.backup(OLD);
    assert.deepEqual([quick.isUnchanged, quick.changedSilently], [true, []]);
    const full = await fixture.backup({ ...READ_ALL, threads: 2 });
    assert.deepEqual(full.changedSilently, ['dir/rotten', 'large.img']);
    assert.equal((await statsOf(fixture)).changedSilently, 2);
    // It is what the snapshot before has from now on.
    assert.deepEqual((await fixture.backup(READ_ALL)).changedSilently, []);
  } finally {
    umount();
  }
});

test('a file that somebody wrote to, with its time put back, is not rotten', async () => {
  await using fixture = await captureFixture();
  const write = (name: string, content: string): void => {
    const path = join(fixture.tree, name);
    fs.writeFileSync(path, content);
    fs.utimesSync(path, 1_000_000_000, 1_000_000_000);
  };
  for (const name of ['rewritten', 'replaced', 'longer', 'same']) write(name, 'content');
  const first = await fixture.capture(OLD);
  write('rewritten', 'CONTENT');
  fs.rmSync(join(fixture.tree, 'replaced'));
  write('replaced', 'another');
  write('longer', 'content, and more');
  const second = await fixture.capture(READ_ALL);
  assert.notEqual(second.digest, first.digest);
  assert.deepEqual(second.outcome.changedSilently, []);
});

test('where times are not believed, size and mtime are all there is', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', fixture.tree]);
  try {
    const path = join(fixture.tree, 'file');
    fs.writeFileSync(path, 'content');
    fs.utimesSync(path, 1_000_000_000, 1_000_000_000);
    await fixture.backup(OLD);
    fs.writeFileSync(path, 'CONTENT');
    fs.utimesSync(path, 1_000_000_000, 1_000_000_000);
    assert.deepEqual((await fixture.backup(READ_ALL)).changedSilently, ['file']);
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
});

test('what was young when it was read may have changed in all honesty', async () => {
  await using fixture = await captureFixture();
  const path = join(fixture.tree, 'file');
  fs.writeFileSync(path, 'content');
  fs.utimesSync(path, 1_000_000_000, 1_000_000_000);
  await fixture.backup({});
  fs.writeFileSync(path, 'CONTENT');
  fs.utimesSync(path, 1_000_000_000, 1_000_000_000);
  assert.deepEqual((await fixture.backup(READ_ALL)).changedSilently, []);
});

test('of several roots each is compared with its own', async () => {
  await using fixture = await captureFixture();
  const roots = ['one', 'two'].map((name) => join(fixture.tree, name));
  for (const root of roots) {
    fs.mkdirSync(root);
    fs.writeFileSync(join(root, 'file'), root);
  }
  await fixture.backup(OLD, ...roots);
  const again = await fixture.backup(READ_ALL, ...roots);
  assert.deepEqual(again.changedSilently, []);
  assert.equal(again.readBytes, (roots[0] ?? '').length + (roots[1] ?? '').length);
});
