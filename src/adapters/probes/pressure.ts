import { found } from '../../watch/core/probes/found.ts';
import {
  type DiskCounts,
  diskCountsIn,
  judgeLatency,
  judgePressure,
  type Resource,
} from '../../watch/core/probes/pressure.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';
import { readKernelFile } from './read-kernel-file.ts';

const EVERY_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** @param folder for tests: another than /proc/pressure */
export function pressureProbe(resource: Resource, folder = '/proc/pressure'): Probe {
  return boundedProbe({
    kind: 'pressure',
    name: resource,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    look: () => {
      const read = readKernelFile(`${folder}/${resource}`);
      return Promise.resolve('text' in read ? judgePressure(read.text, resource) : read.finding);
    },
  });
}

/** @param diskstats for tests: another than /proc/diskstats */
export function latencyProbe(
  disk: string,
  diskstats = '/proc/diskstats',
  time: ProbeTime = probeTime,
): Probe {
  let before: { readonly counts: DiskCounts; readonly atMs: number } | undefined;
  return boundedProbe({
    kind: 'latency',
    name: disk,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    look: () => {
      const read = readKernelFile(diskstats);
      if ('finding' in read) return Promise.resolve(read.finding);
      if (!/^\s*\d+\s+\d+ \S+ \d+ /m.test(read.text)) {
        return Promise.resolve(found('unreadable', `${diskstats} is not as it should be`));
      }
      const counts = diskCountsIn(read.text, disk);
      if (counts === undefined) return Promise.resolve(found('broken', 'the disk is gone'));
      const nowMs = time.steadyMs();
      const earlier = before && { counts: before.counts, agoMs: nowMs - before.atMs };
      before = { counts, atMs: nowMs };
      return Promise.resolve(judgeLatency(counts, earlier));
    },
  });
}
