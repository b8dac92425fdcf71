/** How much a first backup may add, counted only where it could be too much. */
import { guardedSource } from '../../adapters/node/guarded-source.ts';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import type { DurationMs } from '../../base/units.ts';
import type { Mount, Mounts } from '../../host/mounts.ts';
import { sizesBelow } from '../sizes-below.ts';
import type { DataSetJob } from './backup-request.ts';

/** What is in use there is no less than what its files take. Others compress. */
const HONEST_TYPES = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'tmpfs']);

/**
 * What a first backup may add, so far as it matters: a bound that took no time where that is small
 * enough, else what `bytesBelow` counts.
 */
export function firstBackupBytes(jobs: readonly DataSetJob[], enoughBytes: number): number {
  const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
  const boundBytes = bytesInUse(mounts, jobs);
  return boundBytes <= enoughBytes ? boundBytes : bytesBelow(jobs, enoughBytes);
}

/** What is in use on the file systems of these jobs, of each once: no tree below takes more. */
function bytesInUse(mounts: Mounts, jobs: readonly DataSetJob[]): number {
  const counted = new Set<Mount>();
  let sum = 0;
  for (const { from } of jobs) {
    if (from.kind !== 'paths') continue;
    for (const { path } of from.roots) {
      const place = mounts.realPath(path);
      const mount = mounts.holding(place);
      if (mount === undefined || !HONEST_TYPES.has(mount.fsType)) return Infinity;
      if (counted.has(mount)) continue;
      const usedBytes = mounts.usedBytes(place);
      if (usedBytes === undefined) continue; // The backup itself names what is not there.
      counted.add(mount);
      sum += usedBytes;
    }
  }
  return sum;
}

/**
 * Bytes on disk below the paths of these jobs, or the first sum above `enoughBytes`. Other file
 * systems are not entered, and a mount that stops answering is not waited for; so it is "at least".
 */
export function bytesBelow(
  jobs: readonly DataSetJob[],
  enoughBytes: number,
  answerMax: DurationMs = MOUNT_ANSWER_MAX,
): number {
  const mounts = nodeMounts({ answerMax });
  const guarded = guardedSource(nodeSource(), { answerMax });
  try {
    let sum = 0;
    for (const { from, excludeRules } of jobs) {
      if (from.kind !== 'paths') continue;
      for (const { path } of from.roots) {
        for (const bytes of sizesBelow({ mounts, guarded }, { root: path, excludeRules })) {
          sum += bytes;
          if (sum > enoughBytes) return sum;
        }
      }
    }
    return sum;
  } finally {
    guarded.end();
  }
}
