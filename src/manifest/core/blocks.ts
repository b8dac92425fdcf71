import { assert } from '../../base/assert.ts';
import { byteString, type Digest } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';

/** The grid of files cut by `fixed-131072`. */
export const BLOCK_SIZE = 131_072;
const FANOUT = 8;

/**
 * The `blocks` digest of a file (manifest.md 4) from the digests of its blocks, in order. Runs of
 * zeros cost nothing, so that a sparse file of 8 EiB is no different from a small one.
 */
export class BlocksHasher {
  readonly #hash: Hash;
  /** Per level, the nodes that have no parent yet: at most 8, concatenated. */
  readonly #open: string[] = [];
  readonly #openCounts: number[] = [];
  readonly #zeros: Digest[] = [];
  #leafCount = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** @param leaf SHA-256 of the next block; the last one may be short */
  push(leaf: Digest): void {
    this.#leafCount += 1;
    this.#add(0, leaf);
  }

  /** @param count whole blocks of 131072 zeros */
  pushZeros(count: number): void {
    this.#leafCount += count;
    this.#addZeros(0, count);
  }

  /** Ends it. @param size bytes of the file; as many blocks were pushed as it has */
  digest(size: number | bigint): Digest {
    const blocks = (BigInt(size) + BigInt(BLOCK_SIZE) - 1n) / BigInt(BLOCK_SIZE);
    assert(blocks > 0n && blocks === BigInt(this.#leafCount), 'every block was pushed');
    const head = `holdfast blocks 0\n${littleEndian(BigInt(size), 8)}`;
    const grid = littleEndian(BigInt(BLOCK_SIZE), 4);
    return this.#hash.sha256Text(byteString(`${head}${grid}${this.#top()}`));
  }

  #top(): string {
    for (let level = 0; ; level++) {
      const isHighest = level + 1 >= this.#open.length;
      const count = this.#openCounts[level] ?? 0;
      if (isHighest && count === 1) return this.#open[level] ?? '';
      if (count > 0) this.#close(level);
    }
  }

  #add(level: number, node: Digest): void {
    if (this.#openCounts[level] === FANOUT) this.#close(level);
    this.#open[level] = (this.#open[level] ?? '') + node;
    this.#openCounts[level] = (this.#openCounts[level] ?? 0) + 1;
  }

  #close(level: number): void {
    const node = this.#parent(level + 1, this.#open[level] ?? '');
    this.#open[level] = '';
    this.#openCounts[level] = 0;
    this.#add(level + 1, node);
  }

  #addZeros(level: number, count: number): void {
    let left = count;
    const openCount = () => (this.#openCounts[level] ?? 0) % FANOUT;
    for (; left > 0 && openCount() !== 0; left--) this.#add(level, this.#zero(level));
    if (left > FANOUT) {
      const parents = Math.floor(left / FANOUT);
      if (this.#openCounts[level] === FANOUT) this.#close(level);
      this.#addZeros(level + 1, parents);
      left -= parents * FANOUT;
    }
    for (; left > 0; left--) this.#add(level, this.#zero(level));
  }

  #zero(level: number): Digest {
    const known = this.#zeros[level];
    if (known !== undefined) return known;
    const made =
      level === 0
        ? this.#hash.sha256(new Uint8Array(BLOCK_SIZE))
        : this.#parent(level, this.#zero(level - 1).repeat(FANOUT));
    this.#zeros[level] = made;
    return made;
  }

  #parent(level: number, children: string): Digest {
    return this.#hash.sha256Text(byteString(`\x01${String.fromCharCode(level)}${children}`));
  }
}

/** The `blocks` digest from the digests of all blocks, in order. */
export function blocksDigest(hash: Hash, size: number | bigint, leaves: Iterable<Digest>): Digest {
  const hasher = new BlocksHasher(hash);
  for (const leaf of leaves) hasher.push(leaf);
  return hasher.digest(size);
}

function littleEndian(value: bigint, bytes: number): string {
  let text = '';
  for (let at = 0; at < bytes; at++) {
    text += String.fromCharCode(Number((value >> BigInt(8 * at)) & 255n));
  }
  return text;
}
