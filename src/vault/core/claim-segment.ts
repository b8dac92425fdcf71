import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { type IdKey, keyOf, slotOf } from './id-segment.ts';

/**
 * Which ids a run has claimed: an open-addressed table in one buffer that threads share. It is an `IdSegment`
 * that is written by many at once, and holds no values: a run may store millions, and 20 bytes an id are what
 * it needs of memory at all.
 *
 * Words 0 to 3 are the number of slots, how many are taken, `CLAIMS`, and zero; then slots of four words, the
 * first 16 bytes of an id. The last of them is written last: 0 says that a slot is free, 1 that it is being
 * written. An id with such a last word (one in 2^31) is never remembered: its chunk may be stored twice.
 */
export class ClaimSegment {
  readonly buffer: ArrayBufferLike;
  readonly #words: Int32Array;
  readonly #slotCount: number;

  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#slotCount = this.#words[0] ?? 0;
    const isWhole = this.#words.length === slotStart(this.#slotCount);
    assert(isWhole && isClaims(buffer), 'the buffer is a segment of claims');
  }

  /** @param idCountMax how many ids it is made for; it holds no more than a fifth above that */
  static make(idCountMax: number, kind: 'shared' | 'local'): ClaimSegment {
    const slotCount = Math.max(SLOTS_MIN, Math.ceil(idCountMax / LOAD_MAX));
    assert(slotCount <= SLOTS_MAX, 'a segment has a limited number of slots');
    const size = 4 * slotStart(slotCount);
    const buffer = kind === 'shared' ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
    new Int32Array(buffer).set([slotCount, 0, CLAIMS]);
    return new ClaimSegment(buffer);
  }

  get idCount(): number {
    return Atomics.load(this.#words, 1);
  }

  /** Whether it is as full as it was made for: time to add another. */
  get isCrowded(): boolean {
    return this.idCount >= this.#slotCount * LOAD_MAX;
  }

  has(id: Digest): boolean {
    return this.#find(keyOf(id)).state === 'present';
  }

  /**
   * Enters the id unless it is here, whoever else tries at the same moment.
   * @returns `full` where there was no room: the id is neither here nor entered
   */
  claim(id: Digest): 'claimed' | 'present' | 'full' {
    const words = this.#words;
    const key = keyOf(id);
    if (isStateOnly(key)) return 'full';
    const isFull = this.idCount >= this.#slotCount * FILL_MAX;
    for (;;) {
      const { state, at } = this.#find(key);
      if (state !== 'free') return state;
      if (isFull) return 'full';
      // Somebody else may have been faster, and with this very id.
      if (Atomics.compareExchange(words, at + STATE, FREE, BUSY) !== FREE) continue;
      words[at] = key.a;
      words[at + 1] = key.b;
      words[at + 2] = key.c;
      Atomics.store(words, at + STATE, key.d);
      Atomics.add(words, 1, 1);
      return 'claimed';
    }
  }

  /** The slot of an id, or the free one in which it would stand. */
  #find(key: IdKey): { readonly state: 'present' | 'free' | 'full'; readonly at: number } {
    const words = this.#words;
    let slot = slotOf(key.order, this.#slotCount);
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const at = slotStart(slot);
      const state = settled(words, at + STATE);
      if (state === FREE) return { state: 'free', at };
      if (state === key.d && isKeyAt(words, at, key)) return { state: 'present', at };
      slot = slot + 1 === this.#slotCount ? 0 : slot + 1;
    }
    return { state: 'full', at: 0 };
  }
}

/** Whether a buffer of a table is of claims; else it is an `IdSegment`. */
export function isClaims(buffer: ArrayBufferLike): boolean {
  return new Int32Array(buffer, 0, HEAD_WORDS)[2] === CLAIMS;
}

const CLAIMS = 1;
const FREE = 0;
const BUSY = 1;
/** A miss looks at some 13 slots, four of which lie in one line of the processor's cache. */
const LOAD_MAX = 0.8;
const FILL_MAX = 0.95;
const SLOTS_MIN = 1024;
const SLOTS_MAX = 100_000_000;
const PROBES_MAX = 4096;
const HEAD_WORDS = 4;
const SLOT_WORDS = 4;
/** Which word of a slot says what it is. */
const STATE = 3;

function slotStart(slot: number): number {
  return HEAD_WORDS + slot * SLOT_WORDS;
}

/** Its last word cannot be told from a state. */
function isStateOnly({ d }: IdKey): boolean {
  return d === FREE || d === BUSY;
}

/** The state of a slot once nobody is writing it: a writer needs four stores, so this is brief. */
function settled(words: Int32Array, at: number): number {
  for (;;) {
    const state = Atomics.load(words, at);
    if (state !== BUSY) return state;
  }
}

/** The last word was compared with the state. */
function isKeyAt(words: Int32Array, at: number, key: IdKey): boolean {
  return words[at] === key.a && words[at + 1] === key.b && words[at + 2] === key.c;
}
