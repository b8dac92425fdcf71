import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Source } from '../../host/source.ts';
import { STAT_CACHED, STAT_CTIME } from '../../host/source.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { fileStatOf, namesOf, pathOf } from '../core/stat-cache.ts';

/** What the last run saw in one directory, and which of its files are still that. */
export interface OldFiles {
  /** All that is no directory, sorted. */
  readonly names: readonly ByteString[];
  /** Directories in it, with their number in the cache. */
  readonly dirs: ReadonlyMap<ByteString, number>;
  /** Whether it was there, as whatever it was. */
  has(name: ByteString): boolean;
  /** The words of a file that is as it was; undefined where it differs or was not there. */
  unchanged(name: ByteString): BigInt64Array | undefined;
}

/** @param where `dir` is the number in the cache of the directory at `path` below `root` */
export function oldFiles(
  ports: { readonly source: Source; readonly codec: Codec; readonly root: ByteString },
  where: { readonly cache: StatCache; readonly dir: number; readonly path: ByteString },
): OldFiles {
  const { cache, dir } = where;
  const { names } = namesOf(cache, dir, ports.codec);
  const now = new BigInt64Array(names.length * STAT_CACHED);
  const place = where.path === '' ? ports.root : byteString(`${ports.root}/${where.path}`);
  ports.source.statMany(place, names, now);
  const indexOf = new Map(names.map((name, at) => [name, at]));
  const dirs = childDirs(cache, dir, ports.codec);
  return {
    names,
    dirs,
    has: (name) => indexOf.has(name) || dirs.has(name),
    unchanged: (name) => {
      const at = indexOf.get(name);
      if (at === undefined) return undefined;
      const old = fileStatOf(cache, dir, at);
      const seen = now.subarray(at * STAT_CACHED, (at + 1) * STAT_CACHED);
      return isSame(old, seen) ? old : undefined;
    },
  };
}

/** A zero ctime is never the same: the file was too young, or could not be read. */
function isSame(old: BigInt64Array, seen: BigInt64Array): boolean {
  return old[STAT_CTIME] !== 0n && old.every((word, at) => word === seen[at]);
}

function childDirs(cache: StatCache, dir: number, codec: Codec): Map<ByteString, number> {
  const children = new Map<ByteString, number>();
  const end = cache.treeEnd[dir] ?? dir + 1;
  const prefix = pathOf(cache, dir, codec);
  const skip = prefix === '' ? 0 : prefix.length + 1;
  for (let child = dir + 1; child < end; child = cache.treeEnd[child] ?? end) {
    children.set(byteString(pathOf(cache, child, codec).slice(skip)), child);
  }
  return children;
}
