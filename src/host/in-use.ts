import type { ByteString } from '../base/bytes.ts';

/** Who writes it. `unknown writer`: a database or an image by its layout, held by another program. */
export type Engine =
  | 'postgres'
  | 'mariadb'
  | 'mongodb'
  | 'sqlite'
  | 'qemu'
  | 'loop device'
  | 'unknown writer';

/** Data that an engine could write while it was captured. */
export interface TornFinding {
  /** As it was given to `begin`. */
  readonly root: ByteString;
  /** Below the root: the directory of the engine, or the file. Empty: all of the root. */
  readonly path: ByteString;
  readonly engine: Engine;
  /** What shows it, for people. */
  readonly why: string;
}

/** A regular file that capture came by or kept from last time. */
export interface SeenFile {
  /** As it was given to `begin`. */
  readonly root: ByteString;
  /** Below the root. */
  readonly path: ByteString;
  /** As stat gives them. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** Knows what programs on this machine have in use. Looks, and changes nothing. Synchronous. */
export interface InUse {
  /**
   * Takes the first look; to be called before anything below the roots is read.
   *
   * @param roots absolute paths, as a person named them
   */
  begin(roots: readonly ByteString[]): UseWatch;
}

/** One capture: what was in use at its begin or at its end. */
export interface UseWatch {
  /**
   * There is somebody whose files only their names will tell: files kept from last time without a
   * look must be told to `sawFile` as well.
   */
  readonly asksForKept: boolean;
  /** To be told of files whose name is `isEngineFile`; others do no harm. */
  sawFile(file: SeenFile): void;
  /**
   * Takes the second look, after everything was read. What was left out of the capture may be among
   * the findings: who calls drops those whose path is not in the manifest or was not entered.
   */
  end(): readonly TornFinding[];
}
