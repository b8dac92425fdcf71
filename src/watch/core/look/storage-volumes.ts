/** What keeps files for hosts or over several disks, as the looks saw it: each may fail as one. */
import { byteString } from '../../../base/bytes.ts';
import { trimSlashes } from '../../../base/trim-slashes.ts';
import type { FileSystem } from '../discovery.ts';
import type { VolumeRoot } from '../domain.ts';
import type { StorageVolume } from '../estate.ts';
import { isWithin } from '../place.ts';
import { type Across, brickPlace } from './across.ts';
import type { GlusterVolume, HostSight, Volume } from './host-sight.ts';
import type { SeenHost } from './looked-hosts.ts';

const WORDS: Readonly<Record<Volume['kind'], string>> = {
  ...{ md: 'md array', zfs: 'ZFS pool', btrfs: 'btrfs volume', lvm: 'LVM volume' },
};

export function storageVolumes(across: Across): readonly StorageVolume[] {
  const named = Map.groupBy(across.gluster, ({ name }) => name);
  const gluster = [...named].flatMap(([name, all]) => {
    const apart = togetherByRoot(all.map((volume) => rootsOf(across, volume)));
    return apart.map((roots): StorageVolume => {
      const [first] = roots.map(({ host }) => host).toSorted();
      // Of several that are called the same each is told by a host of its own: none hides another.
      const own = apart.length === 1 ? name : `${name} of ${first ?? ''}`;
      return { kind: 'volume', of: 'Gluster volume', name: own, roots };
    });
  });
  return [...gluster, ...across.seen.flatMap(volumesOf)];
}

function rootsOf(across: Across, { bricks }: GlusterVolume): readonly VolumeRoot[] {
  return bricks.map((brick) => {
    const { host, path } = brickPlace(across, brick);
    return { host, path: path ?? byteString(trimSlashes(brick.path)), spared: [] };
  });
}

/** One volume that was told of before and after a brick was added has a root in common with itself. */
function togetherByRoot(
  all: readonly (readonly VolumeRoot[])[],
): readonly (readonly VolumeRoot[])[] {
  const idOf = ({ host, path }: VolumeRoot): string => `${host}:${path}`;
  let groups: readonly (readonly VolumeRoot[])[] = [];
  for (const roots of all) {
    const ids = new Set(roots.map(idOf));
    const same = groups.filter((group) => group.some((root) => ids.has(idOf(root))));
    const whole = new Map([...same.flat(), ...roots].map((root) => [idOf(root), root]));
    groups = [...groups.filter((group) => !same.includes(group)), [...whole.values()]];
  }
  return groups;
}

/** Of one disk alone nothing else is said than that the disk may fail. */
function volumesOf({ host, sight }: SeenHost): readonly StorageVolume[] {
  const mounts = sight.discovery.fileSystems.filter((mount) => mount.class === 'local');
  return sight.volumes.flatMap((volume) => {
    if (volume.kind !== 'zfs' && volume.members.length < 2) return [];
    const on = mounts.filter((mount) => isOn(volume, mount, sight));
    if (on.length === 0) return [];
    const roots = on.map(({ mountPoint: path }): VolumeRoot => {
      const below = mounts.filter((each) => !on.includes(each) && isWithin(each.mountPoint, path));
      return { host, path, spared: below.map(({ mountPoint }) => mountPoint) };
    });
    return [{ kind: 'volume', of: WORDS[volume.kind], name: `${host}/${volume.name}`, roots }];
  });
}

function isOn({ kind, name }: Volume, mount: FileSystem, { discovery }: HostSight): boolean {
  switch (kind) {
    case 'zfs':
      return mount.type === 'zfs' && mount.device.split('/')[0] === name;
    case 'btrfs': {
      const device = discovery.fileSystems.find((each) => each.mountPoint === name)?.device;
      return mount.type === 'btrfs' && mount.device === device;
    }
    case 'md':
      return isNamed(mount, name);
    case 'lvm': {
      const mapped = name.replaceAll('-', '--').replace('/', '-');
      return isNamed(mount, mapped) || mount.device === `/dev/${name}`;
    }
  }
}

/** By the device that is mounted, or by what was seen to lie beneath it. */
function isNamed({ device, stack }: FileSystem, name: string): boolean {
  const words = (stack ?? '').split(/[ ,;()]+/);
  return device.split('/').at(-1) === name || words.includes(name);
}
