/** What is on this host that a probe may look at, found without a word of configuration. */
import fs from 'node:fs';
import path from 'node:path';
import { type FstabLine, fstabLines } from '../../watch/core/probes/mount-state.ts';
import { mdArraysIn } from '../../watch/core/probes/md-array.ts';
import { type MountLine, parseMountInfo } from '../discovery/mount-table.ts';
import { errnoOf } from '../node/errno.ts';
import { readHostMounts } from './host-mounts.ts';
import { kernelFileIfThere, namesIn } from './read-kernel-file.ts';

export interface HostFound {
  readonly mounts: readonly MountLine[];
  readonly fstab: readonly FstabLine[];
  readonly arrays: readonly string[];
  readonly pools: readonly string[];
  readonly hasLvm: boolean;
  /** `sda`, `nvme0n1`: not partitions, nor what is made of others. */
  readonly disks: readonly string[];
  readonly guests: readonly string[];
  readonly glusterVolumes: readonly string[];
  readonly pressures: readonly ('io' | 'memory')[];
  /** Programs that are in PATH. */
  readonly tools: ReadonlySet<string>;
  readonly isRoot: boolean;
}

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const TOOLS = ['smartctl', 'btrfs', 'zpool', 'lvs', 'gluster', 'virsh', 'chronyc', 'timedatectl'];
/** A folder with more than that is none of names of guests. */
const NAMES_MAX = 10_000;

/** Reads tables of the kernel and names of files: it wakes no mount, and asks no program. */
export function discoverHost(): HostFound {
  const table = readHostMounts();
  const mdstat = kernelFileIfThere('/proc/mdstat');
  const devices = namesIn('/sys/block').slice(0, 1000);
  return {
    mounts: 'text' in table ? parseMountInfo(table.text) : [],
    fstab: fstabLines(kernelFileIfThere('/etc/fstab') ?? ''),
    arrays: arraysIn(mdstat),
    pools: namesIn('/proc/spl/kstat/zfs').filter((name) => isFolder(`/proc/spl/kstat/zfs/${name}`)),
    hasLvm: devices.some((name) =>
      kernelFileIfThere(`/sys/block/${name}/dm/uuid`)?.startsWith('LVM-'),
    ),
    disks: devices.filter((name) =>
      /^(?:sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(name),
    ),
    guests: namesIn('/etc/libvirt/qemu/autostart')
      .filter((name) => name.endsWith('.xml'))
      .map((name) => name.slice(0, -4))
      .slice(0, NAMES_MAX),
    glusterVolumes: namesIn('/var/lib/glusterd/vols').slice(0, NAMES_MAX),
    pressures: (['io', 'memory'] as const).filter(
      (name) => kernelFileIfThere(`/proc/pressure/${name}`) !== undefined,
    ),
    tools: new Set(TOOLS.filter(isThere)),
    isRoot: process.getuid?.() === 0,
  };
}

/** timedatectl asks systemd, which not every machine runs that has it. */
function isThere(tool: string): boolean {
  if (tool === 'timedatectl' && !isFolder('/run/systemd/system')) return false;
  return FOLDERS.some((folder) => fs.existsSync(path.join(folder, tool)));
}

/** An array whose table is not understood is looked at all the same, and is then unreadable. */
function arraysIn(mdstat: string | undefined): readonly string[] {
  if (mdstat === undefined) return [];
  const arrays = mdArraysIn(mdstat);
  if (arrays !== undefined) return arrays.filter((one) => !one.isExternal).map(({ name }) => name);
  return [...mdstat.matchAll(/^(md\S*) :/gm)].map(([, name = '']) => name).slice(0, NAMES_MAX);
}

function isFolder(place: string): boolean {
  try {
    return fs.statSync(place).isDirectory();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
