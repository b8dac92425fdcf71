import type { ByteString } from '../../base/bytes.ts';
import type { DurationMs } from '../../base/units.ts';
import type { ConnectedPoint } from '../core/connected.ts';
import type { ListedEntry } from '../core/sample.ts';

/** What a repository says of itself and of what is in it. */
export interface RepositoryListing {
  /** The repository's own id. */
  readonly id: string;
  readonly isEncrypted: boolean;
  /** Where the key lies, where it is not in the repository. */
  readonly keyFile: ByteString | undefined;
  /** Oldest first. */
  readonly points: readonly ConnectedPoint[];
}

/** What one restore brought. Undefined where all that was asked for came. */
export interface RestoreEnd {
  /** By what the tool calls them; the tool's words. */
  readonly failed: ReadonlyMap<string, string>;
  /** Out of time. */
  readonly notTried: ReadonlySet<string>;
}

/**
 * A team's own repository of files, read by its own tool. Nothing in it is ever changed.
 *
 * Every method fails with HF_CONNECT_* and nothing else.
 */
export interface FileRepository {
  /** Its recovery points. */
  list(): Promise<RepositoryListing>;

  /**
   * Every entry of a point, in the tool's order.
   *
   * @returns false where the tool lists paths of which nobody knows below what they lay
   */
  entries(point: ConnectedPoint, see: (entry: ListedEntry) => void): Promise<boolean>;

  /**
   * Restores files below `target`, which exists and is empty; all of the point where `files` is
   * undefined. A file that cannot be restored is named, and keeps the others from nothing.
   */
  restore(
    point: ConnectedPoint,
    of: {
      readonly files: readonly ListedEntry[] | undefined;
      readonly target: string;
      readonly limit: DurationMs;
    },
  ): Promise<RestoreEnd>;

  /** What it takes up as its tool counts it, or why that is not known, in words. */
  storedBytes(limit: DurationMs): Promise<number | string>;

  /** Where a restored entry lies below the target. */
  restoredPath(target: string, entry: ListedEntry): string;
}
