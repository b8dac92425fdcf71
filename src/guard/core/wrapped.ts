/** What the dry run of somebody else's program says it would do, whatever the program is. */
import type { ByteString } from '../../base/bytes.ts';

export type WrappedChange = WrappedCreate | WrappedUpdate | WrappedDelete;

export interface WrappedCreate {
  readonly what: 'create';
  /** Below the target, without slashes at either end; empty: the target itself. */
  readonly path: ByteString;
  readonly isDir: boolean;
  /** Bytes of a file; 0 for anything else. */
  readonly size: number;
  /** Of the source, seconds since 1970; undefined where it was not said. */
  readonly mtimeS: number | undefined;
}

export interface WrappedUpdate {
  readonly what: 'update';
  readonly path: ByteString;
  readonly attributesOnly: boolean;
  /** What lies there is moved to `path`. */
  readonly from?: ByteString;
  /** Bytes that it will have. */
  readonly size: number;
}

export interface WrappedDelete {
  readonly what: 'delete';
  readonly path: ByteString;
  readonly isDir: boolean;
  /** With all that lies in it, listed or not. */
  readonly isWhole?: true;
  /** As the program calls it. */
  readonly shown?: string;
}

/** What a dry run said besides. */
export interface WrappedListing {
  /** Entries there, directories that are the sources themselves left out; 0: not a single file. */
  readonly seen: number;
  readonly sourceBytes: number;
  readonly created: number;
  /** Why it has not seen all, as the program said it. */
  readonly errors: readonly string[];
}
