/** Whether a live file holds what a snapshot says, by its digest. */
import type { Digest } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import {
  type FileHandle,
  kindOfMode,
  type Source,
  STAT_CTIME,
  STAT_MODE,
  STAT_MTIME,
  STAT_SIZE,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import type { Hash } from '../../host/hash.ts';
import { BLOCK_SIZE, BlocksHasher } from '../../manifest/core/blocks.ts';
import type { FileContent } from '../../manifest/core/entry-fields.ts';
import { errnoOf } from './failures.ts';
import type { LiveTop } from './live-tree.ts';

export interface LiveContentPorts {
  readonly source: Source;
  readonly hash: Hash;
}

export interface ContentVerdict {
  readonly isSame: boolean;
  /** Why it cannot be told; undefined where it can. */
  readonly unknown: string | undefined;
}

const BUFFER_SIZE = MIB;

/** Reads live files and compares digests; each `yield` is the number of bytes read since the last. */
export class LiveContent {
  readonly #ports: LiveContentPorts;
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  readonly #zeros = new Uint8Array(BLOCK_SIZE);
  readonly #before: StatWords = new BigInt64Array(STAT_WORDS);
  readonly #after: StatWords = new BigInt64Array(STAT_WORDS);

  constructor(ports: LiveContentPorts) {
    this.#ports = ports;
  }

  /** @param content with a digest */
  *compare(content: FileContent, at: LiveTop): Generator<number, ContentVerdict> {
    const { source } = this.#ports;
    try {
      const file = source.openFile(at.dir, at.name);
      try {
        return yield* this.#compare(content, file);
      } finally {
        source.closeFile(file);
      }
    } catch (error) {
      return unknown(`it cannot be read (${errnoOf(error)})`);
    }
  }

  *#compare(content: FileContent, file: FileHandle): Generator<number, ContentVerdict> {
    const { source } = this.#ports;
    source.statFile(file, this.#before);
    const isFile = kindOfMode(Number(this.#before[STAT_MODE])) === 'file';
    if (!isFile || this.#before[STAT_SIZE] !== content.size) return unknown(CHANGED);
    const size = Number(content.size);
    const digest =
      content.blocks === undefined ? yield* this.#whole(file) : yield* this.#blocks(file, size);
    source.statFile(file, this.#after);
    if (!this.#isUnchanged()) return unknown(CHANGED);
    const isSame = digest === (content.blocks ?? content.sha256);
    return { isSame, unknown: undefined };
  }

  #isUnchanged(): boolean {
    return [STAT_SIZE, STAT_MTIME, STAT_CTIME].every((at) => this.#before[at] === this.#after[at]);
  }

  *#whole(file: FileHandle): Generator<number, Digest> {
    const stream = this.#ports.hash.stream();
    for (let at = 0; ; ) {
      const count = this.#ports.source.read(file, this.#buffer, at);
      stream.update(this.#buffer.subarray(0, count));
      at += count;
      yield count;
      if (count < this.#buffer.length) return stream.digest();
    }
  }

  /** Holes are not read. */
  *#blocks(file: FileHandle, size: number): Generator<number, Digest | undefined> {
    const { source, hash } = this.#ports;
    const hasher = new BlocksHasher(hash);
    const segments = source.dataSegments(file, size);
    let block = 0;
    for (let at = 0; at < segments.length; at += 2) {
      const [start = 0, length = 0] = segments.slice(at, at + 2);
      const first = Math.max(block, Math.floor(start / BLOCK_SIZE));
      hasher.pushZeros(first - block);
      const end = Math.ceil(Math.min(size, start + length) / BLOCK_SIZE);
      for (block = first; block < end; block++) {
        const wanted = Math.min(BLOCK_SIZE, size - block * BLOCK_SIZE);
        const into = this.#buffer.subarray(0, wanted);
        // Cut short meanwhile: the stat afterwards says so.
        if (source.read(file, into, block * BLOCK_SIZE) < wanted) return undefined;
        hasher.push(hash.sha256(into));
        yield wanted;
      }
    }
    hasher.pushZeros(Math.max(0, Math.floor(size / BLOCK_SIZE) - block));
    const rest = size % BLOCK_SIZE;
    const isRestLeft = rest > 0 && block <= Math.floor(size / BLOCK_SIZE);
    if (isRestLeft) hasher.push(hash.sha256(this.#zeros.subarray(0, rest)));
    return hasher.digest(size);
  }
}

const CHANGED = 'it changed while it was read';

function unknown(why: string): ContentVerdict {
  return { isSame: false, unknown: why };
}
