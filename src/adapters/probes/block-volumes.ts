/** Probes of what puts disks together: md, LVM, ZFS, btrfs, and of the disks by SMART. */
import { btrfsErrorsIn, btrfsErrorSum, judgeBtrfs } from '../../watch/core/probes/btrfs-stats.ts';
import { judgeLvm, LVS_FIELDS } from '../../watch/core/probes/lvm.ts';
import { judgeMd } from '../../watch/core/probes/md-array.ts';
import { judgeSmart } from '../../watch/core/probes/smart.ts';
import { judgeZpool } from '../../watch/core/probes/zpool.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { readKernelFile } from './read-kernel-file.ts';
import { type ToolOptions, toolProbe } from './tool-probe.ts';

const MINUTE = 60_000;
const TIMEOUT_MS = 20_000;

/** @param mdstat for tests: another than /proc/mdstat */
export function mdProbe(array: string, mdstat = '/proc/mdstat'): Probe {
  return boundedProbe({
    kind: 'md',
    name: array,
    everyMs: 30_000,
    timeoutMs: TIMEOUT_MS,
    look: () => {
      const read = readKernelFile(mdstat);
      return Promise.resolve('text' in read ? judgeMd(read.text, array) : read.finding);
    },
  });
}

/** One disk by SMART; it is not woken for that. @param disk `sda` */
export function smartProbe(disk: string, options: ToolOptions = {}): Probe {
  const { program = 'smartctl', timeoutMs = 2 * TIMEOUT_MS } = options;
  const what = ['--info', '--health', '--attributes', '--nocheck=standby'];
  return toolProbe({
    kind: 'smart',
    name: disk,
    everyMs: 30 * MINUTE,
    timeoutMs,
    program,
    args: ['--json=c', ...what, `/dev/${disk}`],
    // Its status is bits, and each of them stands in what it prints as well.
    statuses: Array.from({ length: 256 }, (_, status) => status).filter((one) => one < 126),
    judge: judgeSmart,
  });
}

export function lvmProbe(options: ToolOptions = {}): Probe {
  const { program = 'lvs', timeoutMs = TIMEOUT_MS } = options;
  const format = ['--noheadings', '--separator=|', `--options=${LVS_FIELDS.join(',')}`];
  return toolProbe({
    kind: 'lvm',
    name: 'volumes',
    everyMs: 5 * MINUTE,
    timeoutMs,
    program,
    // Not --readonly: then it asks the kernel nothing, and a full pool looks empty.
    args: format,
    judge: judgeLvm,
  });
}

export function zpoolProbe(pool: string, options: ToolOptions = {}): Probe {
  const { program = 'zpool', timeoutMs = TIMEOUT_MS } = options;
  return toolProbe({
    kind: 'zfs',
    name: pool,
    everyMs: MINUTE,
    timeoutMs,
    program,
    args: ['status', pool],
    judge: (text) => judgeZpool(text, pool),
  });
}

export function btrfsProbe(mountPoint: string, options: ToolOptions = {}): Probe {
  const { program = 'btrfs', timeoutMs = TIMEOUT_MS } = options;
  let before: number | undefined;
  return toolProbe({
    kind: 'btrfs',
    name: mountPoint,
    everyMs: 5 * MINUTE,
    timeoutMs,
    program,
    args: ['device', 'stats', mountPoint],
    judge: (text) => {
      const finding = judgeBtrfs(text, before);
      const counts = btrfsErrorsIn(text);
      if (counts !== undefined) before = btrfsErrorSum(counts);
      return finding;
    },
  });
}
