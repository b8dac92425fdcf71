/** The tree of `scale.ts`: very many very small files, of which one in five has the content of another. */
import { closeSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fillRandom, SourceText } from './content.ts';
import { diceFor } from './random.ts';
import type { FreshFormat } from './scratch.ts';

export const FILES_PER_DIRECTORY = 300;
const DIRECTORIES_PER_DIRECTORY = 100;
const SIZE_MIN_BYTES = 100;
const SIZE_SPAN_BYTES = 600;
/** One in so many repeats. */
const REPEAT_EACH = 5;
const MODIFIED_AT_S = 1_600_000_000;
const INODE_BYTES = 1024;

/** Five million blocks of 4 kB are 20 GB: here small files lie in their inodes. */
export function formatFor(fileCount: number): FreshFormat {
  const inodes = Math.ceil(fileCount * 1.02) + 10_000; // Directories have inodes too.
  return {
    format: ['-O', 'inline_data', '-I', String(INODE_BYTES), '-N', String(inodes)],
    mount: ',noinit_itable',
  };
}

export function roomFor(fileCount: number): number {
  return fileCount * INODE_BYTES;
}

/** Makes and changes files by their numbers; a tree of more files has all of a smaller one. */
export class ScaleTree {
  readonly #root: string;
  readonly #seed: number;
  readonly #text: SourceText;
  readonly #buffer = Buffer.alloc(SIZE_MIN_BYTES + SIZE_SPAN_BYTES);
  #fileCount = 0;
  sizeBytes = 0;

  constructor(root: string, seed: number) {
    this.#root = root;
    this.#seed = seed;
    this.#text = new SourceText(seed);
  }

  growTo(fileCount: number): void {
    for (; this.#fileCount < fileCount; this.#fileCount++) {
      const index = this.#fileCount;
      if (index % FILES_PER_DIRECTORY === 0)
        mkdirSync(this.#directoryOf(index), { recursive: true });
      const content = this.#contentOf(index, 0);
      this.#write(index, content);
      this.sizeBytes += content.length;
    }
  }

  /** Other bytes for `count` files all over the tree; the same ones for the same `generation`. */
  change(count: number, generation: number): void {
    const changed = Math.min(count, this.#fileCount);
    for (let nth = 0; nth < changed; nth++) {
      const index = Math.floor((nth * this.#fileCount) / changed);
      this.#write(index, this.#contentOf(index, generation));
    }
  }

  #directoryOf(index: number): string {
    const leaf = Math.floor(index / FILES_PER_DIRECTORY);
    const upper = Math.floor(leaf / DIRECTORIES_PER_DIRECTORY);
    return join(
      this.#root,
      `d${String(upper).padStart(3, '0')}`,
      `e${String(leaf).padStart(5, '0')}`,
    );
  }

  /** Good until the next call. */
  #contentOf(index: number, generation: number): Buffer {
    let origin = index;
    while (generation === 0 && origin % REPEAT_EACH === REPEAT_EACH - 1)
      origin = Math.floor(origin / REPEAT_EACH);
    const name = [this.#seed, 'scale', origin, generation] as const;
    const sizeBytes = SIZE_MIN_BYTES + diceFor(...name, 'size').below(SIZE_SPAN_BYTES);
    const content = this.#buffer.subarray(0, sizeBytes);
    if (origin % 2 === 0) this.#text.fill(content, ...name);
    else fillRandom(content, ...name);
    return content;
  }

  #write(index: number, content: Buffer): void {
    const name = `f${String(index).padStart(7, '0')}.dat`;
    const fd = openSync(join(this.#directoryOf(index), name), 'w');
    try {
      writeSync(fd, content);
      futimesSync(fd, MODIFIED_AT_S, MODIFIED_AT_S + (index % 1000));
    } finally {
      closeSync(fd);
    }
  }
}
