// Goal: a source gives names, words and content as they are, by bytes, and says failures by their
// name. Method: files made by other means; every call tried on what it is not for.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Source } from '../../host/source.ts';
import {
  kindOfMode,
  STAT_CACHED,
  STAT_CTIME,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_SIZE,
  STAT_WORDS,
} from '../../host/source.ts';
import { nodeSource } from './source.ts';

const source: Source = nodeSource();
const name = byteString;

function scratch(t: TestContext): { dir: string; handle: number } {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-source-'));
  const handle = source.openRoot(name(dir));
  t.after(() => {
    source.closeDir(handle);
    fs.rmSync(dir, { recursive: true });
  });
  return { dir, handle };
}

test('a listing is sorted by bytes and knows kinds, whatever the names', (t) => {
  const { dir, handle } = scratch(t);
  const names = ['\xff', 'B', 'a', 'caf\xc3\xa9', '\n', '-n', '~', 'a-', 'a.'];
  for (const each of names) fs.writeFileSync(Buffer.from(`${dir}/${each}`, 'latin1'), '');
  fs.mkdirSync(join(dir, 'dir'));
  fs.symlinkSync('x', join(dir, 'link'));
  execFileSync('mkfifo', [join(dir, 'fifo')]);
  const listing = source.list(handle);
  const expected = [...names, 'dir', 'link', 'fifo'].sort((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(listing.names, expected);
  const kinds = new Map(listing.names.map((each, at) => [String(each), listing.kinds[at]]));
  assert.deepEqual(
    ['\xff', 'dir', 'link', 'fifo'].map((each) => kinds.get(each)),
    ['file', 'dir', 'symlink', 'fifo'],
  );
});

test('words are those of stat, and of the link, not of its target', (t) => {
  const { dir, handle } = scratch(t);
  fs.writeFileSync(join(dir, 'file'), 'content');
  execFileSync('touch', ['-d', '@-5.000000001', join(dir, 'file')]);
  fs.linkSync(join(dir, 'file'), join(dir, 'second'));
  fs.symlinkSync('file', join(dir, 'link'));
  const words = new BigInt64Array(STAT_WORDS);
  source.stat(handle, name('file'), words);
  const stat = fs.statSync(join(dir, 'file'), { bigint: true });
  assert.deepEqual(
    [words[STAT_INO], words[STAT_SIZE], words[STAT_MTIME], words[STAT_CTIME], words[STAT_NLINK]],
    [stat.ino, 7n, -5_000_000_001n, stat.ctimeNs, 2n],
  );
  source.stat(handle, name('link'), words);
  assert.equal(kindOfMode(Number(words[STAT_MODE])), 'symlink');
  source.stat(handle, name(''), words);
  assert.equal(words[STAT_INO], fs.statSync(dir, { bigint: true }).ino);
});

test('words of many at once: zeros for what cannot be had', (t) => {
  const { dir } = scratch(t);
  fs.writeFileSync(join(dir, 'a'), '1');
  fs.writeFileSync(Buffer.from(`${dir}/\xff`, 'latin1'), '22');
  fs.symlinkSync('a', join(dir, 'link'));
  const words = new BigInt64Array(5 * STAT_CACHED).fill(7n);
  const long = name('n'.repeat(300));
  source.statMany(name(dir), [name('a'), name('absent'), name('\xff'), name('link'), long], words);
  const sizes = [0, 1, 2, 3, 4].map((at) => words[at * STAT_CACHED + STAT_SIZE]);
  assert.deepEqual(sizes, [1n, 0n, 2n, 1n, 0n]);
  assert.ok(words.subarray(STAT_CACHED, 2 * STAT_CACHED).every((word) => word === 0n));
  assert.ok(words.subarray(4 * STAT_CACHED).every((word) => word === 0n));
});

test('reading: whole, beyond the end, at a position, and atime stays', (t) => {
  const { dir, handle } = scratch(t);
  const content = Buffer.alloc(300_000, 'abc');
  fs.writeFileSync(join(dir, 'file'), content);
  fs.utimesSync(join(dir, 'file'), 1, 2_000_000_000);
  const file = source.openFile(handle, name('file'));
  const into = new Uint8Array(200_000);
  assert.equal(source.read(file, into, 0), 200_000);
  assert.equal(source.read(file, into, 200_000), 100_000);
  assert.ok(content.subarray(200_000).equals(into.subarray(0, 100_000)));
  assert.equal(source.read(file, into, 300_000), 0);
  assert.equal(source.read(file, into, 2 ** 40), 0);
  assert.deepEqual(source.dataSegments(file, 0), []);
  source.closeFile(file);
  assert.equal(fs.statSync(join(dir, 'file')).atimeMs, 1000);
});

test('failures have the name that Linux gives them', (t) => {
  const { dir, handle } = scratch(t);
  fs.writeFileSync(join(dir, 'file'), '');
  fs.symlinkSync('file', join(dir, 'link'));
  fs.mkdirSync(join(dir, 'dir'));
  fs.symlinkSync('dir', join(dir, 'to-dir'));
  const words = new BigInt64Array(STAT_WORDS);
  const failing = (errno: string, act: () => void) =>
    assert.throws(act, { name: 'SourceFailure', errno });
  failing('ENOENT', () => source.openRoot(name(`${dir}/absent`)));
  failing('ENOTDIR', () => source.openRoot(name(`${dir}/file`)));
  failing('ENOENT', () => source.openDir(handle, name('absent')));
  failing('ENOTDIR', () => source.openDir(handle, name('to-dir')));
  failing('ELOOP', () => source.openFile(handle, name('link')));
  failing('ENOENT', () => source.openFile(handle, name('absent')));
  failing('ENOENT', () => source.stat(handle, name('absent'), words));
  failing('ENAMETOOLONG', () => source.stat(handle, name('n'.repeat(256)), words));
  failing('EINVAL', () => source.readLink(handle, name('file')));
  const opened = source.openDir(handle, name('dir'));
  failing('EISDIR', () => source.read(opened, new Uint8Array(1), 0));
  source.closeDir(opened);
  assert.throws(() => source.closeDir(opened), { code: 'EBADF' }, 'closed twice is a bug');
});

test('opening a FIFO waits for nobody', (t) => {
  const { dir, handle } = scratch(t);
  execFileSync('mkfifo', [join(dir, 'fifo')]);
  const file = source.openFile(handle, name('fifo'));
  const words = new BigInt64Array(STAT_WORDS);
  source.statFile(file, words);
  assert.equal(kindOfMode(Number(words[STAT_MODE])), 'fifo');
  source.closeFile(file);
});

test('a child that is started does not get what is open', (t) => {
  const { dir, handle } = scratch(t);
  fs.writeFileSync(join(dir, 'file'), '');
  const file = source.openFile(handle, name('file'));
  const seen = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
  source.closeFile(file);
  assert.ok(!seen.includes(dir), seen);
});

test('names of ids: those the host has, each asked for once', () => {
  assert.equal(source.ownerName(0), 'root');
  assert.equal(source.groupName(0), 'root');
  const unknown: (ByteString | undefined)[] = [
    source.ownerName(4_242_424),
    source.groupName(4_242_424),
  ];
  assert.deepEqual(unknown, [undefined, undefined]);
});
