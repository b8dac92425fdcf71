import type { ByteString } from '../base/bytes.ts';

/**
 * The only way to a byte on disk for vaults, state and scratch: synchronous, so that a crash can be
 * simulated at every call. What was written is durable only after `sync` of the file and `syncDir`
 * of its directory.
 *
 * All methods throw Fault HF_DISK_ABSENT, HF_DISK_DENIED, HF_DISK_FULL or HF_DISK_FAILED (facts:
 * path, errno); nothing else.
 */
export interface Disk {
  /** The whole file, or `length` bytes from `offset` (fewer at its end). */
  read(path: ByteString, range?: { readonly offset: number; readonly length: number }): Uint8Array;
  /** Opens for many reads; `into` is filled from `position`, returns bytes read (0 at the end). */
  openRead(path: ByteString): DiskReader;
  /** Bytes; undefined where there is no such file. */
  size(path: ByteString): number | undefined;
  /** Names in a directory, sorted by bytes; undefined where there is no such directory. */
  list(path: ByteString): readonly ByteString[] | undefined;
  /**
   * As `list`, with sizes where those of many are had sooner at once; without one, ask `size`.
   */
  listSizes?(path: ByteString): readonly SizedName[] | undefined;
  /** Makes the directory and its parents, each durable, mode 0700. */
  makeDir(path: ByteString): void;
  /** A new file, mode 0600; HF_DISK_FAILED (EEXIST) where the name is taken. */
  create(path: ByteString): DiskFile;
  /** Gives a finished file its name, unless that is taken. Not durable before `syncDir`. */
  publish(from: ByteString, to: ByteString): 'published' | 'exists';
  /**
   * A second name for a file, which keeps its first; HF_DISK_FAILED (EEXIST) where it is taken. Not
   * durable before `syncDir`. `unsupported`: this file system has no second names.
   */
  link(from: ByteString, to: ByteString): 'linked' | 'unsupported';
  /** Renames over whatever is there. Not durable before `syncDir`. */
  move(from: ByteString, to: ByteString): void;
  unlink(path: ByteString): void;
  /** Removes an empty directory; HF_DISK_FAILED (ENOTEMPTY) where something is in it. */
  removeDir(path: ByteString): void;
  syncDir(path: ByteString): void;
  /** Free and total bytes of the file system below `path`. */
  space(path: ByteString): { readonly freeBytes: number; readonly totalBytes: number };
}

export interface SizedName {
  readonly name: ByteString;
  readonly sizeBytes: number | undefined;
}

export interface DiskReader {
  read(into: Uint8Array, position: number): number;
  readonly sizeBytes: number;
  close(): void;
}

export interface DiskFile {
  /** Appends. Large page-aligned buffers go past the page cache where the file system can. */
  write(bytes: Uint8Array): void;
  sync(): void;
  close(): void;
}
