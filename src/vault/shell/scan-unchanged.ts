import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { Source } from '../../host/source.ts';
import { STAT_CACHED, STAT_CTIME } from '../../host/source.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { fileStatsOf, namesOf } from '../core/stat-cache.ts';

const ITSELF = [byteString('')];

export interface ScanRange {
  /** Absolute path of the cached root. */
  readonly root: ByteString;
  /** Directories `from` up to `to` of the cache. */
  readonly from: number;
  readonly to: number;
  /** Paths below the root where a mount is that may not answer: not looked at, walked instead. */
  readonly mayHang?: readonly ByteString[];
}

/**
 * The directories of a range that must be walked again: their own words differ, or those of a file
 * in them. One whose own words are the same is not listed: its names cannot have changed.
 */
export function scanUnchanged(
  ports: { readonly source: Source; readonly codec: Codec },
  cache: StatCache,
  range: ScanRange,
): number[] {
  const changed: number[] = [];
  const own = new BigInt64Array(STAT_CACHED);
  let seen = new BigInt64Array(256 * STAT_CACHED);
  for (let dir = range.from; dir < range.to; dir++) {
    const old = cache.dirStats.subarray(dir * STAT_CACHED, (dir + 1) * STAT_CACHED);
    if (old[STAT_CTIME] === 0n) {
      changed.push(dir); // Not looked at: it may lie on something that does not answer.
      continue;
    }
    const { path, names } = namesOf(cache, dir, ports.codec);
    if (range.mayHang?.some((mount) => isWithin(mount, path)) === true) {
      changed.push(dir);
      continue;
    }
    const place = path === '' ? range.root : byteString(`${range.root}/${path}`);
    ports.source.statMany(place, ITSELF, own);
    if (!isEqual(old, own)) {
      changed.push(dir);
      continue;
    }
    const size = names.length * STAT_CACHED;
    if (size > seen.length) seen = new BigInt64Array(size * 2);
    const now = seen.subarray(0, size);
    ports.source.statMany(place, names, now);
    if (!isEqual(fileStatsOf(cache, dir), now)) changed.push(dir);
  }
  return changed;
}

/** Zeros stand for what could not be had, so two of them prove nothing; cached ones never match. */
function isEqual(old: BigInt64Array, now: BigInt64Array): boolean {
  const a = Buffer.from(old.buffer, old.byteOffset, old.byteLength);
  const b = Buffer.from(now.buffer, now.byteOffset, now.byteLength);
  if (!a.equals(b)) return false;
  for (let at = STAT_CTIME; at < now.length; at += STAT_CACHED) if (now[at] === 0n) return false;
  return true;
}

/** Ranges of about equal work, several for each worker, so that none waits long for another. */
export function scanRanges(cache: StatCache, count: number): { from: number; to: number }[] {
  const share = Math.max(1, Math.ceil((cache.fileCount + cache.dirCount) / count));
  const ranges: { from: number; to: number }[] = [];
  let from = 0;
  for (let dir = 1; dir <= cache.dirCount; dir++) {
    const files = (cache.fileStart[dir] ?? 0) - (cache.fileStart[from] ?? 0);
    if (files + dir - from < share && dir < cache.dirCount) continue;
    ranges.push({ from, to: dir });
    from = dir;
  }
  return ranges;
}
