// Goal: no mount can hold up a backup, and every file system that is left out is named.
// Method: FUSE file systems that never answer, in the tree, over what was captured before, below
// what a rule leaves out, and as the tree; tmpfs, bind mounts, proc, btrfs subvolumes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { Source } from '../../src/host/source.ts';
import type { Captured, CaptureFixture } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { type Helper, startPython } from '../capture/helper-process.ts';
import { needs } from '../run/needs.ts';

const OLD = { aheadMs: NOTHING_YOUNG_MS } as const;

interface Mounted extends AsyncDisposable {
  readonly dir: string;
}

/** Goes away at the end, whoever still waits for it. */
async function deadMount(dir: string, manner: 'silent' | 'deaf'): Promise<Mounted> {
  const helper: Helper = startPython('dead-fuse.py', dir, manner);
  assert.equal(await helper.next(), 'begun');
  return {
    dir,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['--lazy', dir]);
      await helper[Symbol.asyncDispose]();
    },
  };
}

function mounted(dir: string, ...options: readonly string[]): Mounted {
  execFileSync('mount', [...options, dir]);
  return {
    dir,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['--recursive', dir]);
    },
  };
}

function fill(fixture: CaptureFixture): void {
  for (const dir of ['a', 'mnt', 'z']) {
    fs.mkdirSync(join(fixture.tree, dir), { recursive: true });
    fs.writeFileSync(join(fixture.tree, dir, 'file'), dir);
  }
}

const left = ({ outcome }: Captured) =>
  outcome.report.leftOut.map(({ path, why }) => `${path}: ${why}`);

for (const manner of ['silent', 'deaf'] as const) {
  test(`a ${manner} mount is unreadable, and the rest is there`, { timeout: 50_000 }, async (t) => {
    if (!needs(t, 'root', 'fuse', 'mount')) return;
    await using fixture = await captureFixture();
    fill(fixture);
    const first = await fixture.capture(OLD);
    {
      await using _dead = await deadMount(join(fixture.tree, 'mnt'), manner);
      for (const options of [OLD, { request: { readAll: true } }, { threads: 2 }]) {
        const { entries, outcome } = await fixture.capture(options);
        assert.deepEqual([...entries.keys()], ['', 'a', 'a/file', 'mnt', 'z', 'z/file']);
        assert.deepEqual(outcome.report.gaps, [{ path: 'mnt', why: 'ETIMEDOUT' }]);
        assert.equal(entries.get('mnt')?.unreadable, 'ETIMEDOUT');
      }
    }
    const after = await fixture.capture(OLD);
    assert.equal(after.digest, first.digest);
    assert.deepEqual(after.outcome.report.gaps, []);
  });
}

test('a dead mount below what is left out is not even counted', { timeout: 50_000 }, async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount')) return;
  await using fixture = await captureFixture();
  fill(fixture);
  fs.mkdirSync(join(fixture.tree, 'skip/deep/mnt'), { recursive: true });
  fs.mkdirSync(join(fixture.tree, 'tagged/mnt'), { recursive: true });
  fs.writeFileSync(join(fixture.tree, 'skip/file'), 'skipped');
  fs.writeFileSync(join(fixture.tree, 'tagged/.nobackup'), '');
  await using _one = await deadMount(join(fixture.tree, 'skip/deep/mnt'), 'deaf');
  await using _two = await deadMount(join(fixture.tree, 'tagged/mnt'), 'deaf');
  await using _three = await deadMount(join(fixture.tree, 'mnt'), 'deaf');
  const request = { skipNoBackup: true, oneFileSystem: true };
  for (let run = 0; run < 2; run++) {
    const captured = await fixture.capture({ ...OLD, rules: ['skip/'], request });
    const kept = ['', 'a', 'a/file', 'mnt', 'tagged', 'z', 'z/file'];
    assert.deepEqual([...captured.entries.keys()], kept);
    assert.deepEqual(left(captured), ['mnt: mount', 'tagged: nobackup']);
    assert.deepEqual(captured.outcome.report.byRule.get('skip/'), {
      entries: 4,
      bytes: 7,
      isAtLeast: true,
    });
  }
});

test('a tree on a dead mount is refused, also behind a link', { timeout: 50_000 }, async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount')) return;
  await using fixture = await captureFixture();
  fs.symlinkSync('tree', join(fixture.dir, 'link'));
  await using _dead = await deadMount(fixture.tree, 'deaf');
  for (const path of [fixture.tree, join(fixture.dir, 'link')]) {
    await assert.rejects(fixture.backup({}, path), { code: 'HF_SOURCE_ABSENT' });
  }
});

test('kernel file systems are not entered, whatever leads to the tree', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  fill(fixture);
  fs.symlinkSync('tree', join(fixture.dir, 'link'));
  await using _proc = mounted(join(fixture.tree, 'mnt'), '-t', 'proc', 'proc');
  for (const path of [fixture.tree, join(fixture.dir, 'link')]) {
    for (let run = 0; run < 2; run++) {
      const captured = await fixture.capture(OLD, path);
      assert.deepEqual([...captured.entries.keys()], ['', 'a', 'a/file', 'mnt', 'z', 'z/file']);
      assert.deepEqual(left(captured), ['mnt: mount']);
      assert.equal(captured.entries.get('mnt')?.mode, 0o555);
    }
  }
});

test('the whole machine: kernel file systems are named', async (t) => {
  if (!needs(t, 'root')) return;
  await using fixture = await captureFixture();
  // Of `/` only what the test is about: what counts is how `/` joins with a name.
  const real = nodeSource();
  const wanted = ['dev', 'proc', 'sys'].map(byteString);
  const list: Source['list'] = (dir) => {
    const { names } = real.list(dir);
    const isTop = wanted.every((name) => names.includes(name));
    return isTop ? { names: wanted, kinds: ['dir', 'dir', 'dir'] } : real.list(dir);
  };
  const captured = await fixture.capture({ ports: { source: { ...real, list } } }, '/');
  assert.deepEqual(left(captured), ['dev: mount', 'proc: mount', 'sys: mount']);
  assert.deepEqual([...captured.entries.keys()], ['', 'dev', 'proc', 'sys']);
});

test('other file systems are entered, or named with --one-file-system', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  fill(fixture);
  fs.mkdirSync(join(fixture.tree, 'bound'));
  await using _tmpfs = mounted(join(fixture.tree, 'mnt'), '-t', 'tmpfs', 'holdfast-test');
  await using _bind = mounted(join(fixture.tree, 'bound'), '--bind', join(fixture.tree, 'a'));
  fs.writeFileSync(join(fixture.tree, 'mnt/inside'), Buffer.alloc(50_000));
  for (let run = 0; run < 2; run++) {
    const all = await fixture.capture(OLD);
    assert.ok(all.entries.has('mnt/inside') && all.entries.has('bound/file'));
    assert.deepEqual(left(all), []);
    const one = await fixture.capture({ ...OLD, request: { oneFileSystem: true } });
    assert.deepEqual([...one.entries.keys()], ['', 'a', 'a/file', 'bound', 'mnt', 'z', 'z/file']);
    assert.deepEqual(left(one), ['bound: mount', 'mnt: mount']);
    assert.equal(one.entries.get('mnt')?.type, 'dir');
    const size = one.outcome.report.leftOut.find(({ path }) => path === 'mnt')?.bytes;
    assert.ok(size !== undefined && size >= 50_000, `${size}`);
  }
});

test('a mount that another one covers is not there', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  fill(fixture);
  fs.mkdirSync(join(fixture.tree, 'a/inner'));
  await using _under = mounted(join(fixture.tree, 'a/inner'), '-t', 'tmpfs', 'holdfast-under');
  await using _over = mounted(join(fixture.tree, 'a'), '-t', 'tmpfs', 'holdfast-over');
  fs.mkdirSync(join(fixture.tree, 'a/inner'));
  fs.writeFileSync(join(fixture.tree, 'a/inner/file'), 'x');
  const request = { oneFileSystem: true };
  // Seen from within: `inner` is a plain directory of the mount on top.
  const within = await fixture.capture({ request }, join(fixture.tree, 'a'));
  assert.ok(within.entries.has('inner/file'));
  assert.deepEqual(left(within), []);
});

test('subvolumes are entered, or named with --one-file-system, every time', async (t) => {
  if (!needs(t, 'root', 'mount', 'loop', 'btrfs')) return;
  await using fixture = await captureFixture();
  const image = join(fixture.dir, 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 200 * 1024 * 1024);
  execFileSync('mkfs.btrfs', ['-q', image]);
  await using _btrfs = mounted(fixture.tree, '-o', 'loop', image);
  execFileSync('btrfs', ['-q', 'subvolume', 'create', join(fixture.tree, 'mnt')]);
  fill(fixture);
  fs.mkdirSync(join(fixture.tree, 'a/deep'));
  execFileSync('btrfs', ['-q', 'subvolume', 'create', join(fixture.tree, 'a/deep/sub')]);
  fs.writeFileSync(join(fixture.tree, 'a/deep/sub/file'), 'in a subvolume');
  for (let run = 0; run < 3; run++) {
    const all = await fixture.capture(OLD);
    assert.ok(all.entries.has('mnt/file') && all.entries.has('a/deep/sub/file'));
    assert.deepEqual(left(all), []);
    assert.equal(all.outcome.isUnchanged, run > 0, 'btrfs is believed, its subvolumes too');
    const one = await fixture.capture({ ...OLD, request: { oneFileSystem: true } });
    assert.deepEqual(
      [...one.entries.keys()],
      ['', 'a', 'a/deep', 'a/deep/sub', 'a/file', 'mnt', 'z', 'z/file'],
    );
    assert.deepEqual(left(one), ['a/deep/sub: subvolume', 'mnt: subvolume']);
  }
});
