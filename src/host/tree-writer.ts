import type { ByteString } from '../base/bytes.ts';
import type { DirHandle, FileHandle } from './source.ts';

/**
 * Putting a tree back, level by level through directory handles, so that neither a symlink swapped
 * in nor a hostile snapshot leads outside. Every name is one component; nothing is followed and
 * nothing replaced. Synchronous: it runs in worker threads. Handles are those of `Source`, valid in
 * all threads of the process.
 *
 * Methods throw `TreeFailure` with the system's error name; nothing else. What attributes could not
 * be set is an answer, not a failure.
 */
export interface TreeWriter {
  /** Makes the directory a person named, and its parents; symlinks in `path` are followed. */
  makeTop(path: ByteString): void;
  /** A new directory that nobody else can enter until its mode is set. */
  makeDir(dir: DirHandle, name: ByteString): void;
  /** A new regular file, open for reading and writing. */
  createFile(dir: DirHandle, name: ByteString, mode: number): FileHandle;
  /** A regular file that is there, for reading and writing; never blocks on a FIFO. */
  openFile(dir: DirHandle, name: ByteString): FileHandle;
  closeFile(file: FileHandle): void;
  write(file: FileHandle, bytes: Uint8Array, position: number): void;
  /**
   * Gives the new file `into` all content of `from` by sharing its blocks (btrfs, XFS).
   *
   * @returns false where the file system cannot, or the two lie on different ones: nothing is done
   */
  shareBlocks(from: FileHandle, into: FileHandle): boolean;
  /** What is behind the old end is a hole. */
  truncate(file: FileHandle, sizeBytes: number): void;
  makeSymlink(dir: DirHandle, name: ByteString, target: ByteString): void;
  makeNode(dir: DirHandle, name: ByteString, node: NodeToMake): void;
  makeLink(from: Place, to: Place): void;
  /** EEXIST where `to` is taken. */
  rename(from: Place, to: Place): void;
  /**
   * Swaps two names in one step, whatever they are. ENOENT where one is missing; EINVAL where the
   * file system cannot (some network file systems).
   */
  exchange(one: Place, other: Place): void;
  /** Removes a name that is no directory. */
  unlink(dir: DirHandle, name: ByteString): void;
  /** Removes an empty directory. */
  removeDir(dir: DirHandle, name: ByteString): void;
  /** Of an open file or directory, in the right order. @returns what could not be set */
  setAttributes(handle: FileHandle | DirHandle, attributes: Attributes): readonly Unset[];
  /** Of a symlink, FIFO, socket or device, which are not opened. */
  setAttributesAt(place: Place, attributes: Attributes): readonly Unset[];
  /** Undefined where this host has no such name. */
  ownerId(name: ByteString): number | undefined;
  groupId(name: ByteString): number | undefined;
  /** Who owns what this process makes, and the bits that its mask takes from a mode. */
  readonly identity: WriterIdentity;
  /** Waits until this file, or the names in this directory, are on the medium. */
  sync(handle: FileHandle | DirHandle): void;
  /**
   * Has the file system below `dir` begin to write what it holds back, and does not wait for it.
   * Promises nothing: it only makes `syncAll` shorter. Nothing where that is under way already.
   */
  startSync(dir: DirHandle): void;
  /** Waits until all of the file system below `dir` is on its medium. */
  syncAll(dir: DirHandle): void;
}

export interface Place {
  readonly dir: DirHandle;
  readonly name: ByteString;
}

export interface NodeToMake {
  readonly type: 'fifo' | 'socket' | 'char' | 'block';
  readonly major: number;
  readonly minor: number;
}

/** What is left out stays as it is. */
export interface Attributes {
  readonly owner?: Owner | undefined;
  readonly xattrs?: readonly XattrToSet[] | undefined;
  /** Names of attributes that are there and must not be. */
  readonly removeXattrs?: readonly ByteString[] | undefined;
  /** Permission bits, setuid, setgid, sticky. Not of symlinks. */
  readonly mode?: number | undefined;
  readonly mtimeNs?: bigint | undefined;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface XattrToSet {
  readonly name: ByteString;
  readonly value: Uint8Array;
}

export interface WriterIdentity extends Owner {
  readonly umask: number;
}

/** An attribute that this user or file system does not take. */
export interface Unset {
  /**
   * `owner`, `setuid` (it is not given to another owner), `mode`, `times`, `times (ns)`, or the
   * name of an extended attribute.
   */
  readonly what: string;
  readonly errno: string;
}

export const ALL_SET: readonly Unset[] = [];

export class TreeFailure extends Error {
  override readonly name = 'TreeFailure';
  /** `EEXIST`, `ENOSPC`, `EACCES`, ... */
  readonly errno: string;

  constructor(errno: string, options?: ErrorOptions) {
    super(errno, options);
    this.errno = errno;
  }
}
