import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash } from '../../host/hash.ts';
import { STAT_CACHED } from '../../host/source.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { cacheSize, sealCache, startCache } from '../core/stat-cache.ts';

const FILES_FIRST = 8;

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
  #stats = new BigInt64Array(FILES_FIRST * STAT_CACHED);

  constructor(path: ByteString) {
    this.path = path;
  }

  /** @param stat `STAT_CACHED` words or more */
  addFile(name: ByteString, stat: BigInt64Array): void {
    const at = this.names.length * STAT_CACHED;
    if (at === this.#stats.length) {
      const larger = new BigInt64Array(at * 2);
      larger.set(this.#stats);
      this.#stats = larger;
    }
    this.#stats.set(stat.length === STAT_CACHED ? stat : stat.subarray(0, STAT_CACHED), at);
    this.names.push(name);
  }

  writeFiles(into: BigInt64Array): readonly ByteString[] {
    const { names } = this;
    if (names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name)) {
      into.set(this.#stats.subarray(0, names.length * STAT_CACHED));
      return names;
    }
    const order = names.map((_, at) => at);
    order.sort((a, b) => ((names[a] ?? '') < (names[b] ?? '') ? -1 : 1));
    order.forEach((from, to) => {
      const stat = this.#stats.subarray(from * STAT_CACHED, (from + 1) * STAT_CACHED);
      into.set(stat, to * STAT_CACHED);
    });
    return names.toSorted();
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

  /** The cache file. @param allocate gives memory aligned to 8 bytes */
  build(options: {
    readonly meta: ByteString;
    readonly allocate: (size: number) => Uint8Array;
    readonly tools: { readonly hash: Hash; readonly codec: Codec };
  }): Uint8Array {
    const { codec } = options.tools;
    const sizes = { metaSize: options.meta.length, ...this.#count() };
    const bytes = options.allocate(cacheSize(sizes));
    codec.writeText(options.meta, bytes, 40);
    const cache = startCache(bytes, sizes, codec);
    const at = { dir: 0, file: 0, text: 0 };
    for (const part of this.#parts) {
      if (part instanceof WalkedDir) putWalked(cache, { part, at, codec });
      else putKept(cache, { part, at, old: this.#oldCache() });
    }
    cache.fileStart[at.dir] = at.file;
    cache.textStart[at.dir] = at.text;
    fillTreeEnds(cache, codec);
    sealCache(bytes, options.tools);
    return bytes;
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
        count.textSize += part.path.length + 1;
        for (const name of part.names) count.textSize += name.length + 1;
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

interface Place {
  dir: number;
  file: number;
  text: number;
}

function putWalked(
  cache: StatCache,
  { part, at, codec }: { part: WalkedDir; at: Place; codec: Codec },
): void {
  cache.dirStats.set(part.stat, at.dir * STAT_CACHED);
  cache.fileStart[at.dir] = at.file;
  cache.textStart[at.dir] = at.text;
  const files = cache.fileStats.subarray(at.file * STAT_CACHED);
  const names = part.writeFiles(files);
  const text = byteString(`${part.path}\0${names.map((name) => `${name}\0`).join('')}`);
  at.text += codec.writeText(text, cache.text, at.text);
  at.file += names.length;
  at.dir += 1;
}

function putKept(
  cache: StatCache,
  { part, at, old }: { part: { from: number; to: number }; at: Place; old: StatCache },
): void {
  const { from, to } = part;
  const fileFrom = old.fileStart[from] ?? 0;
  const fileTo = old.fileStart[to] ?? 0;
  const textFrom = old.textStart[from] ?? 0;
  const textTo = old.textStart[to] ?? 0;
  const word = STAT_CACHED;
  cache.dirStats.set(old.dirStats.subarray(from * word, to * word), at.dir * word);
  cache.fileStats.set(old.fileStats.subarray(fileFrom * word, fileTo * word), at.file * word);
  cache.text.set(old.text.subarray(textFrom, textTo), at.text);
  for (let dir = from; dir < to; dir++) {
    cache.fileStart[at.dir + dir - from] = (old.fileStart[dir] ?? 0) - fileFrom + at.file;
    cache.textStart[at.dir + dir - from] = (old.textStart[dir] ?? 0) - textFrom + at.text;
  }
  at.dir += to - from;
  at.file += fileTo - fileFrom;
  at.text += textTo - textFrom;
}

/** Subtrees are contiguous: a directory ends where the first that does not lie below it begins. */
function fillTreeEnds(cache: StatCache, codec: Codec): void {
  const open: { dir: number; prefix: string }[] = [];
  for (let dir = 0; dir < cache.dirCount; dir++) {
    const start = cache.textStart[dir] ?? 0;
    const path = codec.textOf(cache.text.subarray(start, cache.text.indexOf(0, start)));
    for (;;) {
      const top = open.at(-1);
      if (top === undefined || path.startsWith(top.prefix)) break;
      cache.treeEnd[top.dir] = dir;
      open.pop();
    }
    open.push({ dir, prefix: path === '' ? '' : `${path}/` });
  }
  for (const { dir } of open) cache.treeEnd[dir] = cache.dirCount;
}
