/** The mount table of this machine, read once; questions to mounts go through a child process. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { DurationMs } from '../../base/units.ts';
import type { Mount, Mounts } from '../../host/mounts.ts';
import { fsPath } from './syscalls-path.ts';

const REMOTE =
  /^(?:nfs|nfs4|cifs|smb3?|smbfs|ceph|glusterfs|afs|9p|ncpfs|lustre|beegfs|fuse(?:\..*)?|fuseblk)$/;
const PSEUDO = new Set(
  `proc sysfs devtmpfs devpts cgroup cgroup2 debugfs tracefs securityfs pstore bpf mqueue hugetlbfs
  configfs fusectl autofs binfmt_misc rpc_pipefs efivarfs nsfs selinuxfs ramfs`.split(/\s+/),
);
/** fuseblk serves local disks (ntfs-3g), but through a process that can hang as any other. */

export function nodeMounts(options: { readonly answerMax: DurationMs }): Mounts {
  const table = mountTable(fs.readFileSync('/proc/self/mountinfo', 'latin1'));
  const asked = new Map<ByteString, boolean>();
  return {
    at: (path) => table.get(path),
    holding: (path) => holding(table, path),
    answers: (path) => {
      let answer = asked.get(path);
      if (answer === undefined) {
        answer = answersWithin(path, options.answerMax);
        asked.set(path, answer);
      }
      return answer;
    },
    usedBytes: (path) => {
      const mount = holding(table, path);
      if (mount === undefined || mount.isRemote) return undefined;
      try {
        const { blocks, bfree, bsize } = fs.statfsSync(fsPath(path));
        return (blocks - bfree) * bsize;
      } catch (error) {
        if (error instanceof Error && 'code' in error) return undefined;
        throw error;
      }
    },
  };
}

/** Later lines cover earlier ones at the same place. */
export function mountTable(mountinfo: string): ReadonlyMap<ByteString, Mount> {
  const table = new Map<ByteString, Mount>();
  for (const line of mountinfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const place = before?.split(' ')[4];
    const fsType = after?.split(' ')[0];
    if (place === undefined || fsType === undefined) continue;
    const path = byteString(
      place.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    );
    table.set(path, { fsType, isRemote: REMOTE.test(fsType), isPseudo: PSEUDO.has(fsType) });
  }
  return table;
}

function holding(table: ReadonlyMap<ByteString, Mount>, path: ByteString): Mount | undefined {
  for (let place: string = path; ; place = place.slice(0, place.lastIndexOf('/'))) {
    const mount = table.get(byteString(place === '' ? '/' : place));
    if (mount !== undefined || place === '') return mount;
  }
}

/**
 * Lists the mount in a process of its own: one that hangs in the kernel is killed, and if even that
 * does not help it is left behind, while this process never touched the mount.
 */
function answersWithin(path: ByteString, answerMax: DurationMs): boolean {
  const place = Buffer.from(path, 'latin1').toString('utf8');
  const { status, error } = spawnSync('ls', ['-f', '--', place], {
    stdio: 'ignore',
    timeout: answerMax,
    killSignal: 'SIGKILL',
  });
  return error === undefined && status === 0;
}
