import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import { nameOf } from './entry-scan.ts';
import { type NamedRoot, shownPath } from './list-place.ts';
import { attributeRecords } from './tar-attributes.ts';
import type { TarEntry, TarType } from './tar-header.ts';
import { type SparseShape, sparseRecords } from './tar-sparse.ts';

/** How an entry is called in the archive: as a restore would lay it out. */
export function tarName(root: NamedRoot, entry: Entry): ByteString {
  const path = shownPath(root, entry.path);
  if (entry.type !== 'dir') return path;
  return byteString(path === '' ? './' : `${path}/`);
}

/** All of an entry but its content; a socket has no type in tar. */
export function tarEntry(entry: Entry, type: TarType, name: ByteString): TarEntry {
  const { mode, uid, gid, user, group, mtime, xattrs = [] } = entry;
  const isDevice = entry.type === 'char' || entry.type === 'block';
  return {
    ...{ name, type, mode, uid, gid, user, group, mtime },
    size: 0n,
    target: entry.type === 'symlink' ? entry.target : undefined,
    device: isDevice ? { major: entry.major, minor: entry.minor } : undefined,
    records: attributeRecords(xattrs),
  };
}

/** A further name of what is in the archive as `head`, which has the attributes. */
export function tarLink(entry: Entry, name: ByteString, head: ByteString): TarEntry {
  const plain = tarEntry({ ...entry, xattrs: undefined }, 'link', name);
  return { ...plain, target: head, device: undefined };
}

/** @param shape of a file whose holes are left out */
export function tarFile(entry: TarEntry, size: bigint, shape: SparseShape | undefined): TarEntry {
  if (shape === undefined) return { ...entry, size };
  const name = entry.name.includes('/') ? nameOf(entry.name) : entry.name;
  return {
    ...entry,
    // Who does not know sparse files gets something that is plainly not the file.
    standIn: byteString(`GNUSparseFile.0/${name}`),
    size: BigInt(shape.mapSize) + shape.storedBytes,
    records: [...entry.records, ...sparseRecords(entry.name, size)],
  };
}
