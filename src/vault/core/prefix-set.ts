import type { Random } from '../../host/random.ts';

/**
 * A growing set of the first 16 bytes of ids, each with its number in order of arrival. Unlike
 * `IdSegment` it loses none: whether a pack may go depends on it. Ids come from clear headers that
 * others have written, so where one lies follows from a secret of this process as well.
 */
export class PrefixSet {
  readonly #seed: Uint32Array;
  /** Five words a slot: the number plus 1 (0: free), and the id. */
  #words: Uint32Array;
  #slots: number;
  size = 0;

  /** @param slots of the first table, a power of two: where there are many small sets */
  constructor(random: Random, slots = SLOTS_FIRST) {
    this.#slots = slots;
    this.#words = new Uint32Array(slots * SLOT_WORDS);
    const bytes = Uint8Array.from(random.bytes(16));
    this.#seed = new Uint32Array(bytes.buffer);
  }

  /**
   * @param words four words, little-endian, from `at` on
   * @returns its number; `size` had that value before it was added
   */
  add(words: Uint32Array, at: number): number {
    const slot = this.#find(words, at);
    const found = this.#words[slot] ?? 0;
    if (found !== 0) return found - 1;
    for (let word = 0; word < 4; word++) this.#words[slot + 1 + word] = words[at + word] ?? 0;
    this.size += 1;
    this.#words[slot] = this.size;
    if (this.size > this.#slots * LOAD_MAX) this.#grow();
    return this.size - 1;
  }

  /** Its number; -1 where it is not here. */
  numberOf(words: Uint32Array, at: number): number {
    return (this.#words[this.#find(words, at)] ?? 0) - 1;
  }

  #find(words: Uint32Array, at: number): number {
    const table = this.#words;
    let slot = this.#hash(words, at) & (this.#slots - 1);
    for (;;) {
      const from = slot * SLOT_WORDS;
      if (table[from] === 0) return from;
      const isHere =
        table[from + 1] === words[at] &&
        table[from + 2] === words[at + 1] &&
        table[from + 3] === words[at + 2] &&
        table[from + 4] === words[at + 3];
      if (isHere) return from;
      slot = (slot + 1) & (this.#slots - 1);
    }
  }

  #hash(words: Uint32Array, at: number): number {
    let hash = 0;
    for (let word = 0; word < 4; word++) {
      hash = Math.imul(hash ^ (words[at + word] ?? 0) ^ (this.#seed[word] ?? 0), 0x85eb_ca6b);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * SLOT_WORDS);
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (old[from] === 0) continue;
      this.#words.set(old.subarray(from, from + SLOT_WORDS), this.#find(old, from + 1));
    }
  }
}

const SLOTS_FIRST = 1 << 14;
const SLOT_WORDS = 5;
const LOAD_MAX = 0.6;
