/** The probes of this host: those that need no configuration, and those of its agent.yaml. */
import { type MountHere, mountsToWatch } from '../../watch/core/probes/default-mounts.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { ProbesConfig } from '../../wire/agent/probe-config.ts';
import { classOf } from '../discovery/mount-table.ts';
import { btrfsProbe, lvmProbe, mdProbe, smartProbe, zpoolProbe } from './block-volumes.ts';
import { clockProbe } from './clock.ts';
import { configuredProbe } from './configured-probe.ts';
import { inodesProbe, spaceProbe } from './file-system-space.ts';
import { glusterProbe } from './gluster.ts';
import { guestProbe } from './guest.ts';
import { discoverHost, type HostFound } from './host-found.ts';
import { kernelLogProbe } from './kernel-log.ts';
import { btrfsBalanceProbe, mdWorkProbe, zfsWorkProbe } from './long-work.ts';
import { mountProbe } from './mount-state.ts';
import { EACH_MAX, leftOutProbe } from './left-out.ts';
import { latencyProbe, pressureProbe } from './pressure.ts';
import { stuckProbe, zombieProbe } from './stuck-processes.ts';

export interface ProbesConfigured {
  readonly probes: ProbesConfig;
  /** Items that are not wanted. */
  readonly without: readonly string[];
}

/**
 * All probes of this host, each item once. A configured one stands in place of the default of its item.
 * Called again later with a new discovery it gives new probes: keep those whose item you have.
 */
export function probesHere(
  config: ProbesConfigured = { probes: {}, without: [] },
  host: HostFound = discoverHost(),
): readonly Probe[] {
  const configured = Object.entries(config.probes).map(([name, probe]) =>
    configuredProbe(name, probe),
  );
  const unwanted = new Set(config.without);
  const byItem = new Map<string, Probe>();
  for (const probe of [...configured, ...defaultProbes(host)]) {
    if (probe === undefined || unwanted.has(probe.item) || byItem.has(probe.item)) continue;
    byItem.set(probe.item, probe);
  }
  return [...byItem.values()];
}

function defaultProbes(host: HostFound): readonly (Probe | undefined)[] {
  return [
    leftOutProbe({
      mounts: watchedMounts(host.mounts).length,
      guests: host.guests.length,
      'Gluster volumes': host.glusterVolumes.length,
    }),
    kernelLogProbe(),
    stuckProbe(),
    zombieProbe(),
    ...host.pressures.map((resource) => pressureProbe(resource)),
    ...host.disks.map((disk) => latencyProbe(disk)),
    ...clockProbes(host),
    ...mountProbes(host),
    ...volumeProbes(host),
    ...(host.tools.has('virsh')
      ? host.guests
          .slice(0, EACH_MAX)
          .map((guest) => guestProbe({ name: guest, guest, uri: 'qemu:///system' }))
      : []),
  ];
}

/** One of each device. */
function watchedMounts(mounts: HostFound['mounts']): readonly MountHere[] {
  return mountsToWatch(mounts.map((line) => ({ ...line, class: classOf(line.type, line.device) })));
}

function clockProbes({ tools }: HostFound): readonly Probe[] {
  if (tools.has('chronyc')) return [clockProbe('chronyc')];
  return tools.has('timedatectl') ? [clockProbe('timedatectl')] : [];
}

/**
 * Of what puts disks together. SMART, LVM and Gluster answer root only: where the agent is not root
 * they would be unknown for ever, and are left to whoever names them.
 */
function volumeProbes(host: HostFound): readonly Probe[] {
  const { arrays, pools, disks, tools, isRoot, hasLvm, glusterVolumes, mounts } = host;
  const asRoot = (tool: string): boolean => isRoot && tools.has(tool);
  const btrfs = watchedMounts(mounts.filter(({ type }) => type === 'btrfs'))
    .slice(0, EACH_MAX)
    .map(({ mountPoint }) => mountPoint);
  return [
    ...arrays.flatMap((array) => [mdProbe(array), mdWorkProbe(array)]),
    ...(tools.has('zpool') ? pools.flatMap((pool) => [zpoolProbe(pool), zfsWorkProbe(pool)]) : []),
    ...(asRoot('btrfs')
      ? btrfs.flatMap((place) => [btrfsProbe(place), btrfsBalanceProbe(place)])
      : []),
    ...(asRoot('smartctl') ? disks.filter(hasSmart).map((disk) => smartProbe(disk)) : []),
    ...(asRoot('lvs') && hasLvm ? [lvmProbe()] : []),
    ...(asRoot('gluster')
      ? glusterVolumes.slice(0, EACH_MAX).map((volume) => glusterProbe(volume))
      : []),
  ];
}

/** Disks of a hypervisor have none. */
const hasSmart = (disk: string): boolean => /^(?:sd|nvme)/.test(disk);

function mountProbes({ mounts, fstab }: HostFound): readonly Probe[] {
  const watched = watchedMounts(mounts).slice(0, EACH_MAX);
  const isWritable = (place: string): boolean | undefined => {
    const line = fstab.find(({ mountPoint }) => mountPoint === place);
    return line === undefined ? undefined : !line.isReadOnly;
  };
  const places = new Set(watched.map((mount): string => mount.mountPoint));
  // What should be mounted and is not is looked at as well: that is the point.
  const wanted = fstab.filter(({ isAutomatic }) => isAutomatic);
  const states = new Set([...places, ...wanted.map(({ mountPoint }) => mountPoint)]);
  return [
    ...[...states].map((mountPoint) =>
      mountProbe({ mountPoint, isWritable: isWritable(mountPoint) }),
    ),
    ...[...places].flatMap((mountPoint) => [
      spaceProbe({ mountPoint, isOfTable: true }),
      inodesProbe({ mountPoint, isOfTable: true }),
    ]),
  ];
}
