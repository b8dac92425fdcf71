import { STAT_CACHED, STAT_DEV } from '../../host/source.ts';
import type { StatCache } from '../core/stat-cache.ts';

/**
 * Rewrites a cache to the device number under which the same file system is seen now: each snapshot
 * of it has a number of its own, and all else that identifies a file is as it was.
 */
export function moveCache(cache: StatCache, from: bigint, to: bigint): void {
  const { dirStats, blocks } = cache;
  for (let at = STAT_DEV; at < dirStats.length; at += STAT_CACHED) {
    if (dirStats[at] === from) dirStats[at] = to;
  }
  blocks.moveDevice(from, to);
}
