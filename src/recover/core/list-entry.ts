import type { ByteString, Digest } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import type { EntryType, Marks } from '../../manifest/core/entry-fields.ts';

/** One entry of a snapshot or of a live tree, as plain data for whoever shows it. */
export interface ListedEntry extends Marks {
  /** In the snapshot; of several roots, behind the name of its root. Empty: the only root. */
  readonly path: ByteString;
  readonly type: EntryType;
  /** Permission bits, setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names of the ids on the host it was captured on. */
  readonly user: ByteString | undefined;
  readonly group: ByteString | undefined;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Of a file; undefined of anything else. */
  readonly size: bigint | undefined;
  /** Of the whole content, where it is known. */
  readonly sha256: Digest | undefined;
  /** Of a symlink. */
  readonly target: ByteString | undefined;
  readonly device: { readonly major: number; readonly minor: number } | undefined;
  /** First path of the same inode, where it had more than one; of several roots as `path`. */
  readonly link: ByteString | undefined;
  /** Names of the extended attributes. */
  readonly xattrs: readonly ByteString[];
}

/** @param shown how a path of its manifest is shown */
export function listedEntry(entry: Entry, shown: (path: ByteString) => ByteString): ListedEntry {
  const { type, mode, uid, gid, user, group, mtime, link, xattrs = [] } = entry;
  const { inFlux, unreadable, notEntered, notKept } = entry;
  const isDevice = entry.type === 'char' || entry.type === 'block';
  return {
    ...{ path: shown(entry.path), type, mode, uid, gid, user, group, mtime },
    size: entry.type === 'file' ? entry.size : undefined,
    sha256: entry.type === 'file' ? entry.sha256 : undefined,
    target: entry.type === 'symlink' ? entry.target : undefined,
    device: isDevice ? { major: entry.major, minor: entry.minor } : undefined,
    link: link === undefined ? undefined : shown(link),
    xattrs: xattrs.map(({ name }) => name),
    ...{ inFlux, unreadable, notEntered, notKept },
  };
}
