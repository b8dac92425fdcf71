/**
 * Files of a stat cache, compressed some thousands at a time: of millions of files it is these words and
 * names that would fill memory. A block is the words of all files of some directories, then their text.
 * Layout: docs/format/cache.md.
 */
import type { Codec } from '../../host/codec.ts';
import { STAT_CACHED, STAT_DEV } from '../../host/source.ts';
import { OpenBlocks, type PackedBlock } from './open-blocks.ts';

const RECORD = STAT_CACHED * BigInt64Array.BYTES_PER_ELEMENT;
/** A directory is never divided, so a block may have more. */
const BLOCK_FILES = 4096;
const BLOCK_DIRS = 4096;
/** Blocks that stay open: what is asked for together lies together. */
const OPEN_MAX = 2;

/** Where blocks and what is in them begin; each list has the end behind it. */
export interface BlockTables {
  /** By block: its first directory. */
  readonly firstDir: Uint32Array;
  /** By block: where its frame begins. */
  readonly frameStart: Float64Array;
  /** By directory: its first file, and where its text begins. */
  readonly fileStart: Uint32Array;
  readonly textStart: Uint32Array;
}

/** What one directory has in its block: views, good until another directory is asked for. */
export interface DirPart {
  readonly words: BigInt64Array;
  readonly text: Uint8Array;
}

export class CacheBlocks {
  readonly #file: Uint8Array;
  readonly #tables: BlockTables;
  /** Two words in the memory that threads share: a device number, and the one that is put for it. */
  readonly #moved: BigInt64Array;
  readonly #open: OpenBlocks<Uint8Array>;

  constructor(
    file: Uint8Array,
    of: { readonly tables: BlockTables; readonly moved: BigInt64Array; readonly codec: Codec },
  ) {
    this.#file = file;
    this.#tables = of.tables;
    this.#moved = of.moved;
    this.#open = new OpenBlocks(of.codec, {
      max: OPEN_MAX,
      packed: (number) => this.#packed(number),
      make: (room, number) => this.#moveIn(room, number),
    });
  }

  /** For all who look at the same memory and have opened nothing yet. */
  moveDevice(from: bigint, to: bigint): void {
    this.#moved.set([from, to]);
    this.#open.clear();
  }

  partOf(dir: number): DirPart {
    const { firstDir, fileStart, textStart } = this.#tables;
    const block = this.#blockOf(dir);
    const room = this.#open.opened(block);
    const first = firstDir[block] ?? 0;
    const end = firstDir[block + 1] ?? first;
    const firstFile = fileStart[first] ?? 0;
    const [from, to] = [(fileStart[dir] ?? 0) - firstFile, (fileStart[dir + 1] ?? 0) - firstFile];
    const textAt = ((fileStart[end] ?? 0) - firstFile) * RECORD - (textStart[first] ?? 0);
    return {
      words: new BigInt64Array(room.buffer, from * RECORD, (to - from) * STAT_CACHED),
      text: room.subarray(textAt + (textStart[dir] ?? 0), textAt + (textStart[dir + 1] ?? 0)),
    };
  }

  #blockOf(dir: number): number {
    const { firstDir } = this.#tables;
    let [low, high] = [0, firstDir.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((firstDir[middle] ?? 0) <= dir) low = middle;
      else high = middle;
    }
    return low;
  }

  #packed(number: number): PackedBlock {
    const { firstDir, frameStart, textStart } = this.#tables;
    const [first = 0, end = 0] = [firstDir[number], firstDir[number + 1]];
    const textSize = (textStart[end] ?? 0) - (textStart[first] ?? 0);
    return {
      packed: this.#file.subarray(frameStart[number], frameStart[number + 1]),
      sizeBytes: this.#filesIn(number) * RECORD + textSize,
    };
  }

  #filesIn(number: number): number {
    const { firstDir, fileStart } = this.#tables;
    return (fileStart[firstDir[number + 1] ?? 0] ?? 0) - (fileStart[firstDir[number] ?? 0] ?? 0);
  }

  #moveIn(room: Uint8Array, number: number): Uint8Array {
    const [from = 0n, to = 0n] = this.#moved;
    if (from === to) return room;
    const words = new BigInt64Array(room.buffer, 0, this.#filesIn(number) * STAT_CACHED);
    for (let at = STAT_DEV; at < words.length; at += STAT_CACHED)
      if (words[at] === from) words[at] = to;
    return room;
  }
}

/** Takes directories in their order, and hands over the frame of each block that is full. */
export class BlockWriter {
  readonly #codec: Codec;
  readonly #emit: (frame: Uint8Array) => void;
  /** By block: its first directory and the length of its frame. */
  readonly #rows: number[] = [];
  #words = new BigInt64Array(BLOCK_FILES * STAT_CACHED);
  #wordCount = 0;
  #text: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #textSize = 0;
  #dirCount = 0;
  /** A block before it is compressed: of a large tree new memory for each would be much garbage. */
  #plain: Uint8Array<ArrayBufferLike> = new Uint8Array(0);
  #dirsDone = 0;

  constructor(codec: Codec, emit: (frame: Uint8Array) => void) {
    this.#codec = codec;
    this.#emit = emit;
  }

  addDir(fileCount: number, text: Uint8Array): void {
    const wordCount = this.#wordCount + fileCount * STAT_CACHED;
    const isFull = wordCount > BLOCK_FILES * STAT_CACHED || this.#dirCount === BLOCK_DIRS;
    if (isFull && this.#dirCount > 0) this.#flush();
    const needed = this.#wordCount + fileCount * STAT_CACHED;
    if (needed > this.#words.length) {
      const larger = new BigInt64Array(needed);
      larger.set(this.#words.subarray(0, this.#wordCount));
      this.#words = larger;
    }
    this.#text = roomFor(this.#text, this.#textSize + text.length);
    this.#text.set(text, this.#textSize);
    this.#textSize += text.length;
    this.#dirCount += 1;
  }

  /** Of the directory that was added last. */
  addWords(words: BigInt64Array): void {
    this.#words.set(words, this.#wordCount);
    this.#wordCount += words.length;
  }

  /** @returns two numbers for each block: its first directory, and the length of its frame */
  end(): Uint32Array {
    if (this.#dirCount > 0) this.#flush();
    return Uint32Array.from(this.#rows);
  }

  #flush(): void {
    const wordsSize = this.#wordCount * BigInt64Array.BYTES_PER_ELEMENT;
    this.#plain = roomFor(this.#plain, wordsSize + this.#textSize);
    this.#plain.set(new Uint8Array(this.#words.buffer, 0, wordsSize));
    this.#plain.set(this.#text.subarray(0, this.#textSize), wordsSize);
    const frame = this.#codec.compress(this.#plain.subarray(0, wordsSize + this.#textSize));
    this.#rows.push(this.#dirsDone, frame.length);
    this.#dirsDone += this.#dirCount;
    this.#dirCount = 0;
    this.#textSize = 0;
    this.#wordCount = 0;
    this.#emit(frame);
  }
}

/** The same memory, or twice as much with what is in it. */
function roomFor(room: Uint8Array, sizeBytes: number): Uint8Array {
  if (sizeBytes <= room.length) return room;
  const larger = new Uint8Array(Math.max(sizeBytes, 2 * room.length));
  larger.set(room);
  return larger;
}
