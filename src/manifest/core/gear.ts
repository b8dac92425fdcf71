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
    const normal = Math.min(end, PIECE_SIZE_NORMAL - 1);
    const cut = this.#cutWithin(window, {
      from: PIECE_SIZE_MIN - 1,
      to: normal,
      mask: MASK_BEFORE,
    });
    if (cut !== 0 || normal === end) return cut;
    return this.#cutWithin(window, { from: normal, to: end, mask: MASK_AFTER });
  }

  /** The first cut behind one of the bytes `from` to `to`, or 0. */
  #cutWithin(window: Uint8Array, within: { from: number; to: number; mask: number }): number {
    const gear = this.#gear;
    const { from, to, mask } = within;
    let rolling = 0;
    for (let at = from - REACH + 1; at < from; at++) {
      rolling = ((rolling << 1) + (gear[window[at] ?? 0] ?? 0)) | 0;
    }
    let at = from;
    // Two bytes a turn: what the second adds does not wait for the first.
    for (; at + 1 < to; at += 2) {
      const first = gear[window[at] ?? 0] ?? 0;
      const second = gear[window[at + 1] ?? 0] ?? 0;
      if ((((rolling << 1) + first) & mask) === 0) return at + 1;
      rolling = ((rolling << 2) + (first << 1) + second) | 0;
      if ((rolling & mask) === 0) return at + 2;
    }
    if (at === to) return 0;
    const last = (rolling << 1) + (gear[window[at] ?? 0] ?? 0);
    return (last & mask) === 0 ? to : 0;
  }
}
