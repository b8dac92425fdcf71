import type { ByteString } from '../../base/bytes.ts';
import type { BackupTool, FileSystem } from '../../watch/core/discovery.ts';
import { isWithin } from '../../watch/core/place.ts';

type SnapshotTool = Extract<BackupTool, `${string} snapshots`>;

export function isSnapshots(tool: BackupTool): tool is SnapshotTool {
  return tool.endsWith(' snapshots');
}

/**
 * Where the file systems are mounted that such snapshots hold: they lie on the same disks.
 *
 * @param of `repository` is a data set of ZFS, a subvolume's path, or group and volume of LVM
 */
export function mountsHeld(
  fileSystems: readonly FileSystem[],
  of: { readonly tool: SnapshotTool; readonly repository: string | undefined },
): readonly ByteString[] {
  return fileSystems.filter((each) => isHeld(each, of)).map(({ mountPoint }) => mountPoint);
}

function isHeld(
  { type, device, mountPoint }: FileSystem,
  { tool, repository }: { readonly tool: SnapshotTool; readonly repository: string | undefined },
): boolean {
  if (tool === 'lvm snapshots') {
    return repository === undefined
      ? device.startsWith('/dev/mapper/')
      : device === `/dev/${repository}` || device === mapperName(repository);
  }
  const isOwnType = type === (tool === 'zfs snapshots' ? 'zfs' : 'btrfs');
  if (repository === undefined || !isOwnType) return isOwnType;
  if (tool === 'zfs snapshots') return isWithin(device, repository);
  return isWithin(mountPoint, repository) || isWithin(repository, mountPoint);
}

/** The device mapper doubles dashes, since one stands between group and volume. */
function mapperName(repository: string): string {
  const [group = '', volume = ''] = repository.split('/').map((part) => part.replaceAll('-', '--'));
  return `/dev/mapper/${group}-${volume}`;
}
