// Goal: format 0 does not change by accident, and its document tells the truth. Method: vectors in
// test/golden/manifest, made from seeds, compared with what the code gives now (SNAP_UPDATE=1
// writes them anew: look at the difference); the example of the document is parsed from its text.
// test/golden/manifest/oracle.py computes the same vectors from the document in another language.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MemoryPages, seeded, seededBytes, sha256 } from '../../../test/manifest/trees.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import { type ByteString, byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { BLOCK_SIZE, BlocksHasher, blocksDigest } from './blocks.ts';
import { type Entry, encodeEntry, parseEntry } from './entry.ts';
import { GearCutter } from './gear.ts';
import { ListBuilder, ZERO_DIGEST } from './list.ts';
import { comparePaths } from './order.ts';
import { isLeaf, parsePage, TreeBuilder } from './page.ts';
import { bytesOfUtf8, utf8Of } from './utf8.ts';
import { leafRefs, walkEntries } from './walk.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const GOLDEN = path.join(ROOT, 'test/golden/manifest');
const hash = nodeHash();

function checkGolden(name: string, actual: unknown): void {
  const file = path.join(GOLDEN, name);
  const text = `${JSON.stringify(actual, undefined, 1)}\n`;
  if (process.env.SNAP_UPDATE === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}

test('the example of the document is a page', () => {
  const document = readFileSync(path.join(ROOT, 'docs/format/manifest.md'), 'utf8');
  const example = document.slice(document.indexOf('## 7. Example'));
  const lines = [...example.matchAll(/^ {4}(\{.*\})$/gm)].map((match) => `${match[1]}\n`);
  const text = bytesOfUtf8(lines.join(''));
  const page = parsePage(text);
  assert.ok(isLeaf(page) && page.lines.length === 2);
  for (const line of page.lines) assert.equal(encodeEntry(parseEntry(line)), line);
  const pages = new MemoryPages();
  const builder = new TreeBuilder({ emit: pages.emit });
  for (const [at, line] of page.lines.entries()) {
    builder.push(page.paths[at] ?? byteString(''), line, at === 0 ? 0 : 3);
  }
  const root = builder.finish();
  assert.equal(pages.load(root.digest), text);
  assert.ok(
    example.includes(hexOf(root.digest)),
    `the document says the root ${hexOf(root.digest)}`,
  );
  checkGolden('example.json', { page: utf8Of(text), root: hexOf(root.digest) });
});

const BASE = { mode: 0o644, uid: 1000, gid: 1000, mtime: 1_700_000_000_123_456_789n };
const [A, B] = [sha256('a'), sha256('b')];
const SIZE_MAX = 2n ** 63n - 1n;

/** One entry for each thing that the format can say. */
const ENTRIES: readonly Entry[] = [
  { ...BASE, path: byteString(''), type: 'dir', mode: 0o1777 },
  { ...BASE, path: bytesOfUtf8('é "\\\t\u0001\u007f'), type: 'dir', user: bytesOfUtf8('zoë') },
  { ...BASE, path: byteString('\xff'), type: 'fifo', mtime: -1n, group: byteString('g') },
  { ...BASE, path: byteString('block'), type: 'block', major: 8, minor: 1_048_575 },
  { ...BASE, path: byteString('char'), type: 'char', major: 1, minor: 3 },
  { ...BASE, path: byteString('dir'), type: 'dir', notEntered: 'mount', unreadable: 'EACCES' },
  { ...BASE, path: byteString('empty'), type: 'file', size: 0n, sha256: sha256('') },
  { ...BASE, path: byteString('flux'), type: 'file', size: 1n, sha256: A, inFlux: true },
  {
    ...BASE,
    path: byteString('gear'),
    type: 'file',
    size: 2_000_000n,
    sha256: A,
    cut: 'gear-1',
    chunks: [
      { length: 1_500_000, digest: A },
      { length: 500_000, digest: B },
    ],
  },
  {
    ...BASE,
    path: byteString('image'),
    type: 'file',
    size: SIZE_MAX,
    blocks: B,
    cut: 'fixed-131072',
    list: { depth: 4, digest: A },
    holeLists: [A, B],
  },
  {
    ...BASE,
    path: byteString('linked'),
    type: 'file',
    size: 9n,
    sha256: A,
    holes: [
      { offset: 0n, length: 4n },
      { offset: 6n, length: 3n },
    ],
    xattrs: [
      { name: byteString('security.capability'), value: byteString('\x01\x00') },
      { name: byteString('user.\xff'), value: byteString('') },
    ],
    link: byteString('linked'),
    notKept: [byteString('security.foo: EPERM')],
  },
  { ...BASE, path: byteString('lost'), type: 'file', size: 7n, unreadable: 'EIO' },
  { ...BASE, path: byteString('socket'), type: 'socket' },
  { ...BASE, path: byteString('to'), type: 'symlink', target: byteString('../\xff') },
];

test('lines of every kind of entry', () => {
  const lines = ENTRIES.map(encodeEntry);
  for (const line of lines) assert.equal(encodeEntry(parseEntry(line)), line);
  checkGolden('lines.json', lines.map((line) => utf8Of(line).trimEnd())); // biome-ignore format: one thought
});

const TREE_SEED = 20261120;
const TREE_COUNT = 40_000;

/** 100 directories, names that are not UTF-8 among them, sizes up to 2^32. */
function seededTree(): Entry[] {
  const next = seeded(TREE_SEED);
  const entries = new Map<ByteString, Entry>();
  const add = (entry: Entry) => entries.set(entry.path, entry);
  add({ ...BASE, path: byteString(''), type: 'dir', mode: 0o755 });
  for (let at = 0; at < TREE_COUNT; at++) {
    const dir = byteString(`dir ${next() % 100}`);
    const file = byteString(`${dir}/${next()}${next() % 50 === 0 ? '\xff' : ''}`);
    const size = BigInt(next() % 1_048_577);
    add({ ...BASE, path: dir, type: 'dir', mode: 0o755 });
    add({ ...BASE, path: file, type: 'file', size, sha256: sha256(`${next()}`) });
  }
  return [...entries.values()].sort((a, b) => comparePaths(a.path, b.path));
}

test('a manifest of several levels', () => {
  const pages = new MemoryPages();
  const builder = new TreeBuilder({ emit: pages.emit });
  const entries = seededTree();
  for (const entry of entries) {
    builder.push(entry.path, encodeEntry(entry), entry.type === 'file' ? entry.size : 0);
  }
  const root = builder.finish();
  const manifest = { root: root.digest, load: pages.load };
  assert.deepEqual([...walkEntries(manifest)].map(encodeEntry), entries.map(encodeEntry));
  const leaves = [...leafRefs(manifest)];
  checkGolden('tree.json', {
    seed: TREE_SEED,
    count: TREE_COUNT,
    root: hexOf(root.digest),
    level: root.level,
    entries: root.entries,
    bytes: `${root.bytes}`,
    pages: pages.pages.size,
    leaves: leaves.length,
    firstLeaves: leaves.slice(0, 5).map(({ first, digest, entries, bytes }) => ({
      first: utf8Of(first),
      sha256: hexOf(digest),
      entries,
      bytes: `${bytes}`,
    })),
  });
});

test('cuts by content', () => {
  const cutter = new GearCutter(hash);
  const cuts = [1, 2].map((seed) => {
    const size = 12_345_678;
    const bytes = seededBytes(seed, size);
    const lengths: number[] = [];
    for (let start = 0; start < size; start += lengths.at(-1) ?? size) {
      lengths.push(cutter.nextCut(bytes.subarray(start), true));
    }
    return { seed, size, sha256: hexOf(sha256(bytes)), lengths };
  });
  checkGolden('gear.json', cuts);
});

test('blocks digests', () => {
  const leavesOf = function* (bytes: Uint8Array): Generator<Digest> {
    for (let at = 0; at < bytes.length; at += BLOCK_SIZE) {
      yield sha256(bytes.subarray(at, at + BLOCK_SIZE));
    }
  };
  const noise = [1, 131_072, 131_073, 1_048_576, 1_048_577, 9_000_000].map((size) => {
    const bytes = seededBytes(3, size);
    return { seed: 3, size: `${size}`, blocks: hexOf(blocksDigest(hash, size, leavesOf(bytes))) };
  });
  const zeros = [8, 9, 2 ** 23 + 1].map((count) => {
    const hasher = new BlocksHasher(hash);
    hasher.pushZeros(count);
    const size = BigInt(count) * BigInt(BLOCK_SIZE);
    return { zeros: true, size: `${size}`, blocks: hexOf(hasher.digest(size)) };
  });
  checkGolden('blocks.json', [...noise, ...zeros]);
});

test('chunk lists', () => {
  const lists = [33, 4096, 4097, 4096 * 4096 + 1].map((count) => {
    const objects = new Set<Digest>();
    const emit = (bytes: Uint8Array) => {
      const digest = sha256(bytes);
      objects.add(digest);
      return digest;
    };
    const builder = new ListBuilder({ emit });
    builder.push(BLOCK_SIZE, A);
    builder.pushZeros(count - 2);
    builder.push(5, B);
    const { depth, digest } = builder.finish();
    return { chunks: count, depth, sha256: hexOf(digest), objects: objects.size };
  });
  const [first] = lists;
  assert.equal(first?.depth, 1);
  const record = (span: number, digest: Digest) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(span));
    return bytes.toString('latin1') + digest;
  };
  const zeros = record(BLOCK_SIZE, ZERO_DIGEST).repeat(31);
  const plain = sha256(record(BLOCK_SIZE, A) + zeros + record(5, B));
  assert.equal(first.sha256, hexOf(plain));
  checkGolden('lists.json', lists);
});
