import type { ByteString } from '../base/bytes.ts';
import type { UnixMs } from '../base/units.ts';

/**
 * A way to hold data still while it is captured, or to have its engine hand out a consistent copy:
 * a file system snapshot, a dump, a base backup. One word of the configuration chooses it.
 */
export interface FrozenSource {
  /** The word: `btrfs`, `pg_dump`, `mariadb-dump`, ... */
  readonly method: string;
  /**
   * Freezes. When it throws nothing is left behind.
   * @throws Fault HF_FREEZE_FAILED (what the program said), HF_TOOL_MISSING, HF_CONFIG_INVALID
   */
  open(): Promise<FrozenView>;
}

/** Fact: the directory on this machine where the engine keeps what was handed out. */
export const DATA_DIRECTORY = 'data-directory';
/** Fact: `all` where nothing of that directory's data is missing from what was handed out. */
export const EXTENT = 'extent';

export interface FrozenView {
  readonly roots: readonly ViewRoot[];
  /** Up to which moment the data is covered; the time at which the view was made. */
  readonly coveredUpTo: UnixMs;
  /**
   * `consistent`: an engine starts on it by its own rules (a dump, a base backup): never torn.
   * `crash-consistent`: as after a power cut, all files of one moment; engines recover by their logs.
   */
  readonly guarantee: 'consistent' | 'crash-consistent';
  /**
   * What a person wants to know later: version of the engine, LSN, name of the snapshot. Read when
   * the roots were captured: a dump says its last position at its end.
   */
  readonly facts: Readonly<Record<string, string | number>>;
  /** What could not be held still though it is in the roots: gaps of the snapshot. Read as `facts`. */
  readonly notHeld?: readonly { readonly path: ByteString; readonly why: string }[];
  /**
   * Thaws and removes what `open` made. Called exactly once, whatever happened to the capture.
   * @throws Fault HF_THAW_FAILED: the snapshot is there, what remains and how to remove it is named
   */
  close(): Promise<void>;
}

/** Name of the directory in which snapshots of file systems lie; no backup enters it. */
export const FROZEN_DIR = '.holdfast-frozen';

/** What is captured of a view. */
export type ViewRoot = {
  /** Under which it is restored when there are several. */
  readonly name: ByteString;
} & (
  | {
      /** Where it is read now. */
      readonly readPath: ByteString;
      /** The absolute path by which the host knows it: recorded, and what caches go by. */
      readonly path: ByteString;
      /** Below the root: where another file system lies on the host, which this view has not. */
      readonly otherFileSystems?: readonly ByteString[];
    }
  | {
      /** Bytes of a program; it throws when the program failed, and then there is no snapshot. */
      readonly stream: AsyncIterable<Uint8Array>;
    }
);
