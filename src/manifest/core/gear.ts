import { byteString } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';
import { CHUNK_SIZE_MAX } from './entry-fields.ts';

export const PIECE_SIZE_MIN = 524_288;
export const PIECE_SIZE_NORMAL = 1_048_576;
export const PIECE_SIZE_MAX = CHUNK_SIZE_MAX;

/** The hash sees the last 32 bytes and no more: one bit falls out for each byte that comes in. */
const REACH = 32;
/** Top bits that are zero where a piece ends: 21 before the normal size, 19 after. */
const MASK_BEFORE = 0xffff_f800 | 0;
const MASK_AFTER = 0xffff_e000 | 0;

/** Cuts content where its own bytes say so (`gear-1`): an insertion moves one or two cuts. */
export class GearCutter {
  readonly #gear = new Int32Array(256);

  constructor(hash: Hash) {
    for (let byte = 0; byte < 256; byte++) {
      const text = byteString(`holdfast gear 1\n${String.fromCharCode(byte)}`);
      const digest = hash.sha256Text(text);
      for (let at = 3; at >= 0; at--) {
        this.#gear[byte] = ((this.#gear[byte] ?? 0) << 8) | digest.charCodeAt(at);
      }
    }
  }

  /**
   * The length of the piece at the start of `window`.
   *
   * @param window bytes of the file from the start of the piece on; give `PIECE_SIZE_MAX` or more
   *   where there are so many, or the same bytes are looked at twice
   * @param isLast whether the file ends with the window
   * @returns 0 where more bytes are needed to know
   */
  nextCut(window: Uint8Array, isLast: boolean): number {
    const end = Math.min(window.length, PIECE_SIZE_MAX);
    const cut = end < PIECE_SIZE_MIN ? 0 : this.#cutBefore(window, end);
    if (cut !== 0) return cut;
    return isLast || end === PIECE_SIZE_MAX ? end : 0;
  }

  #cutBefore(window: Uint8Array, end: number): number {
    const gear = this.#gear;
    const normal = Math.min(end, PIECE_SIZE_NORMAL - 1);
    let at = PIECE_SIZE_MIN - REACH;
    let rolling = 0;
    for (; at < PIECE_SIZE_MIN - 1; at++) {
      rolling = ((rolling << 1) + (gear[window[at] ?? 0] ?? 0)) | 0;
    }
    for (; at < normal; at++) {
      rolling = ((rolling << 1) + (gear[window[at] ?? 0] ?? 0)) | 0;
      if ((rolling & MASK_BEFORE) === 0) return at + 1;
    }
    for (; at < end; at++) {
      rolling = ((rolling << 1) + (gear[window[at] ?? 0] ?? 0)) | 0;
      if ((rolling & MASK_AFTER) === 0) return at + 1;
    }
    return 0;
  }
}
