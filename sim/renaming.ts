import { diskFault } from '../src/adapters/node/errno.ts';
import type { ByteString } from '../src/base/bytes.ts';
import type { Change } from './layers.ts';
import type { SimVolume } from './volume.ts';

/** What rename(2) does: one call, two names. @throws Fault as the system would refuse it */
export function renaming(volume: SimVolume, from: ByteString, to: ByteString): readonly Change[] {
  const inode = volume.find(from);
  const [source, target] = [volume.findParent(from), volume.findParent(to)];
  const replaced = volume.inode(target.directory).entries.get(target.name);
  if (replaced === inode) return []; // Two names of one file: POSIX leaves both.
  const isDir = volume.inode(inode).kind === 'dir';
  if (isDir && `${to}/`.startsWith(`${from}/`)) throw diskFault(from, 'EINVAL', undefined);
  if (replaced !== undefined) {
    const { kind, entries } = volume.inode(replaced);
    if (isDir && kind !== 'dir') throw diskFault(from, 'ENOTDIR', undefined);
    if (!isDir && kind === 'dir') throw diskFault(from, 'EISDIR', undefined);
    if (entries.size > 0) throw diskFault(from, 'ENOTEMPTY', undefined);
  }
  return [
    { kind: 'entry', inode: target.directory, name: target.name, to: inode },
    { kind: 'entry', inode: source.directory, name: source.name, to: undefined },
  ];
}
