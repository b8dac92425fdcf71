import type { IndexedPack } from '../core/index-builder.ts';
import { PACK_TARGET } from '../core/pack.ts';

/** Every pack buffer has this size, a multiple of all sector sizes. */
export const PACK_BUFFER_SIZE = PACK_TARGET;

/** Takes finished packs and makes them durable; the end of the run learns whether it did. */
export interface PackSink {
  /**
   * A free buffer of `PACK_BUFFER_SIZE` bytes; waits until there is one.
   * @throws Fault when an earlier pack could not be stored: nothing more is worth doing then
   */
  acquire(): PackBuffer;
  /** Hands the buffer over; its first `pack.sizeBytes` are the pack. */
  submit(buffer: PackBuffer, pack: IndexedPack): void;
  /** Hands back a buffer in which nothing was written. */
  release(buffer: PackBuffer): void;
}

export interface PackBuffer {
  readonly index: number;
  readonly bytes: Uint8Array;
}
