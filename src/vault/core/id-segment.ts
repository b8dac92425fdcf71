import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';

/**
 * One open-addressed table of ids in one buffer that threads can share: of what indexes say, filled once. A slot
 * is the first 16 bytes of an id and a value. The position of an id is its first four bytes scaled to the number
 * of slots, so that filling from a sorted index walks memory forwards.
 *
 * Word 0 is the number of slots, word 1 how many are taken; then slots of five words: a value
 * (0 free, else the value plus 2), and the id. Ids are HMACs: uniform, and not for others to choose; what
 * comes from a hostile index is stopped by the bound on probing.
 */
export class IdSegment {
  readonly buffer: ArrayBufferLike;
  readonly #words: Int32Array;
  readonly #slotCount: number;

  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#slotCount = this.#words[0] ?? 0;
    assert(this.#words.length === slotStart(this.#slotCount), 'the buffer is an id segment');
  }

  /** @param idCountMax how many ids it is made for; it holds no more than a fifth above that */
  static make(idCountMax: number, kind: 'shared' | 'local'): IdSegment {
    const slotCount = Math.max(SLOTS_MIN, Math.ceil(idCountMax / LOAD_MAX));
    assert(slotCount <= SLOTS_MAX, 'an id segment has a limited number of slots');
    const size = 4 * slotStart(slotCount);
    const buffer = kind === 'shared' ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
    new Int32Array(buffer)[0] = slotCount;
    return new IdSegment(buffer);
  }

  get idCount(): number {
    return Atomics.load(this.#words, 1);
  }

  /** Calls `found` for each value of this id until it says that it is content. */
  visit(id: Digest, found: (value: number) => boolean): boolean {
    const words = this.#words;
    const key = keyOf(id);
    let slot = slotOf(key.order, this.#slotCount);
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const at = slotStart(slot);
      const state = words[at] ?? FREE;
      if (state === FREE) return false;
      if (isKeyAt(words, at, key) && found((state >>> 0) - VALUE_BIAS)) return true;
      slot = slot + 1 === this.#slotCount ? 0 : slot + 1;
    }
    return false;
  }

  /**
   * Enters many ids that nobody else touches meanwhile; the same id may come more than once.
   *
   * @param entries six words each: four of the id, a group, a word that is not looked at; sorted
   * @param values for each group the value to enter, or `NO_VALUE`
   * @returns false where it was full, or ids were crowded as no HMAC crowds them
   */
  fill(entries: Uint32Array, values: Uint32Array): boolean {
    const words = this.#words;
    const slotCount = this.#slotCount;
    const room = Math.floor(slotCount * FILL_MAX);
    let taken = this.idCount;
    for (let entry = 0; entry + 6 <= entries.length; entry += 6) {
      const value = values[entries[entry + 4] ?? 0] ?? NO_VALUE;
      if (value === NO_VALUE) continue;
      if (taken >= room) return false;
      const first = entries[entry] ?? 0;
      let slot = slotOf(swapped(first), slotCount);
      let probe = 0;
      while (words[slotStart(slot)] !== FREE) {
        if (++probe >= PROBES_MAX) return false;
        slot = slot + 1 === slotCount ? 0 : slot + 1;
      }
      const at = slotStart(slot);
      words[at] = (value + VALUE_BIAS) | 0;
      words[at + 1] = first;
      words[at + 2] = entries[entry + 1] ?? 0;
      words[at + 3] = entries[entry + 2] ?? 0;
      words[at + 4] = entries[entry + 3] ?? 0;
      taken++;
    }
    Atomics.store(words, 1, taken);
    return true;
  }
}

/** The largest value that can be entered with an id. */
export const ID_VALUE_MAX = 0xffff_fffc;
/** In the table for `fill`: ids of this group are not entered. */
export const NO_VALUE = 0xffff_ffff;

const VALUE_BIAS = 2;
const FREE = 0;
const LOAD_MAX = 0.6;
const FILL_MAX = 0.72;
const SLOTS_MIN = 1024;
const SLOTS_MAX = 100_000_000;
const PROBES_MAX = 4096;
const HEAD_WORDS = 4;
const SLOT_WORDS = 5;

/** What is looked at of an id: its first 16 bytes, as four words. */
export interface IdKey {
  /** The first four bytes as they sort. */
  readonly order: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** The key of an id. */
export function keyOf(id: Digest): IdKey {
  const a = wordAt(id, 0);
  return { order: swapped(a), a, b: wordAt(id, 4), c: wordAt(id, 8), d: wordAt(id, 12) };
}

function wordAt(id: Digest, at: number): number {
  return (
    id.charCodeAt(at) |
    (id.charCodeAt(at + 1) << 8) |
    (id.charCodeAt(at + 2) << 16) |
    (id.charCodeAt(at + 3) << 24)
  );
}

function swapped(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** Where the search for an id begins. @param order of its key */
export function slotOf(order: number, slotCount: number): number {
  return Math.floor((order / 0x1_0000_0000) * slotCount);
}

function slotStart(slot: number): number {
  return HEAD_WORDS + slot * SLOT_WORDS;
}

function isKeyAt(words: Int32Array, at: number, key: IdKey): boolean {
  return (
    words[at + 1] === key.a &&
    words[at + 2] === key.b &&
    words[at + 3] === key.c &&
    words[at + 4] === key.d
  );
}
