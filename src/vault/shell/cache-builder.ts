import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash, HashStream } from '../../host/hash.ts';
import { STAT_CACHED } from '../../host/source.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { encodeCacheHead, pathOf } from '../core/stat-cache.ts';

/** Of what is written at once. */
const PIECE_SIZE = 1 << 20;
/** Beyond what was expected. */
const FILES_MORE = 8;

/** Something in a directory that a rule leaves out. */
export interface Excluded {
  readonly name: ByteString;
  readonly rule: string;
  readonly isDir: boolean;
}

/** The same of a cache: `dir` is the number of its directory. */
export interface ExcludedIn extends Excluded {
  readonly dir: number;
}

/** A directory that was walked; its files arrive in any order. */
export class WalkedDir {
  readonly path: ByteString;
  readonly names: ByteString[] = [];
  /** What a rule left out here. */
  readonly excluded: Excluded[] = [];
  /** Zeros until it was looked at, which never match. */
  readonly stat = new BigInt64Array(STAT_CACHED);
  #stats = new BigInt64Array(0);

  constructor(path: ByteString) {
    this.path = path;
  }

  /** How many files it will have, so far as the listing says. */
  expect(fileCount: number): void {
    this.#stats = new BigInt64Array(fileCount * STAT_CACHED);
  }

  /** @param stat `STAT_CACHED` words or more */
  addFile(name: ByteString, stat: BigInt64Array): void {
    const at = this.names.length * STAT_CACHED;
    if (at === this.#stats.length) {
      const larger = new BigInt64Array(Math.max(FILES_MORE * STAT_CACHED, at * 2));
      larger.set(this.#stats);
      this.#stats = larger;
    }
    this.#stats.set(stat.length === STAT_CACHED ? stat : stat.subarray(0, STAT_CACHED), at);
    this.names.push(name);
  }

  /** Bytes of its path and names, each ended by a NUL. */
  get textSize(): number {
    return this.names.reduce((sum, { length }) => sum + length + 1, this.path.length + 1);
  }

  get #isSorted(): boolean {
    return this.names.every((name, at) => at === 0 || (this.names[at - 1] ?? '') < name);
  }

  sortedNames(): readonly ByteString[] {
    return this.#isSorted ? this.names : this.names.toSorted();
  }

  /** In the order of the sorted names. */
  writeFiles(into: BigInt64Array): void {
    const { names } = this;
    if (this.#isSorted) {
      into.set(this.#stats.subarray(0, names.length * STAT_CACHED));
      return;
    }
    const order = names.map((_, at) => at);
    order.sort((a, b) => ((names[a] ?? '') < (names[b] ?? '') ? -1 : 1));
    order.forEach((from, to) => {
      const stat = this.#stats.subarray(from * STAT_CACHED, (from + 1) * STAT_CACHED);
      into.set(stat, to * STAT_CACHED);
    });
  }
}

type Part = WalkedDir | { readonly from: number; readonly to: number };

/** Builds the next cache from what was walked and, where nothing changed, from the last one. */
export class CacheBuilder {
  readonly #old: StatCache | undefined;
  /** In the order of directories. */
  readonly #oldExcluded: readonly ExcludedIn[];
  readonly #parts: Part[] = [];

  constructor(old?: { readonly cache: StatCache; readonly excluded: readonly ExcludedIn[] }) {
    this.#old = old?.cache;
    this.#oldExcluded = old?.excluded ?? [];
  }

  /** What rules left out, by the directories of the cache that is built. */
  excluded(): ExcludedIn[] {
    return this.#everyExcluded().map(({ left, to }) => ({ ...left, dir: to }));
  }

  /** What they left out in directories taken over as they are, by those of the last cache. */
  keptExcluded(): ExcludedIn[] {
    return this.#everyExcluded().flatMap(({ left, from }) =>
      from === undefined ? [] : [{ ...left, dir: from }],
    );
  }

  #everyExcluded(): { left: Excluded; from: number | undefined; to: number }[] {
    const all: { left: Excluded; from: number | undefined; to: number }[] = [];
    let to = 0;
    let next = 0;
    for (const part of this.#parts) {
      if (part instanceof WalkedDir) {
        for (const left of part.excluded) all.push({ left, from: undefined, to });
        to += 1;
        continue;
      }
      for (; next < this.#oldExcluded.length; next++) {
        const left = this.#oldExcluded[next];
        if (left === undefined || left.dir >= part.to) break;
        if (left.dir < part.from) continue;
        all.push({ left, from: left.dir, to: to + left.dir - part.from });
      }
      to += part.to - part.from;
    }
    return all;
  }

  /** In path order. */
  addDir(path: ByteString): WalkedDir {
    const dir = new WalkedDir(path);
    this.#parts.push(dir);
    return dir;
  }

  /** Directories of the last cache, taken over as they are. */
  keepDirs(from: number, to: number): void {
    if (from >= to) return;
    const last = this.#parts.at(-1);
    if (last !== undefined && !(last instanceof WalkedDir) && last.to === from) {
      this.#parts[this.#parts.length - 1] = { from: last.from, to };
    } else this.#parts.push({ from, to });
  }

  /**
   * Writes the cache file from its beginning to its end, so that it never is in memory as a whole.
   * @param emit takes the next bytes, which are good until it returns
   */
  write(options: {
    readonly meta: ByteString;
    readonly tools: { readonly hash: Hash; readonly codec: Codec };
    readonly emit: (bytes: Uint8Array) => void;
  }): void {
    const { meta, tools, emit } = options;
    const sizes = this.#count();
    const out = new PieceWriter(tools.hash, emit);
    out.put(encodeCacheHead(meta, sizes, tools.codec));
    for (const part of this.#parts) this.#putDirStats(part, out);
    for (const part of this.#parts) this.#putFileStats(part, out);
    this.#putNumbers(out, { dirCount: sizes.dirCount, codec: tools.codec });
    for (const part of this.#parts) this.#putText(part, { out, codec: tools.codec });
    out.end(tools.codec);
  }

  #putDirStats(part: Part, out: PieceWriter): void {
    if (part instanceof WalkedDir) out.put(bytesOf(part.stat));
    else out.put(bytesOf(wordsIn(this.#oldCache().dirStats, part)));
  }

  #putFileStats(part: Part, out: PieceWriter): void {
    if (part instanceof WalkedDir) {
      const words = new BigInt64Array(part.names.length * STAT_CACHED);
      part.writeFiles(words);
      out.put(bytesOf(words));
      return;
    }
    const { fileStart, fileStats } = this.#oldCache();
    out.put(bytesOf(wordsIn(fileStats, rangeIn(fileStart, part))));
  }

  #putText(part: Part, { out, codec }: { out: PieceWriter; codec: Codec }): void {
    if (part instanceof WalkedDir) {
      const names = part.sortedNames();
      out.put(
        codec.bytesOf(byteString(`${part.path}\0${names.map((name) => `${name}\0`).join('')}`)),
      );
      return;
    }
    const { textStart, text } = this.#oldCache();
    const { from, to } = rangeIn(textStart, part);
    out.put(text.subarray(from, to));
  }

  /** Where the files, the subtree and the text of each directory begin or end. */
  #putNumbers(out: PieceWriter, of: { readonly dirCount: number; readonly codec: Codec }): void {
    const fileStart = new Uint32Array(of.dirCount + 1);
    const textStart = new Uint32Array(of.dirCount + 1);
    const paths: ByteString[] = [];
    let [file, text] = [0, 0];
    for (const part of this.#parts) {
      if (part instanceof WalkedDir) {
        fileStart[paths.length] = file;
        textStart[paths.length] = text;
        paths.push(part.path);
        file += part.names.length;
        text += part.textSize;
        continue;
      }
      const old = this.#oldCache();
      const files = rangeIn(old.fileStart, part);
      const texts = rangeIn(old.textStart, part);
      for (let dir = part.from; dir < part.to; dir++) {
        fileStart[paths.length] = (old.fileStart[dir] ?? 0) - files.from + file;
        textStart[paths.length] = (old.textStart[dir] ?? 0) - texts.from + text;
        paths.push(pathOf(old, dir, of.codec));
      }
      file += files.to - files.from;
      text += texts.to - texts.from;
    }
    fileStart[of.dirCount] = file;
    textStart[of.dirCount] = text;
    for (const each of [fileStart, treeEndsOf(paths), textStart]) out.put(bytesOf(each));
  }

  #oldCache(): StatCache {
    assert(this.#old !== undefined, 'only what an old cache has can be kept');
    return this.#old;
  }

  #count(): { dirCount: number; fileCount: number; textSize: number } {
    const count = { dirCount: 0, fileCount: 0, textSize: 0 };
    for (const part of this.#parts) {
      if (part instanceof WalkedDir) {
        count.dirCount += 1;
        count.fileCount += part.names.length;
        count.textSize += part.textSize;
      } else {
        const { fileStart, textStart } = this.#oldCache();
        count.dirCount += part.to - part.from;
        count.fileCount += (fileStart[part.to] ?? 0) - (fileStart[part.from] ?? 0);
        count.textSize += (textStart[part.to] ?? 0) - (textStart[part.from] ?? 0);
      }
    }
    return count;
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** What the directories of a part have of something that begins at these numbers. */
function rangeIn(starts: Uint32Array, { from, to }: Range): Range {
  return { from: starts[from] ?? 0, to: starts[to] ?? 0 };
}

function wordsIn(stats: BigInt64Array, { from, to }: Range): BigInt64Array {
  return stats.subarray(from * STAT_CACHED, to * STAT_CACHED);
}

function bytesOf(words: BigInt64Array | Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Subtrees are contiguous: a directory ends where the first that does not lie below it begins. */
function treeEndsOf(paths: readonly ByteString[]): Uint32Array {
  const ends = new Uint32Array(paths.length);
  const open: { dir: number; prefix: string }[] = [];
  for (const [dir, path] of paths.entries()) {
    for (;;) {
      const top = open.at(-1);
      if (top === undefined || path.startsWith(top.prefix)) break;
      ends[top.dir] = dir;
      open.pop();
    }
    open.push({ dir, prefix: path === '' ? '' : `${path}/` });
  }
  for (const { dir } of open) ends[dir] = paths.length;
  return ends;
}

/** Gathers small pieces to larger ones, and knows the digest of them all. */
class PieceWriter {
  readonly #hash: HashStream;
  readonly #emit: (bytes: Uint8Array) => void;
  readonly #piece = new Uint8Array(PIECE_SIZE);
  #used = 0;

  constructor(hash: Hash, emit: (bytes: Uint8Array) => void) {
    this.#hash = hash.stream();
    this.#emit = emit;
  }

  put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(bytes.length - at, PIECE_SIZE - this.#used);
      this.#piece.set(bytes.subarray(at, at + size), this.#used);
      this.#used += size;
      at += size;
      if (this.#used === PIECE_SIZE) this.#flush();
    }
  }

  /** Puts the digest behind it all. */
  end(codec: Codec): void {
    if (this.#used > 0) this.#flush();
    this.#emit(codec.bytesOf(byteString(this.#hash.digest())));
  }

  #flush(): void {
    const bytes = this.#piece.subarray(0, this.#used);
    this.#hash.update(bytes);
    this.#emit(bytes);
    this.#used = 0;
  }
}
