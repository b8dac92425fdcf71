import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash, HashStream } from '../../host/hash.ts';
import { STAT_CACHED } from '../../host/source.ts';
import { BlockWriter } from '../core/cache-blocks.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { cachePadding, encodeCacheHead } from '../core/stat-cache.ts';
import { FileLog } from './file-log.ts';

/** Of what is written at once. */
const PIECE_SIZE = 1 << 20;

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
  /** What a rule left out here. */
  readonly excluded: Excluded[] = [];
  /** Zeros until it was looked at, which never match. */
  readonly stat = new BigInt64Array(STAT_CACHED);
  readonly #log: FileLog;
  /** Where its files are in the log: begin and end in turn. */
  readonly #ranges: number[] = [];
  #lastName = byteString('');
  #isSorted = true;
  fileCount = 0;

  constructor(path: ByteString, log: FileLog) {
    this.path = path;
    this.#log = log;
  }

  /** @param stat `STAT_CACHED` words */
  addFile(name: ByteString, stat: BigInt64Array): void {
    const at = this.#log.add(name, stat);
    if (this.#ranges.at(-1) === at) this.#ranges[this.#ranges.length - 1] = at + 1;
    else this.#ranges.push(at, at + 1);
    this.#isSorted &&= this.#lastName < name;
    this.#lastName = name;
    this.fileCount += 1;
  }

  sortedNames(): ByteString[] {
    const names = this.#log.names(this.#ranges);
    return this.#isSorted ? names : names.sort();
  }

  /** In the order of the sorted names; what is shown is good until `visit` returns. */
  visitWords(visit: (words: BigInt64Array) => void): void {
    if (this.#isSorted) {
      this.#log.visitWords(this.#ranges, visit);
      return;
    }
    const words = new BigInt64Array(this.fileCount * STAT_CACHED);
    let at = 0;
    this.#log.visitWords(this.#ranges, (part) => {
      words.set(part, at);
      at += part.length;
    });
    const names = this.#log.names(this.#ranges);
    const order = names.map((_, file) => file);
    order.sort((a, b) => ((names[a] ?? '') < (names[b] ?? '') ? -1 : 1));
    for (const file of order) visit(words.subarray(file * STAT_CACHED, (file + 1) * STAT_CACHED));
  }
}

type Part = WalkedDir | { readonly from: number; readonly to: number };

/** Builds the next cache from what was walked and, where nothing changed, from the last one. */
export class CacheBuilder {
  readonly #old: StatCache | undefined;
  /** In the order of directories. */
  readonly #oldExcluded: readonly ExcludedIn[];
  readonly #parts: Part[] = [];
  readonly #log: FileLog;

  constructor(
    codec: Codec,
    old?: { readonly cache: StatCache; readonly excluded: readonly ExcludedIn[] },
  ) {
    this.#log = new FileLog(codec);
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
    const dir = new WalkedDir(path, this.#log);
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
    const { codec } = tools;
    const counts = this.#count();
    const out = new PieceWriter(tools.hash, emit);
    out.put(encodeCacheHead(meta, counts, codec));
    const blocks = new BlockWriter(codec, (frame) => out.put(frame));
    const tables = new Tables(counts.dirCount);
    for (const part of this.#parts) {
      if (part instanceof WalkedDir) this.#putWalked(part, { blocks, tables, codec });
      else this.#putKept(part, { blocks, tables, codec });
    }
    const rows = blocks.end();
    out.put(cachePadding(out.length));
    for (const part of this.#parts) this.#putDirStats(part, out);
    for (const each of [...tables.ended(), rows, Uint32Array.of(rows.length / 2)])
      out.put(bytesOf(each));
    out.end(codec);
  }

  #putDirStats(part: Part, out: PieceWriter): void {
    if (part instanceof WalkedDir) out.put(bytesOf(part.stat));
    else out.put(bytesOf(wordsIn(this.#oldCache().dirStats, part)));
  }

  #putWalked(part: WalkedDir, { blocks, tables, codec }: Putting): void {
    const text = codec.bytesOf(byteString([part.path, ...part.sortedNames(), ''].join('\0')));
    blocks.addDir(part.fileCount, text);
    part.visitWords((words) => blocks.addWords(words));
    tables.add({ path: part.path, fileCount: part.fileCount, textSize: text.length });
  }

  #putKept(range: Range, { blocks, tables, codec }: Putting): void {
    const old = this.#oldCache();
    for (let dir = range.from; dir < range.to; dir++) {
      const { words, text } = old.blocks.partOf(dir);
      const fileCount = words.length / STAT_CACHED;
      blocks.addDir(fileCount, text);
      blocks.addWords(words);
      const path = codec.textOf(text.subarray(0, text.indexOf(0)));
      tables.add({ path, fileCount, textSize: text.length });
    }
  }

  #oldCache(): StatCache {
    assert(this.#old !== undefined, 'only what an old cache has can be kept');
    return this.#old;
  }

  #count(): { dirCount: number; fileCount: number } {
    const count = { dirCount: 0, fileCount: 0 };
    for (const part of this.#parts) {
      if (part instanceof WalkedDir) {
        count.dirCount += 1;
        count.fileCount += part.fileCount;
      } else {
        const { fileStart } = this.#oldCache();
        count.dirCount += part.to - part.from;
        count.fileCount += (fileStart[part.to] ?? 0) - (fileStart[part.from] ?? 0);
      }
    }
    return count;
  }
}

interface Putting {
  readonly blocks: BlockWriter;
  readonly tables: Tables;
  readonly codec: Codec;
}

/** Where the files, the subtree and the text of each directory begin or end. */
class Tables {
  readonly #fileStart: Uint32Array;
  readonly #textStart: Uint32Array;
  readonly #paths: ByteString[] = [];
  #file = 0;
  #text = 0;

  constructor(dirCount: number) {
    this.#fileStart = new Uint32Array(dirCount + 1);
    this.#textStart = new Uint32Array(dirCount + 1);
  }

  add(dir: {
    readonly path: ByteString;
    readonly fileCount: number;
    readonly textSize: number;
  }): void {
    this.#paths.push(dir.path);
    this.#file += dir.fileCount;
    this.#text += dir.textSize;
    this.#fileStart[this.#paths.length] = this.#file;
    this.#textStart[this.#paths.length] = this.#text;
  }

  ended(): readonly Uint32Array[] {
    return [this.#fileStart, treeEndsOf(this.#paths), this.#textStart];
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
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
  /** Of all that was put. */
  length = 0;

  constructor(hash: Hash, emit: (bytes: Uint8Array) => void) {
    this.#hash = hash.stream();
    this.#emit = emit;
  }

  put(bytes: Uint8Array): void {
    this.length += bytes.length;
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
