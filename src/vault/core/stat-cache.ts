/**
 * What a tree looked like when it was captured: nine words for each directory and file, in shared
 * memory, so that all threads compare against one copy; those of files compressed. Lives in the state
 * directory; losing it costs one full read. Layout: docs/format/cache.md.
 */
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString, DIGEST_SIZE } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Hash } from '../../host/hash.ts';
import { STAT_CACHED } from '../../host/source.ts';
import { CacheBlocks } from './cache-blocks.ts';

const MAGIC = byteString('HFCACHE1');
const HEADER_SIZE = 40;
/** In the header: zeros in a file, and in memory the device number that is put for another. */
const MOVED_AT = 24;
const WORD = 8;
const RECORD = STAT_CACHED * WORD;
/** First directory and length of the frame of a block. */
const BLOCK_ROW = 8;
const COUNT_SIZE = 4;

/** The cache of one root. Directories are in path order; the root is directory 0, path ''. */
export interface StatCache {
  /** What it is a cache of, as the writer put it; compared as a whole. */
  readonly meta: ByteString;
  readonly dirCount: number;
  readonly fileCount: number;
  readonly dirStats: BigInt64Array;
  /** Directory d has files `fileStart[d]` up to `fileStart[d + 1]`. */
  readonly fileStart: Uint32Array;
  /** The directories below directory d are d + 1 up to `treeEnd[d]`. */
  readonly treeEnd: Uint32Array;
  /** Words of files, and the text of directories: path, then names, each ended by NUL. */
  readonly blocks: CacheBlocks;
}

export interface DirNames {
  readonly path: ByteString;
  /** Of everything in it that is no directory, sorted by bytes. */
  readonly names: readonly ByteString[];
}

export function namesOf(cache: StatCache, dir: number, codec: Codec): DirNames {
  const parts = codec.textOf(cache.blocks.partOf(dir).text).split('\0');
  const [path, ...names] = parts.slice(0, -1);
  assert(path !== undefined, 'every directory has a path');
  return { path: byteString(path), names: names.map(byteString) };
}

export function pathOf(cache: StatCache, dir: number, codec: Codec): ByteString {
  const { text } = cache.blocks.partOf(dir);
  return codec.textOf(text.subarray(0, text.indexOf(0)));
}

/** Stats of all files of a directory, a view: good until another directory is asked for. */
export function fileStatsOf(cache: StatCache, dir: number): BigInt64Array {
  return cache.blocks.partOf(dir).words;
}

/** Stats of file `at` of a directory, to keep. */
export function fileStatOf(cache: StatCache, dir: number, at: number): BigInt64Array {
  return fileStatsOf(cache, dir).slice(at * STAT_CACHED, (at + 1) * STAT_CACHED);
}

/** What stands before the blocks. */
export function encodeCacheHead(
  meta: ByteString,
  counts: { readonly dirCount: number; readonly fileCount: number },
  codec: Codec,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + meta.length);
  codec.writeText(MAGIC, bytes, 0);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, meta.length, true);
  view.setUint32(12, counts.dirCount, true);
  view.setUint32(16, counts.fileCount, true);
  codec.writeText(meta, bytes, HEADER_SIZE);
  return bytes;
}

/** Zeros that stand behind the blocks. @param length of all before */
export function cachePadding(length: number): Uint8Array {
  return new Uint8Array((WORD - (length % WORD)) % WORD);
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
  if (bytes.length < HEADER_SIZE + COUNT_SIZE + DIGEST_SIZE) return undefined;
  if (codec.textOf(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  const end = bytes.length - DIGEST_SIZE;
  const digest = tools.hash.sha256(bytes.subarray(0, end));
  if (codec.textOf(bytes.subarray(end)) !== byteString(digest)) return undefined;
  return isLaidOut(bytes) ? viewCache(bytes, codec) : undefined;
}

interface Layout {
  readonly metaSize: number;
  readonly dirCount: number;
  readonly fileCount: number;
  readonly blockCount: number;
  readonly frames: number;
  readonly dirStats: number;
  readonly fileStart: number;
  readonly treeEnd: number;
  readonly textStart: number;
  readonly rows: number;
}

/** What follows the blocks is found from the end. */
function layoutOf(bytes: Uint8Array): Layout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [metaSize, dirCount] = [view.getUint32(8, true), view.getUint32(12, true)];
  const count = bytes.length - DIGEST_SIZE - COUNT_SIZE;
  const blockCount = view.getUint32(count, true);
  const rows = count - blockCount * BLOCK_ROW;
  const textStart = rows - (dirCount + 1) * 4;
  const treeEnd = textStart - dirCount * 4;
  const fileStart = treeEnd - (dirCount + 1) * 4;
  const dirStats = fileStart - dirCount * RECORD;
  const fileCount = view.getUint32(16, true);
  const frames = HEADER_SIZE + metaSize;
  return {
    ...{ metaSize, dirCount, fileCount, blockCount, frames },
    ...{ dirStats, fileStart, treeEnd, textStart, rows },
  };
}

function isLaidOut(bytes: Uint8Array): boolean {
  const at = layoutOf(bytes);
  if (at.dirStats < at.frames || at.dirStats % WORD !== 0) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = at.frames;
  for (let block = 0; block < at.blockCount; block++)
    end += view.getUint32(at.rows + block * BLOCK_ROW + 4, true);
  return end + cachePadding(end).length === at.dirStats;
}

/** The same of bytes that `parseCache` has accepted, in this or another thread. */
export function viewCache(bytes: Uint8Array, codec: Codec): StatCache {
  const { buffer, byteOffset } = bytes;
  assert(byteOffset % WORD === 0, 'a cache is aligned');
  const at = layoutOf(bytes);
  const { dirCount, fileCount, blockCount } = at;
  const numbers = (from: number, count: number): Uint32Array =>
    new Uint32Array(buffer, byteOffset + from, count);
  const fileStart = numbers(at.fileStart, dirCount + 1);
  const textStart = numbers(at.textStart, dirCount + 1);
  const rows = numbers(at.rows, 2 * blockCount);
  const firstDir = new Uint32Array(blockCount + 1).fill(dirCount);
  const frameStart = new Float64Array(blockCount + 1).fill(at.frames);
  for (let block = 0; block < blockCount; block++) {
    firstDir[block] = rows[2 * block] ?? 0;
    frameStart[block + 1] = (frameStart[block] ?? 0) + (rows[2 * block + 1] ?? 0);
  }
  const moved = new BigInt64Array(buffer, byteOffset + MOVED_AT, 2);
  const tables = { firstDir, frameStart, fileStart, textStart };
  return {
    meta: codec.textOf(bytes.subarray(HEADER_SIZE, at.frames)),
    dirCount,
    fileCount,
    dirStats: new BigInt64Array(buffer, byteOffset + at.dirStats, dirCount * STAT_CACHED),
    fileStart,
    treeEnd: numbers(at.treeEnd, dirCount),
    blocks: new CacheBlocks(bytes, { tables, moved, codec }),
  };
}
