import { type ByteString, byteString } from '../../base/bytes.ts';
import type { FileSystem } from '../../watch/core/discovery.ts';
import type { BackupTrace } from './backup-trace.ts';
import { joinPath, type World } from './world.ts';

/** Where tools keep the snapshots of a btrfs: snapper, btrbk, Timeshift, and people. */
const BTRFS_PLACES = [
  '.snapshots',
  '@snapshots',
  '.btrbk',
  'btrbk_snapshots',
  'timeshift-btrfs/snapshots',
];
const LVM_BACKUP = byteString('/etc/lvm/backup');
const BLOCK = byteString('/sys/block');
const TEXT_BYTES = 4096;

/**
 * Snapshots that file systems and volumes keep of themselves. They outlive a deletion and no disk.
 * Only names are read: to look into a snapshot of ZFS would mount it.
 */
export function seeSnapshots(
  world: World,
  fileSystems: readonly FileSystem[],
): { readonly traces: readonly BackupTrace[]; readonly count: number } {
  const traces = [
    ...fileSystems.flatMap((each) => {
      if (each.type === 'zfs') return zfsSnapshots(world, each);
      return each.type === 'btrfs' ? btrfsSnapshots(world, each) : [];
    }),
    ...copyOnWriteVolumes(world),
    ...thinSnapshots(world),
  ];
  return { traces, count: traces.length };
}

function zfsSnapshots(world: World, { mountPoint, device }: FileSystem): readonly BackupTrace[] {
  const folder = joinPath(joinPath(mountPoint, '.zfs'), 'snapshot');
  return (world.list(folder) ?? []).map(({ name }) => ({
    ...seen('zfs snapshots', Buffer.from(device, 'latin1').toString('utf8')),
    trace: joinPath(folder, name),
    lastWrittenMs: dateIn(name),
  }));
}

function btrfsSnapshots(world: World, { mountPoint }: FileSystem): readonly BackupTrace[] {
  return BTRFS_PLACES.flatMap((place) => {
    const folder = joinPath(mountPoint, place);
    return (world.list(folder) ?? []).flatMap(({ name, type }) => {
      if (type !== 'directory') return [];
      const info = world.read(byteString(`${folder}/${name}/info.xml`), TEXT_BYTES);
      const said = info === undefined ? undefined : /<date>([^<]+)</.exec(info)?.[1];
      const takenMs = dateIn(said ?? name);
      if (takenMs === undefined) return [];
      return {
        ...seen('btrfs snapshots', Buffer.from(mountPoint, 'latin1').toString('utf8')),
        trace: joinPath(folder, name),
        lastWrittenMs: takenMs,
      };
    });
  });
}

/** `vg-snap` lies on `vg-origin-real` and `vg-snap-cow`, which anybody may see. */
function copyOnWriteVolumes(world: World): readonly BackupTrace[] {
  const nameOf = (device: string): string =>
    world.read(byteString(`${BLOCK}/${device}/dm/name`), TEXT_BYTES)?.trim() ?? '';
  return (world.list(BLOCK) ?? []).flatMap(({ name: device }) => {
    const name = nameOf(device);
    if (name === '' || name.endsWith('-cow') || name.endsWith('-real')) return [];
    const beneath = (world.list(byteString(`${BLOCK}/${device}/slaves`)) ?? []).map(
      ({ name: at }) => nameOf(at),
    );
    const origin = beneath.find((each) => each.endsWith('-real'))?.replace(/-real$/, '');
    if (origin === undefined || !beneath.includes(`${name}-cow`)) return [];
    return { ...seen('lvm snapshots', volumeOf(origin)), trace: name, lastWrittenMs: undefined };
  });
}

/** `vg/volume` of a name of the mapper. */
export function volumeOf(mapperName: string): string {
  const at = mapperName.search(/(?<!-)-(?!-)/);
  const parts = [mapperName.slice(0, at), mapperName.slice(at + 1)];
  return parts.map((part) => part.replaceAll('--', '-')).join('/');
}

/** LVM writes what it is made of into a text, for root; thin snapshots show nowhere else. */
function thinSnapshots(world: World): readonly BackupTrace[] {
  return (world.list(LVM_BACKUP) ?? []).flatMap(({ name: group }) => {
    const text = world.read(joinPath(LVM_BACKUP, group)) ?? '';
    const found: BackupTrace[] = [];
    let volume = '';
    let createdMs: number | undefined;
    for (const line of text.split('\n')) {
      const opened = /^\t\t([\w.+-]+) \{$/.exec(line)?.[1];
      if (opened !== undefined) {
        volume = opened;
        createdMs = undefined;
      }
      const created = /^\t+creation_time = (\d+)/.exec(line)?.[1];
      if (created !== undefined) createdMs = Number(created) * 1000;
      const origin = /^\t+origin = "([^"]+)"/.exec(line)?.[1];
      if (origin === undefined) continue;
      found.push({
        ...seen('lvm snapshots', `${group}/${origin}`),
        trace: `${group}/${volume}`,
        lastWrittenMs: createdMs,
      });
    }
    return found;
  });
}

function seen(
  tool: BackupTrace['tool'],
  repository: string,
): Pick<BackupTrace, 'tool' | 'repository' | 'paths' | 'by' | 'lastRunMs'> {
  return { tool, repository, paths: undefined, by: 'files', lastRunMs: undefined };
}

/** The date in a name, as zfs-auto-snapshot, sanoid, btrbk, snapper and people write it; UTC. */
function dateIn(name: ByteString | string): number | undefined {
  const match = /(20\d\d)-?(\d\d)-?(\d\d)(?:[T_ -]?(\d\d)[:h-]?(\d\d))?/.exec(name);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, ...clock] = match.slice(1).map(Number);
  // Without a time of day the last two are not numbers.
  const [hour = 0, minute = 0] = clock.map((each) => each || 0);
  const ms = Date.UTC(year, month - 1, day, hour, minute);
  return Number.isNaN(ms) ? undefined : ms;
}
