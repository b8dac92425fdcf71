// Goal: nothing is followed, nothing is replaced, attributes come in the order that keeps them, and
// what cannot be set is said.
// Method: the real file system in a directory of the test's own; without koffi in a child process.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { nodeSource } from './source.ts';
import { getXattr } from './syscalls-xattrs.ts';
import { nodeTreeWriter } from './tree-writer.ts';

const isRoot = process.getuid?.() === 0;
const tree = nodeTreeWriter();
const source = nodeSource();
const name = byteString;

function scratch() {
  const path = fs.mkdtempSync(join(tmpdir(), 'holdfast-tree-'));
  const dir = source.openRoot(byteString(path));
  return {
    path,
    dir,
    [Symbol.dispose]: () => {
      source.closeDir(dir);
      fs.rmSync(path, { recursive: true });
    },
  };
}

const failsWith = (errno: string) => (error: unknown) =>
  error instanceof TreeFailure && error.errno === errno;

test('a top and its parents are made, through links, and where nothing can be it is said', () => {
  using it = scratch();
  const made = (path: string): void => tree.makeTop(byteString(join(it.path, path)));
  fs.symlinkSync('real', join(it.path, 'link'));
  made('real');
  made('link/a/b');
  made('link/a/b/');
  assert.ok(fs.statSync(join(it.path, 'real/a/b')).isDirectory());
  fs.writeFileSync(join(it.path, 'file'), '');
  assert.throws(() => made('file'), failsWith('EEXIST'));
  assert.throws(() => made('file/below'), failsWith('ENOTDIR'));
  fs.symlinkSync('nowhere', join(it.path, 'dangling'));
  assert.throws(() => made('dangling'), failsWith('EEXIST'));
  // Where mkdir says ENOENT though its parent is there.
  assert.throws(() => tree.makeTop(byteString('/proc/holdfast/a')), failsWith('ENOENT'));
});

test('nothing is replaced', () => {
  using it = scratch();
  fs.writeFileSync(join(it.path, 'taken'), 'mine');
  const at = { dir: it.dir, name: name('taken') };
  assert.throws(() => tree.createFile(it.dir, at.name, 0o600), failsWith('EEXIST'));
  assert.throws(() => tree.makeDir(it.dir, at.name), failsWith('EEXIST'));
  assert.throws(() => tree.makeSymlink(it.dir, at.name, name('x')), failsWith('EEXIST'));
  const fifo = { type: 'fifo', major: 0, minor: 0 } as const;
  assert.throws(() => tree.makeNode(it.dir, at.name, fifo), failsWith('EEXIST'));
  tree.closeFile(tree.createFile(it.dir, name('other'), 0o600));
  const other = { dir: it.dir, name: name('other') };
  assert.throws(() => tree.rename(other, at), failsWith('EEXIST'));
  assert.throws(() => tree.makeLink(other, at), failsWith('EEXIST'));
  assert.equal(fs.readFileSync(join(it.path, 'taken'), 'utf8'), 'mine');
});

test('two names are swapped in one step, whatever they are', () => {
  using it = scratch();
  fs.writeFileSync(join(it.path, 'file'), 'mine');
  fs.mkdirSync(join(it.path, 'dir'));
  const [file, dir] = [name('file'), name('dir')].map((each) => ({ dir: it.dir, name: each }));
  assert.ok(file !== undefined && dir !== undefined);
  tree.exchange(file, dir);
  assert.equal(fs.readFileSync(join(it.path, 'dir'), 'utf8'), 'mine');
  assert.ok(fs.statSync(join(it.path, 'file')).isDirectory());
  const missing = { dir: it.dir, name: name('missing') };
  assert.throws(() => tree.exchange(file, missing), failsWith('ENOENT'));
});

test('no symlink is followed, not even to change attributes', () => {
  using it = scratch();
  const outside = join(it.path, 'outside');
  fs.writeFileSync(outside, 'x', { mode: 0o600 });
  fs.utimesSync(outside, 1, 1);
  fs.symlinkSync('outside', join(it.path, 'link'));
  const at = { dir: it.dir, name: name('link') };
  assert.throws(() => tree.openFile(it.dir, at.name), failsWith('ELOOP'));
  assert.throws(() => tree.createFile(it.dir, at.name, 0o600), failsWith('EEXIST'));
  tree.setAttributesAt(at, { mode: 0o777, mtimeNs: 5_000_000_007n });
  assert.equal(fs.statSync(outside).mode & 0o777, 0o600);
  assert.equal(fs.statSync(outside).mtimeMs, 1000);
  assert.equal(fs.lstatSync(join(it.path, 'link'), { bigint: true }).mtimeNs, 5_000_000_007n);
});

test('names are bytes', () => {
  using it = scratch();
  const odd = name('\xff\x01\n');
  tree.makeDir(it.dir, odd);
  const dir = source.openDir(it.dir, odd);
  tree.makeSymlink(dir, odd, name('\xfe'));
  assert.equal(source.readLink(dir, odd), '\xfe');
  source.closeDir(dir);
});

test('owner, attributes, mode and time all hold in the end', { skip: !isRoot }, () => {
  using it = scratch();
  const file = tree.createFile(it.dir, name('f'), 0o600);
  tree.write(file, new Uint8Array([1, 2, 3]), 2);
  tree.truncate(file, 10_000);
  // VFS_CAP_REVISION_2 with one capability: chown and write would take it away again.
  const capability = Uint8Array.from([1, 0, 0, 2, 0, 4, ...new Array<number>(14).fill(0)]);
  const unset = tree.setAttributes(file, {
    owner: { uid: 1234, gid: 1235 },
    xattrs: [{ name: name('security.capability'), value: capability }],
    mode: 0o6755,
    mtimeNs: -1n,
  });
  assert.deepEqual(unset, []);
  const stat = fs.fstatSync(file, { bigint: true });
  assert.deepEqual(
    [stat.uid, stat.gid, Number(stat.mode) & 0o7777, stat.mtimeNs, stat.size],
    [1234n, 1235n, 0o6755, -1n, 10_000n],
  );
  assert.equal(getXattr(file, name('security.capability')).ok, true);
  tree.closeFile(file);
});

test('without koffi the rest is set, and what is not is said', () => {
  using it = scratch();
  const script = `
    const { nodeTreeWriter } = await import(${JSON.stringify(join(import.meta.dirname, 'tree-writer.ts'))});
    const fs = await import('node:fs');
    const tree = nodeTreeWriter();
    const dir = fs.openSync(${JSON.stringify(it.path)});
    const file = tree.createFile(dir, 'f', 0o600);
    const unset = tree.setAttributes(file, {
      mode: 0o640, mtimeNs: 1_500_000_000_123_456_789n,
      xattrs: [{ name: 'user.a', value: new Uint8Array([1]) }],
    });
    tree.rename({ dir, name: 'f' }, { dir, name: 'g' });
    console.log(JSON.stringify(unset));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, HOLDFAST_SYSCALLS: 'none' },
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(output), [
    { what: 'user.a', errno: 'ENOSYS' },
    { what: 'times (ns)', errno: 'ENOSYS' },
  ]);
  const stat = fs.statSync(join(it.path, 'g'), { bigint: true });
  assert.equal(Number(stat.mode) & 0o777, 0o640);
  assert.equal(stat.mtimeNs / 1_000_000n, 1_500_000_000_123n);
});

test('owners by name', () => {
  assert.equal(tree.ownerId(name('root')), 0);
  assert.equal(tree.groupId(name('root')), 0);
  assert.equal(tree.ownerId(name('nobody-of-that-name')), undefined);
  assert.equal(tree.ownerId(name('-h')), undefined);
});
