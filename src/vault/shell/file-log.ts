import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { STAT_CACHED } from '../../host/source.ts';
import { OpenBlocks, type PackedBlock } from '../core/open-blocks.ts';

/** Files that are compressed together. */
const BLOCK_FILES = 4096;
/** Bytes of their words, which stand before their names. */
const WORDS_SIZE = BLOCK_FILES * STAT_CACHED * BigInt64Array.BYTES_PER_ELEMENT;
/** Blocks that stay open while files are read: what lies in a tree together came nearly together. */
const OPEN_MAX = 4;

interface OpenBlock {
  readonly words: BigInt64Array;
  readonly text: Uint8Array;
  /** What the text says, once somebody has asked. */
  names: readonly ByteString[] | undefined;
}

/** A part of a block: `from` and `to` count its files. */
interface Part {
  readonly block: number;
  readonly from: number;
  readonly to: number;
}

/**
 * What files looked like, in the order in which they came. Compressed, since a tree may have
 * millions of them, and all is kept until the snapshot is there.
 */
export class FileLog {
  readonly #codec: Codec;
  readonly #blocks: PackedBlock[] = [];
  readonly #open: OpenBlocks<OpenBlock>;
  /** Of the files that are in no block yet. */
  readonly #names: ByteString[] = [];
  readonly #words = new BigInt64Array(BLOCK_FILES * STAT_CACHED);

  constructor(codec: Codec) {
    this.#codec = codec;
    const packed = (number: number): PackedBlock => this.#blocks[number] ?? NO_BLOCK;
    this.#open = new OpenBlocks(codec, {
      ...{ max: OPEN_MAX, packed },
      make: (room, number) => ({
        words: new BigInt64Array(room.buffer, 0, BLOCK_FILES * STAT_CACHED),
        text: room.subarray(WORDS_SIZE, packed(number).sizeBytes),
        names: undefined,
      }),
    });
  }

  /** @param stat `STAT_CACHED` words @returns its number: they count from 0 */
  add(name: ByteString, stat: BigInt64Array): number {
    if (this.#names.length === BLOCK_FILES) this.#pack();
    this.#words.set(stat, this.#names.length * STAT_CACHED);
    return this.#blocks.length * BLOCK_FILES + this.#names.push(name) - 1;
  }

  /** @param ranges of numbers, begin and end in turn */
  names(ranges: readonly number[]): ByteString[] {
    return partsOf(ranges).flatMap(({ block, from, to }) => {
      if (block === this.#blocks.length) return this.#names.slice(from, to);
      const opened = this.#open.opened(block);
      opened.names ??= this.#codec.textOf(opened.text).split('\0').map(byteString);
      return opened.names.slice(from, to);
    });
  }

  /** Shows the words of these files, part by part; each part is good until `visit` returns. */
  visitWords(ranges: readonly number[], visit: (words: BigInt64Array) => void): void {
    for (const { block, from, to } of partsOf(ranges)) {
      visit(this.#wordsOf(block).subarray(from * STAT_CACHED, to * STAT_CACHED));
    }
  }

  #wordsOf(block: number): BigInt64Array {
    if (block === this.#blocks.length) return this.#words;
    return this.#open.opened(block).words;
  }

  #pack(): void {
    const text = this.#codec.bytesOf(byteString(this.#names.join('\0')));
    const plain = new Uint8Array(WORDS_SIZE + text.length);
    plain.set(new Uint8Array(this.#words.buffer));
    plain.set(text, WORDS_SIZE);
    this.#blocks.push({ packed: this.#codec.compress(plain), sizeBytes: plain.length });
    this.#names.length = 0;
  }
}

const NO_BLOCK: PackedBlock = { packed: new Uint8Array(0), sizeBytes: 0 };

function partsOf(ranges: readonly number[]): Part[] {
  const parts: Part[] = [];
  for (let range = 0; range < ranges.length; range += 2) {
    const end = ranges[range + 1] ?? 0;
    for (let at = ranges[range] ?? 0; at < end; ) {
      const block = Math.floor(at / BLOCK_FILES);
      const start = block * BLOCK_FILES;
      const to = Math.min(BLOCK_FILES, end - start);
      parts.push({ block, from: at - start, to });
      at = start + to;
    }
  }
  return parts;
}
