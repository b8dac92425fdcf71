import type { ByteString } from '../base/bytes.ts';

/** A file system as it is attached to the tree. */
export interface Mount {
  readonly fsType: string;
  /** Asks another machine or another process for every answer, so it may never come. */
  readonly isRemote: boolean;
  /** Kernel interfaces (proc, sysfs, ...): nothing of it can be put back. */
  readonly isPseudo: boolean;
}

export interface Mounts {
  /** The mount exactly at this absolute path; undefined where none is. */
  at(path: ByteString): Mount | undefined;
  /** Where one is, at this absolute path or anywhere below it. */
  anyWithin(path: ByteString): ByteString | undefined;
  /** The mount that holds this absolute path. */
  holding(path: ByteString): Mount | undefined;
  /** Whether the mount that holds it answers in time, asked once, from a process that can be left behind. */
  answers(path: ByteString): boolean;
  /** Where mounts are that ask somebody else for every answer. */
  remotes(): readonly ByteString[];
  /** An absolute path with symlinks resolved, so far as it can be without asking a dead mount. */
  realPath(path: ByteString): ByteString;
  /** Bytes in use on the file system there; undefined where it does not say. Never for remote ones. */
  usedBytes(path: ByteString): number | undefined;
}
