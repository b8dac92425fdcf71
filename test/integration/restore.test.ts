// Goal: a restore is staged, goes on after a kill, loses nothing that was there, names what a
// damaged vault cannot give, and leaves nothing half under a good name.
// Method: real vaults and trees; packs damaged on disk; a child killed in the middle; a file system
// of a few megabytes; comparison with the source by content and by tools that are not ours.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gitignoreExcludes } from '../../src/adapters/excludes/gitignore.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { restorePorts } from '../../src/main/run-restore.ts';
import { loadLeaf } from '../../src/manifest/core/page-load.ts';
import { leafRefs, type Manifest } from '../../src/manifest/core/walk.ts';
import { manifestOf } from '../../src/recover/shell/manifest-of.ts';
import type { ObjectReader } from '../../src/recover/shell/object-reader.ts';
import { inlineRestoreCrew } from '../../src/recover/shell/restore-crew.ts';
import { restore } from '../../src/recover/shell/restore.ts';
import { readSnapshotContent } from '../../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { compareTrees, missingTools } from '../fidelity/compare.ts';
import { type Fixture, vaultFixture } from './restore-fixture.ts';

const isRoot = process.getuid?.() === 0;
const skip = missingTools().length > 0 ? `not installed: ${missingTools().join(', ')}` : false;
const MIB = 1 << 20;

/** Bytes that do not compress, the same for the same seed. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Some hundred small files, links, and two large ones, one of them with holes. */
function makeTree(dir: string, dirCount = 20): void {
  for (let at = 0; at < dirCount; at++) {
    const below = join(dir, `d${at}`);
    fs.mkdirSync(below, { recursive: true });
    for (let file = 0; file < 10; file++) {
      fs.writeFileSync(join(below, `f${file}`), noise(3000 + file, at * 10 + file));
    }
  }
  fs.writeFileSync(join(dir, 'large'), noise(3 * MIB, 1));
  const sparse = fs.openSync(join(dir, 'sparse.img'), 'w');
  fs.writeSync(sparse, noise(MIB, 2), 0, MIB, 4 * MIB);
  fs.writeSync(sparse, Buffer.alloc(MIB), 0, MIB, 8 * MIB);
  fs.ftruncateSync(sparse, 16 * MIB);
  fs.closeSync(sparse);
  fs.linkSync(join(dir, 'd0/f0'), join(dir, 'd1/linked'));
  fs.linkSync(join(dir, 'large'), join(dir, 'd2/large-again'));
  fs.symlinkSync('d0/f0', join(dir, 'symlink'));
}

async function withTree(fixture: Fixture): Promise<string> {
  const tree = join(fixture.dir, 'tree');
  makeTree(tree);
  await fixture.backup(tree);
  return tree;
}

const codeOf = (error: unknown) => (error instanceof Fault ? error.code : String(error));

test('of a part nothing else comes, but the directories on the way', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = await withTree(fixture);
  const target = join(fixture.dir, 'part');
  const only = ['d1', 'd2/large-again', 'sparse.img'].map(byteString);
  const report = await fixture.restore(target, { only });
  assert.ok(report.isWhole);
  assert.deepEqual(fs.readdirSync(target).sort(), ['d1', 'd2', 'sparse.img']);
  assert.deepEqual(fs.readdirSync(join(target, 'd2')), ['large-again']);
  for (const name of ['d2/large-again', 'sparse.img', 'd1/linked', 'd1/f9']) {
    const [saved, back] = [tree, target].map((root) => fs.readFileSync(join(root, name)));
    assert.ok(back !== undefined && saved?.equals(back), name);
  }
  // Its first name was left out: it is a file of its own.
  assert.equal(fs.statSync(join(target, 'd1/linked')).nlink, 1);
  assert.deepEqual(
    fs.readdirSync(join(target, 'd1')).sort(),
    fs.readdirSync(join(tree, 'd1')).sort(),
  );
  assert.equal(fs.statSync(join(target, 'd1')).mode, fs.statSync(join(tree, 'd1')).mode);
});

test('of several roots a part lies behind the name of its root', { skip }, async () => {
  await using fixture = await vaultFixture();
  for (const name of ['a', 'b']) {
    fs.mkdirSync(join(fixture.dir, name, 'sub'), { recursive: true });
    fs.writeFileSync(join(fixture.dir, name, 'sub/file'), name);
    fs.writeFileSync(join(fixture.dir, name, 'other'), name);
  }
  await fixture.backup(join(fixture.dir, 'a'), join(fixture.dir, 'b'));
  const target = join(fixture.dir, 'part');
  assert.ok((await fixture.restore(target, { only: [byteString('b/sub')] })).isWhole);
  assert.deepEqual(fs.readdirSync(target, { recursive: true }).sort(), [
    'b',
    'b/sub',
    'b/sub/file',
  ]);
});

test('what is wanted first comes first, and the rest afterwards', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = await withTree(fixture);
  const target = join(fixture.dir, 'out');
  const seen: number[] = [];
  const report = await fixture.restore(target, {
    first: gitignoreExcludes(['d1/linked', '/d3/', '*-again']),
    onProgress: (progress) => seen.push(progress.bytes),
  });
  assert.equal(report.isWhole, true, JSON.stringify(report.failures));
  assert.equal(typeof report.firstMs, 'number');
  assert.ok((report.firstMs ?? 0) <= report.durationMs);
  assert.equal(report.files, 204);
  assert.equal(seen.at(-1), report.bytes + report.holeBytes);
  assert.deepEqual(await compareTrees(tree, target), []);
});

test('several roots come under their names, a file as a file', { skip }, async () => {
  await using fixture = await vaultFixture();
  const [a, b, c] = ['a', 'b', 'c.txt'].map((name) => join(fixture.dir, 'from', name));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  makeTree(a, 3);
  makeTree(b, 3);
  fs.writeFileSync(c, 'one file');
  await fixture.backup(a, b, c);
  const target = join(fixture.dir, 'out');
  const report = await fixture.restore(target);
  assert.equal(report.isWhole, true, JSON.stringify(report.failures));
  assert.deepEqual(fs.readdirSync(target).sort(), ['a', 'b', 'c.txt']);
  assert.deepEqual(await compareTrees(a, join(target, 'a')), []);
  assert.deepEqual(await compareTrees(b, join(target, 'b')), []);
  assert.equal(fs.readFileSync(join(target, 'c.txt'), 'utf8'), 'one file');

  await fixture.backup(c);
  await fixture.restore(join(fixture.dir, 'single'));
  assert.deepEqual(fs.readdirSync(join(fixture.dir, 'single')), ['c.txt']);
});

test('a target that holds something is refused, and left alone', async () => {
  await using fixture = await vaultFixture();
  await withTree(fixture);
  const target = join(fixture.dir, 'out');
  fs.mkdirSync(target);
  fs.writeFileSync(join(target, 'mine'), 'mine');
  await assert.rejects(fixture.restore(target), (e) => codeOf(e) === 'HF_TARGET_NOT_EMPTY');
  assert.deepEqual(fs.readdirSync(target), ['mine']);
});

test('killed in the middle, run again: whole', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  makeTree(tree, 80);
  await fixture.backup(tree);
  const target = join(fixture.dir, 'out');
  const script = join(import.meta.dirname, 'restore-and-wait.ts');
  let interrupted = 0;
  for (const afterEntries of [40, 350]) {
    fs.rmSync(target, { recursive: true, force: true });
    for (let round = 0; round < 2; round++) {
      const child = spawn(process.execPath, [script, fixture.dir, target], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.on('exit', resolve));
      while (child.exitCode === null && countEntries(target) < afterEntries * (round + 1)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      child.kill('SIGKILL');
      await ended;
      if (fs.existsSync(join(target, '.holdfast-restore'))) interrupted++;
    }
    const report = await fixture.restore(target);
    assert.equal(report.isWhole, true, JSON.stringify(report.failures));
    assert.equal(report.inTheWay, 0, 'what a killed run left is no stranger');
    assert.deepEqual(await compareTrees(tree, target), []);
    assert.equal(fs.existsSync(join(target, '.holdfast-restore')), false);
  }
  assert.ok(interrupted > 0, 'nothing was interrupted: the test proves nothing');
});

function countEntries(dir: string): number {
  if (!fs.existsSync(dir)) return 0;
  let count = 0;
  for (const name of fs.readdirSync(dir)) {
    count += 1;
    if (/^d\d+$/.test(name)) count += fs.readdirSync(join(dir, name)).length;
  }
  return count;
}

test('a damaged pack costs the files that need it, which are named', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = await withTree(fixture);
  damagePacks(fixture.vaultDir);
  const target = join(fixture.dir, 'out');
  const report = await fixture.restore(target);
  assert.equal(report.isWhole, false);
  assert.ok(report.failureCount > 0);
  for (const { path, code } of report.failures) {
    assert.equal(code, 'HF_OBJECT_CORRUPT');
    assert.equal(fs.existsSync(join(target, path)), false, `${path} must not look restored`);
  }
  const failed = new Set(report.failures.map(({ path }) => path as string));
  let whole = 0;
  for (const name of execFileSync('find', [tree, '-type', 'f', '-printf', '%P\n'], {
    encoding: 'utf8',
  }).split('\n')) {
    if (name === '' || failed.has(name)) continue;
    const same = fs.readFileSync(join(tree, name)).equals(fs.readFileSync(join(target, name)));
    assert.ok(same, name);
    whole++;
  }
  assert.equal(whole + failed.size, 204);
  assert.ok(whole > 50, 'the rest is restored');
  assert.ok(fs.existsSync(join(target, '.holdfast-restore')), 'it is not whole, and says so');
});

/** Flips one byte in every second group of the packs with content. */
export function damagePacks(vaultDir: string): void {
  const packs = join(vaultDir, 'packs');
  const [largest] = fs
    .readdirSync(packs)
    .sort((a, b) => fs.statSync(join(packs, b)).size - fs.statSync(join(packs, a)).size);
  assert.ok(largest !== undefined);
  const path = join(packs, largest);
  const bytes = fs.readFileSync(path);
  for (let at = MIB / 4; at < bytes.length - 2 * MIB; at += MIB / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.chmodSync(path, 0o600);
  fs.writeFileSync(path, bytes);
}

test('a full disk ends it with its name, and it goes on when there is room', {
  skip: skip || !isRoot,
}, async (t) => {
  await using fixture = await vaultFixture();
  const tree = await withTree(fixture);
  const small = join(fixture.dir, 'small');
  fs.mkdirSync(small);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]);
  } catch {
    return t.skip('mounting is not possible here');
  }
  try {
    const target = join(small, 'out');
    await assert.rejects(fixture.restore(target), (e) => codeOf(e) === 'HF_DISK_FULL');
    assert.equal(fs.existsSync(join(target, 'large')), false, 'nothing half under a good name');
    execFileSync('mount', ['-o', 'remount,size=64m', small]);
    const report = await fixture.restore(target);
    assert.equal(report.isWhole, true, JSON.stringify(report.failures));
    assert.equal(report.isResumed, true);
    assert.deepEqual(await compareTrees(tree, target), []);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('lost pages of the manifest cost what stood in them, and are named', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  makeTree(tree, 200);
  await fixture.backup(tree);
  const { session } = fixture;
  const { access } = await loadIndex(session.vault);
  const ports = restorePorts(session, access);
  const lost = new Set<string>();
  const snapshot = await fixture.latest();
  const [root] = readSnapshotContent(session.vault, snapshot.record).roots;
  assert.ok(root !== undefined);
  const manifest = manifestOf({ reader: ports.reader, codec: session.tools.codec }, root.sha256);
  const leaves = [...leafRefs(manifest)];
  assert.ok(leaves.length > 6);
  // The first, which has the root, and some in the middle: files whose directory is in a lost page.
  for (const at of [0, 3, 4, leaves.length - 2]) lost.add(leaves[at]?.digest ?? '');
  const reader: ObjectReader = {
    ...ports.reader,
    read: (kind, digest) => {
      if (lost.has(digest)) throw new Fault('HF_OBJECT_CORRUPT', 'planted', { pack: 'x' });
      return ports.reader.read(kind, digest);
    },
  };
  const crew = inlineRestoreCrew({ ...ports, reader, tools: session.tools });
  const target = join(fixture.dir, 'out');
  const report = await restore(
    { ...ports, reader, crew },
    { snapshot, target: byteString(target), sync: false },
  );
  const lostEntries = leaves.reduce(
    (sum, leaf) => sum + (lost.has(leaf.digest) ? leaf.entries : 0),
    0,
  );
  assert.equal(report.failures.length, 4, JSON.stringify(report.failures));
  assert.equal(report.failureCount, lostEntries);
  assert.equal(report.entries, root.entries - lostEntries);
  for (const { path } of walkLinesOf(manifest, lost)) {
    assert.ok(fs.lstatSync(join(target, path), { throwIfNoEntry: false }), path);
  }
});

function walkLinesOf(manifest: Manifest, lost: ReadonlySet<string>): { readonly path: string }[] {
  return [...leafRefs(manifest)]
    .filter(({ digest }) => !lost.has(digest))
    .flatMap((ref) => loadLeaf(ref, manifest.load).paths.map((path) => ({ path })));
}

test('what is private stays so while it is restored', async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  makeTree(tree, 4);
  fs.chmodSync(tree, 0o750);
  await fixture.backup(tree);
  const target = join(fixture.dir, 'out');
  fs.mkdirSync(target, { mode: 0o755 });
  const modes = new Set<number>();
  const { session } = fixture;
  const { access } = await loadIndex(session.vault);
  const ports = restorePorts(session, access);
  const writer = {
    ...ports.tree,
    createFile: (...at: Parameters<typeof ports.tree.createFile>) => {
      modes.add(fs.statSync(target).mode & 0o777);
      return ports.tree.createFile(...at);
    },
  };
  const crew = inlineRestoreCrew({ ...ports, tree: writer, tools: session.tools });
  const snapshot = await fixture.latest();
  await restore({ ...ports, tree: writer, crew }, { snapshot, target: byteString(target) });
  assert.deepEqual([...modes], [0o700]);
  assert.equal(fs.statSync(target).mode & 0o777, 0o750);
});
