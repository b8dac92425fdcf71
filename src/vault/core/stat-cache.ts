/**
 * What a tree looked like when it was captured: nine words for each directory and file, in shared
 * memory, so that all threads compare against one copy. Lives in the state directory; losing it
 * costs one full read. Layout: docs/format/cache.md.
 */
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString, DIGEST_SIZE } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash } from '../../host/hash.ts';
import { STAT_CACHED } from '../../host/source.ts';

const MAGIC = byteString('HFCACHE0');
const HEADER_SIZE = 40;
const WORD = 8;
const RECORD = STAT_CACHED * WORD;

/** The cache of one root. Directories are in path order; the root is directory 0, path ''. */
export interface StatCache {
  /** What it is a cache of, as the writer put it; compared as a whole. */
  readonly meta: ByteString;
  readonly dirCount: number;
  readonly fileCount: number;
  readonly dirStats: BigInt64Array;
  readonly fileStats: BigInt64Array;
  /** Directory d has files `fileStart[d]` up to `fileStart[d + 1]`. */
  readonly fileStart: Uint32Array;
  /** The directories below directory d are d + 1 up to `treeEnd[d]`. */
  readonly treeEnd: Uint32Array;
  /** The text of directory d (path, then names, each ended by NUL) starts at `textStart[d]`. */
  readonly textStart: Uint32Array;
  readonly text: Uint8Array;
}

export interface DirNames {
  readonly path: ByteString;
  /** Of everything in it that is no directory, sorted by bytes. */
  readonly names: readonly ByteString[];
}

export function namesOf(cache: StatCache, dir: number, codec: Codec): DirNames {
  const parts = codec
    .textOf(cache.text.subarray(cache.textStart[dir], cache.textStart[dir + 1]))
    .split('\0');
  const [path, ...names] = parts.slice(0, -1);
  assert(path !== undefined, 'every directory has a path');
  return { path: byteString(path), names: names.map(byteString) };
}

export function pathOf(cache: StatCache, dir: number, codec: Codec): ByteString {
  const start = cache.textStart[dir] ?? 0;
  const end = cache.text.indexOf(0, start);
  return codec.textOf(cache.text.subarray(start, end));
}

/** Stats of one file, a view. */
export function fileStatOf(cache: StatCache, file: number): BigInt64Array {
  return cache.fileStats.subarray(file * STAT_CACHED, (file + 1) * STAT_CACHED);
}

interface CacheSizes {
  readonly metaSize: number;
  readonly dirCount: number;
  readonly fileCount: number;
  readonly textSize: number;
}

/** Bytes of a cache file, its digest included. */
function cacheSize(sizes: CacheSizes): number {
  return layoutOf(sizes).end + DIGEST_SIZE;
}

/** What stands before the words of the directories. */
export function encodeCacheHead(
  meta: ByteString,
  sizes: Omit<CacheSizes, 'metaSize'>,
  codec: Codec,
): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((HEADER_SIZE + meta.length) / WORD) * WORD);
  codec.writeText(MAGIC, bytes, 0);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, meta.length, true);
  view.setUint32(12, sizes.dirCount, true);
  view.setUint32(16, sizes.fileCount, true);
  view.setUint32(20, sizes.textSize, true);
  codec.writeText(meta, bytes, HEADER_SIZE);
  return bytes;
}

/**
 * @param bytes the file, at an offset of its buffer that is a multiple of 8
 * @returns undefined where anything does not fit: a cache is only ever worth what it proves
 */
export function parseCache(
  bytes: Uint8Array,
  tools: { readonly hash: Hash; readonly codec: Codec },
): StatCache | undefined {
  const { codec } = tools;
  if (bytes.length < HEADER_SIZE + DIGEST_SIZE) return undefined;
  if (codec.textOf(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  if (cacheSize(sizesOf(bytes)) !== bytes.length) return undefined;
  const end = bytes.length - DIGEST_SIZE;
  const digest = tools.hash.sha256(bytes.subarray(0, end));
  if (codec.textOf(bytes.subarray(end)) !== byteString(digest)) return undefined;
  return viewCache(bytes, codec);
}

/** The same of bytes that `parseCache` has accepted, in this or another thread. */
export function viewCache(bytes: Uint8Array, codec: Codec): StatCache {
  return viewOf(bytes, sizesOf(bytes), codec);
}

function sizesOf(bytes: Uint8Array): CacheSizes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  return {
    metaSize: view.getUint32(8, true),
    dirCount: view.getUint32(12, true),
    fileCount: view.getUint32(16, true),
    textSize: view.getUint32(20, true),
  };
}

interface Layout {
  readonly meta: number;
  readonly dirStats: number;
  readonly fileStats: number;
  readonly fileStart: number;
  readonly treeEnd: number;
  readonly textStart: number;
  readonly text: number;
  readonly end: number;
}

function layoutOf(sizes: CacheSizes): Layout {
  const meta = HEADER_SIZE;
  const dirStats = Math.ceil((meta + sizes.metaSize) / WORD) * WORD;
  const fileStats = dirStats + sizes.dirCount * RECORD;
  const fileStart = fileStats + sizes.fileCount * RECORD;
  const treeEnd = fileStart + (sizes.dirCount + 1) * 4;
  const textStart = treeEnd + sizes.dirCount * 4;
  const text = textStart + (sizes.dirCount + 1) * 4;
  return {
    meta,
    dirStats,
    fileStats,
    fileStart,
    treeEnd,
    textStart,
    text,
    end: text + sizes.textSize,
  };
}

function viewOf(bytes: Uint8Array, sizes: CacheSizes, codec: Codec): StatCache {
  const { buffer, byteOffset } = bytes;
  assert(byteOffset % WORD === 0, 'a cache is aligned');
  const at = layoutOf(sizes);
  const { dirCount, fileCount } = sizes;
  return {
    meta: codec.textOf(bytes.subarray(at.meta, at.meta + sizes.metaSize)),
    dirCount,
    fileCount,
    dirStats: new BigInt64Array(buffer, byteOffset + at.dirStats, dirCount * STAT_CACHED),
    fileStats: new BigInt64Array(buffer, byteOffset + at.fileStats, fileCount * STAT_CACHED),
    fileStart: new Uint32Array(buffer, byteOffset + at.fileStart, dirCount + 1),
    treeEnd: new Uint32Array(buffer, byteOffset + at.treeEnd, dirCount),
    textStart: new Uint32Array(buffer, byteOffset + at.textStart, dirCount + 1),
    text: bytes.subarray(at.text, at.end),
  };
}
