/** The mount table of Linux, as `/proc/self/mountinfo` gives it. */
import path from 'node:path';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Mount } from '../../host/mounts.ts';

/** fuseblk serves local disks (ntfs-3g), but through a process that can hang as any other. */
const REMOTE = new RegExp(
  `^(?:${[
    ...[
      'nfs',
      'nfs4',
      'cifs',
      'smb3?',
      'smbfs',
      'ceph',
      'glusterfs',
      'afs',
      '9p',
      'ncpfs',
      'lustre',
    ],
    ...['beegfs', 'gpfs', 'orangefs', 'pvfs2', 'coda', 'vboxsf'],
    ...['fuse(?:\\..*)?', 'fuseblk'],
  ].join('|')})$`,
);
const PSEUDO = new Set(
  `proc sysfs devtmpfs devpts cgroup cgroup2 debugfs tracefs securityfs pstore bpf mqueue hugetlbfs
  configfs fusectl autofs binfmt_misc rpc_pipefs nfsd efivarfs nsfs selinuxfs smackfs`.split(/\s+/),
);

interface Row {
  readonly id: string;
  readonly parent: string;
  readonly path: ByteString;
  readonly mount: Mount;
}

/** By path; what is covered by another mount is not there. */
export function mountTable(mountinfo: string): ReadonlyMap<ByteString, Mount> {
  const rows = mountinfo.split('\n').flatMap(rowOf);
  const ids = new Set(rows.map(({ id }) => id));
  const children = Map.groupBy(rows, ({ parent }) => parent);
  const table = new Map<ByteString, Mount>();
  // The mount at `/` has a parent that is not shown, or itself.
  const tops = rows.filter(({ id, parent }) => !ids.has(parent) || parent === id);
  const waiting = uncovered(tops);
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    const { id, path, mount } = row;
    const on = (children.get(id) ?? []).filter((child) => child.id !== id);
    const cover = on.findLast((child) => child.path === path);
    if (cover !== undefined) {
      // A mount on the root of this one: nobody sees this one, nor what else is on it.
      waiting.push(cover);
      continue;
    }
    table.set(path, mount);
    waiting.push(...uncovered(on));
  }
  return table;
}

/** Of mounts on one mount, those whose path leads through none of the others. */
function uncovered(rows: readonly Row[]): Row[] {
  return rows.filter(
    (row, at) =>
      !rows.some(
        (other) =>
          row.path.startsWith(other.path === '/' ? '/' : `${other.path}/`) &&
          other.path !== row.path,
      ) && !rows.some((other, later) => later > at && other.path === row.path),
  );
}

function rowOf(line: string): Row[] {
  const [before, after] = line.split(' - ');
  const [id, parent, , , place] = before?.split(' ') ?? [];
  const fsType = after?.split(' ')[0];
  if (id === undefined || parent === undefined) return [];
  if (place === undefined || fsType === undefined) return [];
  const path = byteString(
    place.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
  );
  const mount = { fsType, isRemote: REMOTE.test(fsType), isPseudo: PSEUDO.has(fsType) };
  return [{ id, parent, path, mount }];
}

/** Where what holds `place` is mounted. */
export function mountPointOf(table: ReadonlyMap<ByteString, Mount>, place: ByteString): ByteString {
  let point = place;
  while (point !== '/' && !table.has(point)) point = byteString(path.posix.dirname(point));
  return point;
}
