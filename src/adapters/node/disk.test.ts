// Goal: nodeDisk keeps the contract of the Disk port, and all it throws is a Fault of the catalogue.
// Method: each promise tried on a real directory (os.tmpdir, and /dev/shm as a second file system).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { FaultCode } from '../../base/fault.ts';
import { Fault } from '../../base/fault.ts';
import { alignedBuffer, directSize } from './aligned-buffer.ts';
import { nodeDisk } from './disk.ts';
import { parentOf } from './disk-make-dir.ts';
import { byLock, byRename, publishFile } from './disk-publish.ts';

const disk = nodeDisk();
const KINDS_OF_DISK = [tmpdir(), '/dev/shm'];

function scratch(t: TestContext, parent = tmpdir()): (name: string) => ByteString {
  const dir = mkdtempSync(`${parent}/holdfast-disk-`);
  t.after(() => rmSync(dir, { recursive: true }));
  return (name) => byteString(`${dir}/${name}`);
}

function write(path: ByteString, ...pieces: readonly Uint8Array[]): void {
  const file = disk.create(path);
  for (const piece of pieces) file.write(piece);
  file.sync();
  file.close();
}

function isFault(code: FaultCode, errno: string): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof Fault, String(error));
    assert.deepEqual([error.code, error.facts.errno], [code, errno]);
    assert(!error.remedy.includes('{'), error.remedy);
    return true;
  };
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test('what is written can be read, whole, in ranges and beyond its end', (t) => {
  const at = scratch(t);
  write(at('a'), bytes('hello '), new Uint8Array(0), bytes('world'));
  assert.deepEqual(disk.read(at('a')), bytes('hello world'));
  assert.deepEqual(disk.read(at('a'), { offset: 4, length: 3 }), bytes('o w'));
  assert.deepEqual(disk.read(at('a'), { offset: 9, length: 30 }), bytes('ld'));
  assert.deepEqual(disk.read(at('a'), { offset: 99, length: 1 }), new Uint8Array(0));
  assert.equal(disk.size(at('a')), 11);
  assert.equal(statSync(at('a')).mode & 0o777, 0o600);
  const reader = disk.openRead(at('a'));
  const into = alignedBuffer(8);
  assert.equal(reader.sizeBytes, 11);
  assert.equal(reader.read(into, 6), 5);
  assert.equal(Buffer.from(into).toString(), 'world\0\0\0');
  assert.equal(reader.read(into, 11), 0);
  reader.close();
});

test('names are bytes: listed, read and refused as such', (t) => {
  const at = scratch(t);
  const odd = at('\xff\n \xe4');
  write(odd, bytes('x'));
  write(at('b'), bytes(''));
  assert.deepEqual(disk.list(at('')), ['b', '\xff\n \xe4']);
  assert.deepEqual(disk.read(odd), bytes('x'));
  assert.equal(disk.publish(odd, at('\xfe')), 'published');
  assert.deepEqual(disk.list(at('')), ['b', '\xfe']);
});

test('what the system refuses is a Fault with its place and errno', (t) => {
  const at = scratch(t);
  write(at('file'), bytes('x'));
  mkdirSync(at('dir'));
  assert.throws(() => disk.read(at('none')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.openRead(at('none')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.read(at('file/x')), isFault('HF_DISK_ABSENT', 'ENOTDIR'));
  assert.throws(() => disk.read(at('dir')), isFault('HF_DISK_FAILED', 'EISDIR'));
  assert.throws(() => disk.openRead(at('dir')), isFault('HF_DISK_FAILED', 'EISDIR'));
  assert.throws(() => disk.create(at('file')), isFault('HF_DISK_FAILED', 'EEXIST'));
  assert.throws(() => disk.create(at('none/x')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.unlink(at('none')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.move(at('none'), at('x')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.syncDir(at('none')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.space(at('none')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.makeDir(at('file/x')), isFault('HF_DISK_FAILED', 'EEXIST'));
  assert.throws(() => disk.publish(at('none'), at('x')), isFault('HF_DISK_ABSENT', 'ENOENT'));
  assert.throws(() => disk.read(at('x'.repeat(300))), isFault('HF_DISK_FAILED', 'ENAMETOOLONG'));
  assert.equal(disk.size(at('none')), undefined);
  assert.equal(disk.size(at('file/x')), undefined);
  assert.equal(disk.size(at('dir')), undefined);
  assert.equal(disk.list(at('none')), undefined);
  assert.equal(disk.list(at('file')), undefined);
});

test('a directory that may not be read or written is said to be denied', (t) => {
  if (process.getuid?.() === 0) return t.skip('root may do everything');
  const at = scratch(t);
  mkdirSync(at('shut'), { mode: 0 });
  t.after(() => chmodSync(at('shut'), 0o700));
  assert.throws(() => disk.list(at('shut')), isFault('HF_DISK_DENIED', 'EACCES'));
  assert.throws(() => disk.create(at('shut/x')), isFault('HF_DISK_DENIED', 'EACCES'));
});

test('a full disk is said to be full, by either way of writing', (t) => {
  const at = scratch(t);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', at('')]);
  if (mounted.status !== 0) return t.skip('mounting a small file system needs root');
  try {
    const isFull = isFault('HF_DISK_FULL', 'ENOSPC');
    for (const big of [alignedBuffer(4 << 20), new Uint8Array(4 << 20)]) {
      const file = disk.create(at('big'));
      assert.throws(() => file.write(big), isFull);
      file.close();
      disk.unlink(at('big'));
    }
    write(at('fits'), bytes('x'));
  } finally {
    spawnSync('umount', [at('')]);
  }
});

test('directories are made with their parents, for the owner alone, and again is no error', (t) => {
  const at = scratch(t);
  disk.makeDir(at('a/b/c'));
  disk.makeDir(at('a/b/c'));
  disk.makeDir(at('a/b/d/'));
  assert.deepEqual(disk.list(at('a/b')), ['c', 'd']);
  assert.equal(statSync(at('a')).mode & 0o777, 0o700);
  disk.syncDir(at('a/b'));
  assert.equal(parentOf(byteString('/a/b//')), '/a');
  assert.equal(parentOf(byteString('/a')), '/');
  assert.equal(parentOf(byteString('/')), '/');
  assert.equal(parentOf(byteString('a')), '.');
});

for (const parent of KINDS_OF_DISK) {
  test(`large shared buffers are written byte for byte (${parent})`, (t) => {
    const at = scratch(t, parent);
    const whole = alignedBuffer(3 * 1024 * 1024 + 4096);
    for (let each = 0; each < whole.length; each++) whole[each] = (each * 31 + (each >> 12)) & 255;
    const first = whole.subarray(0, 2 * 1024 * 1024 + 77); // Its end is not aligned,
    const second = whole.subarray(4096, 4096 + 1024 * 1024); // so this starts unaligned.
    const odd = whole.subarray(1, 1 + 2 * 1024 * 1024); // Memory that is not aligned.
    write(at('p'), first, second, bytes('tail'), odd);
    assert(Buffer.concat([first, second, bytes('tail'), odd]).equals(readFileSync(at('p'))));
    write(at('q'), whole, whole.subarray(0, 4096 * 300));
    assert(Buffer.concat([whole, whole.subarray(0, 4096 * 300)]).equals(readFileSync(at('q'))));
    const unknown = new Uint8Array(new SharedArrayBuffer(whole.length)); // At any address.
    unknown.set(whole);
    write(at('r'), unknown);
    assert(Buffer.from(whole).equals(readFileSync(at('r'))));
  });

  test(`publishing takes no name that is taken, in each of the three ways (${parent})`, (t) => {
    const at = scratch(t, parent);
    for (const [way, publish] of Object.entries({ publishFile, byRename, byLock })) {
      write(at('one'), bytes('1'));
      write(at('two'), bytes('2'));
      assert.equal(publish(at('one'), at(way)), 'published', way);
      assert.equal(publish(at('two'), at(way)), 'exists', way);
      assert.deepEqual(disk.read(at(way)), bytes('1'), way);
      assert.deepEqual(disk.read(at('two')), bytes('2'), `${way} leaves what it did not publish`);
      disk.unlink(at('two'));
    }
    assert.deepEqual(readdirSync(at('')), ['byLock', 'byRename', 'publishFile']);
  });
}

test('a repeated request that meets its own first answer is published', (t) => {
  const at = scratch(t);
  write(at('one'), bytes('1'));
  linkSync(at('one'), at('name')); // As a server did whose answer got lost.
  assert.equal(disk.publish(at('one'), at('name')), 'published');
  assert.deepEqual(disk.list(at('')), ['name']);
});

test('only files are published, and not under their own name', (t) => {
  const at = scratch(t);
  disk.makeDir(at('dir'));
  assert.throws(() => disk.publish(at('dir'), at('x')), isFault('HF_DISK_DENIED', 'EPERM'));
  assert.throws(() => disk.publish(at('dir'), at('dir')), /another name/);
});

test('a lock of the living holds, one of the dead is taken over', (t) => {
  const at = scratch(t);
  write(at('one'), bytes('1'));
  write(at('name.lock'));
  assert.throws(() => byLock(at('one'), at('name')), isFault('HF_DISK_FAILED', 'EEXIST'));
  const long = Date.now() / 1000 - 120;
  utimesSync(at('name.lock'), long, long);
  assert.equal(byLock(at('one'), at('name')), 'published');
  assert.deepEqual(readdirSync(at('')), ['name']);
});

test('only what O_DIRECT may take is offered to it', () => {
  const memory = alignedBuffer(4 * 1024 * 1024);
  const big = memory.subarray(0, 1024 * 1024 + 5);
  assert.equal(directSize(big, 0), 1024 * 1024);
  assert.equal(directSize(big, 4096), 1024 * 1024);
  assert.equal(directSize(big, 512), 0);
  assert.equal(directSize(memory.subarray(512, 2 * 1024 * 1024), 0), 0);
  assert.equal(directSize(memory.subarray(0, 65536), 0), 0);
  assert.equal(directSize(new Uint8Array(2 * 1024 * 1024), 0), 0);
});

test('space is told in bytes', (t) => {
  const { freeBytes, totalBytes } = disk.space(scratch(t)(''));
  assert(freeBytes > 0 && freeBytes <= totalBytes);
});
