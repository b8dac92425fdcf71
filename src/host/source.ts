import type { ByteString } from '../base/bytes.ts';

/**
 * Reading a live tree, level by level through directory handles, so that a path swapped for a
 * symlink during the walk leads nowhere. Synchronous: it runs in worker threads. Handles are valid
 * in all threads of the process.
 *
 * Methods throw `SourceFailure` with the system's error name; nothing else.
 */
export interface Source {
  /** Opens the directory that a person named; symlinks in `path` are followed. */
  openRoot(path: ByteString): DirHandle;
  /**
   * Opens a directory of a mount that may stop answering, through a process that can be left behind:
   * then calls fail with ETIMEDOUT. Its handles, and those opened from them, are of this thread
   * alone. Absent where such mounts are read like all others.
   */
  readonly openGuarded?: (place: GuardedDir) => DirHandle;
  /** Never follows a symlink. */
  openDir(parent: DirHandle, name: ByteString): DirHandle;
  /** As `openDir`, only to go on below it: one that this user may pass and not list is opened too. */
  passDir(parent: DirHandle, name: ByteString): DirHandle;
  closeDir(dir: DirHandle): void;
  /** Sorted by bytes, without `.` and `..`. */
  list(dir: DirHandle): Listing;
  /** Fills `STAT_WORDS` words from `at`; does not follow a symlink. An empty name is the directory itself. */
  stat(dir: DirHandle, name: ByteString, into: StatWords): void;
  /**
   * Stats of several names below a directory given by path, `STAT_CACHED` words each; zeros for
   * one that cannot be had. Serves unchanged detection only, where identity proves what was seen.
   */
  statMany(dirPath: ByteString, names: readonly ByteString[], into: BigInt64Array): void;
  /** Opens a regular file for reading, never blocks on a FIFO, does not touch atime where allowed. */
  openFile(dir: DirHandle, name: ByteString): FileHandle;
  closeFile(file: FileHandle): void;
  statFile(file: FileHandle, into: StatWords): void;
  /** Bytes read; fewer than asked only at the end of the file. */
  read(file: FileHandle, into: Uint8Array, position: number): number;
  /** Where data lies, ascending, as offset and length in turn; one segment where holes are not known. */
  dataSegments(file: FileHandle, sizeBytes: number): readonly number[];
  readLink(dir: DirHandle, name: ByteString): ByteString;
  /** Of an open file or directory. */
  xattrsOfHandle(handle: FileHandle | DirHandle): Xattrs;
  /** Of anything else; a symlink is not followed. */
  xattrsAt(dir: DirHandle, name: ByteString): Xattrs;
  /** Names of the ids on this host; undefined where they have none. */
  ownerName(uid: number): ByteString | undefined;
  groupName(gid: number): ByteString | undefined;
}

/** A directory by the mount that holds it. */
export interface GuardedDir {
  /** Absolute. */
  readonly mount: ByteString;
  /** Below the mount; empty for the mount itself. */
  readonly below: ByteString;
}

export type DirHandle = number;
export type FileHandle = number;

export type EntryKind = 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';

export interface Listing {
  readonly names: readonly ByteString[];
  /** As the directory itself says; undefined where it does not. */
  readonly kinds: readonly (EntryKind | undefined)[];
}

export interface Xattrs {
  readonly values: readonly (readonly [name: ByteString, value: Uint8Array])[];
  /** Attributes that exist and could not be read, with the error. */
  readonly notKept: readonly ByteString[];
}

export const NO_XATTRS: Xattrs = { values: [], notKept: [] };

/** What identifies a state of a file; the words before `STAT_CACHED` go into the cache. */
export const STAT_INO = 0;
export const STAT_SIZE = 1;
/** Nanoseconds since 1970. */
export const STAT_MTIME = 2;
export const STAT_CTIME = 3;
/** With the bits of the type. */
export const STAT_MODE = 4;
export const STAT_UID = 5;
export const STAT_GID = 6;
export const STAT_NLINK = 7;
export const STAT_DEV = 8;
export const STAT_CACHED = 9;
/** Of 512 bytes. Not cached: file systems change it without a change of the file. */
export const STAT_BLOCKS = 9;
export const STAT_RDEV = 10;
export const STAT_WORDS = 11;

export type StatWords = BigInt64Array;

export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
  /** `EACCES`, `ENOENT`, `EIO`, ... */
  readonly errno: string;

  constructor(errno: string, options?: ErrorOptions) {
    super(errno, options);
    this.errno = errno;
  }
}

const TYPE_MASK = 0o170000;
const KINDS: Readonly<Record<number, EntryKind>> = {
  0o100000: 'file',
  0o040000: 'dir',
  0o120000: 'symlink',
  0o010000: 'fifo',
  0o140000: 'socket',
  0o020000: 'char',
  0o060000: 'block',
};

/** Undefined for what no Unix has. */
export function kindOfMode(mode: number): EntryKind | undefined {
  return KINDS[mode & TYPE_MASK];
}
