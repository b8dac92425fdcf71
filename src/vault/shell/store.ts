import type { Digest } from '../../base/bytes.ts';

/**
 * Named, immutable objects: what a directory, SSH, HTTP and S3 can all do. Names are ASCII,
 * `/`-separated, as in docs/format/vault.md. Deleting is not here: only a collector's handle can.
 *
 * Throws Fault HF_STORE_ABSENT (get of a name that is not there), HF_DISK_* or HF_STORE_*;
 * bytes are returned as they are: whoever asked checks them.
 */
export interface Store {
  readonly promises: StorePromises;
  /**
   * Durable when it resolves; all or nothing. `present`: the name was there and was left alone.
   * Idempotent. `sha256` is the digest of `bytes`, and a store that can checks what it holds.
   */
  putIfAbsent(name: string, bytes: Uint8Array, sha256: Digest): Promise<'stored' | 'present'>;
  get(name: string, range?: ByteRange): Promise<Uint8Array>;
  /** Complete and sorted; half-written objects are not in it. */
  list(prefix: string): Promise<readonly StoredObject[]>;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface StoredObject {
  readonly name: string;
  readonly sizeBytes: number;
}

/** What a store says of itself; `init` and exposure show it. */
export interface StorePromises {
  readonly durable: boolean;
  /** The digest of what it holds: returned by the store, re-read by us, or none. */
  readonly digest: 'returned' | 're-read' | 'none';
}

/** The handle of who collects: a store of which names can be deleted too. No server gives it to others. */
export interface CollectorStore extends Store {
  /**
   * What is not there is deleted already. Durable when it resolves. Any part of it may be, before.
   * One that cannot be deleted keeps none of the others: all are tried, then the first failure is thrown.
   */
  delete(names: readonly string[]): Promise<void>;
}

/**
 * What a repair may do besides adding: where the store is a directory of this machine. What lay
 * under a name is never deleted; it lies below `damaged/` then, where nothing reads.
 */
export interface Mending {
  /**
   * Durable when it returns. At each moment the name has either the old bytes or the new ones.
   * @returns the name under which the old ones lie now
   */
  replace(name: string, bytes: Uint8Array): string;
  /** Takes away the name. Durable when it returns. @returns the one that it has now */
  setAside(name: string): string;
}
