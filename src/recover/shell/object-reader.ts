import type { Digest } from '../../base/bytes.ts';
import type { ObjectKind } from '../../vault/core/object-id.ts';

/** Objects of a vault, checked, for whoever restores. Synchronous; one for each thread. */
export interface ObjectReader {
  /**
   * Bytes that have this digest; a view that is good until the next call.
   *
   * @throws Fault HF_OBJECT_MISSING, HF_OBJECT_CORRUPT and what the store throws
   */
  read(kind: ObjectKind, digest: Digest): Uint8Array;
  /** Where it lies, as a number that sorts by pack and offset; undefined where it is not known. */
  orderOf(kind: ObjectKind, digest: Digest): number | undefined;
  /**
   * These will be read next, in this order: a reader that waits for a network asks for them at once.
   * Not there where nothing is gained by it.
   */
  readonly expect?: (kind: ObjectKind, digests: readonly Digest[]) => void;
}
