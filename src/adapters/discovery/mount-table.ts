import { type ByteString, byteString } from '../../base/bytes.ts';
import { type DurationMs, seconds } from '../../base/units.ts';
import type { FileSystemClass } from '../../watch/core/discovery.ts';

export interface MountLine {
  readonly mountPoint: ByteString;
  readonly device: ByteString;
  readonly type: string;
  readonly options: readonly string[];
  /** `major:minor`, where the table gives it. */
  readonly number: string | undefined;
  /** Which directory of the file system is seen there, where the table gives it: `/` is all of it. */
  readonly root?: ByteString;
}

/** Lines of `/proc/self/mountinfo`: it names the device number, which `/dev/root` does not hide. */
export function parseMountInfo(text: string): readonly MountLine[] {
  return text.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const fields = left?.split(' ') ?? [];
    const [type, device, superOptions] = right?.split(' ') ?? [];
    const [, , number, root, mountPoint, options] = fields;
    if (mountPoint === undefined || type === undefined || device === undefined) return [];
    return {
      mountPoint: unescapeOctal(mountPoint),
      device: unescapeOctal(device),
      type,
      options: [...(options ?? '').split(','), ...(superOptions ?? '').split(',')],
      number,
      ...(root === undefined ? {} : { root: unescapeOctal(root) }),
    };
  });
}

/** Lines of `/proc/mounts`. */
export function parseMounts(text: string): readonly MountLine[] {
  return text.split('\n').flatMap((line) => {
    const [device, mountPoint, type, options] = line.split(' ');
    if (device === undefined || mountPoint === undefined || type === undefined) return [];
    return {
      mountPoint: unescapeOctal(mountPoint),
      device: unescapeOctal(device),
      type,
      options: (options ?? '').split(','),
      number: undefined,
    };
  });
}

/** The kernel writes space, tab, newline and backslash as `\040` and the like. */
export function unescapeOctal(text: string): ByteString {
  return byteString(
    text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
    ),
  );
}

const NETWORK =
  /^(?:nfs4?|cifs|smb3|smbfs|ncpfs|afs|ceph|glusterfs|9p|lustre|beegfs|ocfs2|gfs2|gpfs|pvfs2|orangefs|davfs|sshfs|virtiofs|coda)$/;
const LOCAL =
  /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|nilfs2|bcachefs|ntfs3?|vfat|exfat|msdos|hfsplus|hfs|ufs|udf|ubifs|minix|apfs)$/;
const MEMORY = /^(?:tmpfs|ramfs|hugetlbfs|devtmpfs)$/;
const IMAGE = /^(?:squashfs|iso9660|erofs|cramfs|romfs)$/;

/** What is not known by name is treated as what may hang. */
export function classOf(type: string, device: string): FileSystemClass {
  if (type === 'fuseblk') return 'local';
  if (type.startsWith('fuse') || type === 'autofs') return 'fuse';
  if (NETWORK.test(type)) return 'network';
  if (LOCAL.test(type)) return 'local';
  if (type === 'overlay' || type === 'aufs') return 'overlay';
  if (MEMORY.test(type)) return 'memory';
  if (IMAGE.test(type)) return 'image';
  return device.startsWith('/dev/') ? 'local' : 'kernel';
}

/** Those that decide when a write is on disk. */
export function writeOptions(options: readonly string[]): readonly string[] {
  const isOne = /^(?:sync|commit=\d{1,9}|(?:no)?barrier(?:=\d)?|data=\w{1,20}|nodelalloc)$/;
  return [...new Set(options.filter((each) => isOne.test(each)))];
}

/** How long a write may be in memory only: `commit=` where it is set, else the kernel's default. */
export function unflushedMax(type: string, options: readonly string[]): DurationMs {
  for (const option of options) {
    const match = /^commit=(\d{1,9})$/.exec(option);
    // commit=0 means the default.
    if (match !== null && match[1] !== '0') return seconds(Number(match[1]));
  }
  if (options.includes('sync')) return seconds(0);
  return type === 'ext4' || type === 'ext3' ? seconds(5) : seconds(30);
}
