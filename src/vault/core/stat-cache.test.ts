// Goal: a cache says what was put into it, at whatever sizes, and one that is not whole is dropped.
// Method: caches built from random trees and read back; every byte of a small one flipped.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alignedBuffer } from '../../adapters/node/aligned-buffer.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { STAT_CACHED, STAT_DEV } from '../../host/source.ts';
import { CacheBuilder } from '../shell/cache-builder.ts';
import { moveCache } from '../shell/cache-device.ts';
import {
  fileStatOf,
  fileStatsOf,
  namesOf,
  parseCache,
  pathOf,
  type StatCache,
  viewCache,
} from './stat-cache.ts';

const tools = nodeTools();
const META = byteString('{"root":"/srv/\xff"}');

function byBytes(a: string, b: string): number {
  return a < b ? -1 : 1;
}

interface Tree {
  readonly path: string;
  readonly names: readonly string[];
}

function wordsOf(seed: number): BigInt64Array {
  return BigInt64Array.from({ length: STAT_CACHED }, (_, at) => BigInt(seed * 31 + at) - 100n);
}

function written(builder: CacheBuilder, meta: ByteString): Uint8Array {
  const pieces: Uint8Array[] = [];
  builder.write({ meta, tools, emit: (bytes) => void pieces.push(bytes.slice()) });
  return Uint8Array.from(Buffer.concat(pieces));
}

/** Files come in any order, as workers finish. */
function build(dirs: readonly Tree[], meta = META): Uint8Array {
  const builder = new CacheBuilder(tools.codec);
  for (const [number, { path, names }] of dirs.entries()) {
    const dir = builder.addDir(byteString(path));
    dir.stat.set(wordsOf(number));
    for (const name of names.toReversed()) dir.addFile(byteString(name), wordsOf(name.length));
  }
  return written(builder, meta);
}

function parse(bytes: Uint8Array): StatCache | undefined {
  const aligned = alignedBuffer(bytes.length);
  aligned.set(bytes);
  return parseCache(aligned, tools);
}

function contentOf(cache: StatCache): readonly Tree[] {
  return Array.from({ length: cache.dirCount }, (_, dir) => {
    const { path, names } = namesOf(cache, dir, tools.codec);
    assert.equal(path, pathOf(cache, dir, tools.codec));
    assert.equal((cache.fileStart[dir + 1] ?? 0) - (cache.fileStart[dir] ?? 0), names.length);
    for (const [at, name] of names.entries()) {
      assert.deepEqual(fileStatOf(cache, dir, at), wordsOf(name.length));
    }
    return { path, names: [...names] };
  });
}

const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '\xff', '\n'), minLength: 1 });

test('what was built is read back, for any names and numbers of them', () => {
  const dirs = fc.uniqueArray(
    fc.record({ path: name, names: fc.uniqueArray(name, { maxLength: 20 }) }),
    { selector: ({ path }) => path, maxLength: 20 },
  );
  fc.assert(
    fc.property(dirs, fc.string({ unit: 'grapheme-ascii' }), (made, meta) => {
      const tree = [
        { path: '', names: [] },
        ...made.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      ];
      const cache = parse(build(tree, byteString(meta)));
      assert.ok(cache !== undefined);
      assert.equal(cache.meta, meta);
      const sorted = tree.map(({ path, names }) => ({ path, names: names.toSorted(byBytes) }));
      assert.deepEqual(contentOf(cache), sorted);
    }),
  );
});

test('a subtree ends where the first directory begins that does not lie in it', () => {
  const paths = ['', 'a', 'a/b', 'a/b/c', 'a/d', 'a-', 'a-/b', 'z'];
  const cache = parse(build(paths.map((path) => ({ path, names: [] }))));
  assert.deepEqual([...(cache?.treeEnd ?? [])], [8, 5, 4, 4, 5, 7, 7, 8]);
});

// Blocks: a directory larger than one, several in one, and more empty ones than one takes.
const MANY = [
  { path: '', count: 3 },
  { path: 'a', count: 4093 },
  { path: 'b', count: 1 },
  { path: 'c', count: 9000 },
  { path: 'd', count: 0 },
  { path: 'e', count: 4096 },
  ...Array.from({ length: 4200 }, (_, at) => ({
    path: `f/${String(at).padStart(4, '0')}`,
    count: 0,
  })),
  { path: 'z', count: 5 },
].map(({ path, count }) => ({
  path,
  names: Array.from(
    { length: count },
    (_, at) => `${'n'.repeat(at % 7)}${String(at).padStart(5, '0')}`,
  ),
}));
const MANY_SORTED = MANY.map(({ path, names }) => ({ path, names: names.toSorted(byBytes) }));

test('blocks begin and end where directories do, in whatever order they are asked', () => {
  const cache = parse(build(MANY_SORTED));
  assert.ok(cache !== undefined);
  assert.deepEqual(contentOf(cache), MANY_SORTED);
  for (const dir of [3, 0, 4205, 2, 3, 5, 1, 4000, 0])
    assert.deepEqual(namesOf(cache, dir, tools.codec).names, MANY_SORTED[dir]?.names);
});

test('directories of several blocks taken over stand in blocks of their own', () => {
  const old = parse(build(MANY_SORTED));
  assert.ok(old !== undefined);
  const builder = new CacheBuilder(tools.codec, { cache: old, excluded: [] });
  builder.keepDirs(0, 2);
  builder.addDir(byteString('b')).addFile(byteString('new'), wordsOf(3));
  builder.keepDirs(3, old.dirCount);
  const made = parse(written(builder, META));
  assert.ok(made !== undefined);
  const expected = MANY_SORTED.map((dir) => (dir.path === 'b' ? { ...dir, names: ['new'] } : dir));
  assert.deepEqual(contentOf(made), expected);
});

test('what is moved to another device is seen so by all who look at the same memory', () => {
  const bytes = build(MANY_SORTED.slice(0, 4));
  const shared = alignedBuffer(bytes.length);
  shared.set(bytes);
  const cache = parseCache(shared, tools);
  assert.ok(cache !== undefined);
  const before = wordsOf(5)[STAT_DEV] ?? 0n; // Of names of five letters.
  assert.ok(fileStatsOf(cache, 1).includes(before), 'a block is open');
  moveCache(cache, before, 777n);
  for (const view of [cache, viewCache(shared, tools.codec)]) {
    const words = fileStatOf(
      view,
      1,
      namesOf(view, 1, tools.codec).names.indexOf(byteString('00000')),
    );
    assert.deepEqual(words, wordsOf(5).with(STAT_DEV, 777n));
    assert.equal(fileStatOf(view, 0, 1)[STAT_DEV], wordsOf(6)[STAT_DEV]);
  }
});

test('one flipped bit anywhere, one byte less or more: dropped', () => {
  const whole = build([
    { path: '', names: ['x', 'y'] },
    { path: 'd', names: ['\xff'] },
  ]);
  assert.ok(parse(whole) !== undefined);
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    assert.equal(parse(damaged), undefined, `byte ${at}`);
  }
  for (let length = 0; length < whole.length; length += 7) {
    assert.equal(parse(whole.subarray(0, length)), undefined, `${length} bytes`);
  }
  assert.equal(parse(Buffer.concat([whole, new Uint8Array(8)])), undefined);
});

test('directories taken over keep names, words and what was left out in them', () => {
  const dirs = ['', 'a', 'b', 'b/c', 'd'].map((path) => ({ path, names: [`in-${path}`] }));
  const old = parse(build(dirs));
  assert.ok(old !== undefined);
  const left = (dir: number) => ({ dir, name: byteString('x'), rule: 'x', isDir: false });
  const builder = new CacheBuilder(tools.codec, { cache: old, excluded: [0, 1, 3, 4].map(left) });
  builder.keepDirs(0, 1);
  builder.addDir(byteString('a')).addFile(byteString('new'), wordsOf(3));
  builder.addDir(byteString('aa')).excluded.push({ name: byteString('y'), rule: 'y', isDir: true });
  builder.keepDirs(2, 3);
  builder.keepDirs(3, 5);
  const made = parse(written(builder, META));
  assert.ok(made !== undefined);
  assert.deepEqual(contentOf(made), [
    { path: '', names: ['in-'] },
    { path: 'a', names: ['new'] },
    { path: 'aa', names: [] },
    { path: 'b', names: ['in-b'] },
    { path: 'b/c', names: ['in-b/c'] },
    { path: 'd', names: ['in-d'] },
  ]);
  assert.deepEqual([...made.treeEnd], [6, 2, 3, 5, 5, 6]);
  assert.deepEqual(made.dirStats.subarray(3 * STAT_CACHED, 4 * STAT_CACHED), wordsOf(2));
  assert.deepEqual(builder.excluded(), [
    left(0),
    { dir: 2, name: 'y', rule: 'y', isDir: true },
    left(4),
    left(5),
  ]);
  assert.deepEqual(builder.keptExcluded(), [left(0), left(3), left(4)]);
});
