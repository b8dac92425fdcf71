// Small trees for tests of manifests: pages in memory that count how often they are read, entries
// that are quickly made, and rules so tiny that every kind of cut happens often.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type ByteString, byteString, type Digest, digestOfBytes } from '../../src/base/bytes.ts';
import { encodeEntry, type FileEntry, type PlainEntry } from '../../src/manifest/core/entry.ts';
import { comparePaths } from '../../src/manifest/core/order.ts';
import { TreeBuilder, type TreeRoot } from '../../src/manifest/core/page.ts';
import type { PageRule } from '../../src/manifest/core/page-rule.ts';

export function sha256(text: string | Uint8Array): Digest {
  const state = createHash('sha256');
  if (typeof text === 'string') state.update(text, 'latin1');
  else state.update(text);
  return digestOfBytes(state.digest('binary'));
}

/** Where pages are kept, and how often they were asked for. */
export class MemoryPages {
  readonly pages = new Map<Digest, ByteString>();
  loadCount = 0;
  emitCount = 0;

  readonly emit = (text: ByteString): Digest => {
    const digest = sha256(text);
    this.pages.set(digest, text);
    this.emitCount += 1;
    return digest;
  };

  readonly load = (digest: Digest): ByteString => {
    const text = this.pages.get(digest);
    if (text === undefined) throw new Error('a page is asked for that was never made');
    this.loadCount += 1;
    return text;
  };
}

/** What a path holds in a test: its size, and a text that makes its line longer. */
export interface Leaf {
  readonly size: number;
  readonly pad: number;
}

/** In no particular order. */
export type Model = ReadonlyMap<ByteString, Leaf>;

const BASE = { uid: 0, gid: 0, mtime: 0n } as const;

export function fileOf(path: ByteString, { size, pad }: Leaf): FileEntry {
  const user = pad === 0 ? undefined : byteString('u'.repeat(pad));
  const sha = sha256(`${size}`);
  return { ...BASE, path, type: 'file', mode: 0o644, user, size: BigInt(size), sha256: sha };
}

export function dirOf(path: ByteString): PlainEntry {
  return { ...BASE, path, type: 'dir', mode: 0o755 };
}

export function lineOf(path: ByteString, leaf: Leaf): ByteString {
  return encodeEntry(fileOf(path, leaf));
}

export function sortedPaths(model: Model): ByteString[] {
  return [...model.keys()].sort(comparePaths);
}

/** A full build: the one that everything else has to equal. */
export function build(model: Model, pages: MemoryPages, rule: PageRule): TreeRoot {
  const builder = new TreeBuilder({ emit: pages.emit, rule });
  for (const path of sortedPaths(model)) {
    const leaf = model.get(path) ?? { size: 0, pad: 0 };
    builder.push(path, lineOf(path, leaf), leaf.size);
  }
  return builder.finish();
}

const COMPONENTS = [
  'a',
  'b',
  'a.',
  'a b',
  'A',
  '~',
  '"\\',
  '\n',
  '\xc3\xa9',
  '\xff',
  '0',
  '1',
  '2',
];

export const somePath: fc.Arbitrary<ByteString> = fc
  .array(fc.constantFrom(...COMPONENTS), { maxLength: 4 })
  .map((parts) => byteString(parts.join('/')));

export const someLeaf: fc.Arbitrary<Leaf> = fc.record({
  size: fc.nat({ max: 3 }),
  pad: fc.oneof(fc.constant(0), fc.nat({ max: 150 })),
});

/** Paths need no parents here: cutting knows nothing of directories. */
export const someModel: fc.Arbitrary<Model> = fc
  .array(fc.tuple(somePath, someLeaf), { minLength: 1, maxLength: 60 })
  .map((leaves) => new Map(leaves));

export const someRule: fc.Arbitrary<PageRule> = fc.record({
  spread: fc.integer({ min: 2, max: 9 }),
  sizeMax: fc.integer({ min: 100, max: 1500 }),
});

/** The same numbers for the same seed, on every machine (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export function seededBytes(seed: number, size: number): Uint8Array {
  const next = seeded(seed);
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let at = 0; at < words.length; at++) words[at] = next();
  return new Uint8Array(words.buffer, 0, size);
}
