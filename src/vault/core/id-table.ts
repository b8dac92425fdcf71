import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { ClaimSegment, isClaims } from './claim-segment.ts';
import { ID_VALUE_MAX, IdSegment } from './id-segment.ts';

/** The value of an id that was claimed in this run and of which nothing else is known yet. */
export const CLAIMED = ID_VALUE_MAX;

/**
 * Which ids the vault holds, for all threads of a process: segments of what indexes say, and claims of this
 * run, which grow by segments. Lookups ask all of them, claims go to the newest. A thread that has not heard of the newest segment yet may
 * claim what another has claimed there: then a chunk is stored twice, and nothing worse.
 */
export class IdTable {
  readonly #segments: IdSegment[];
  /** The newest last. */
  readonly #claims: ClaimSegment[];
  #held: HeldElsewhere | undefined;

  /**
   * @param buffers of segments and claims, oldest first; shared ones make it one table in many threads
   * @param held what only `claim` asks, once for each id
   */
  constructor(buffers: readonly ArrayBufferLike[], held?: HeldElsewhere) {
    const kept = buffers.filter((buffer) => !isClaims(buffer));
    this.#segments = kept.map((buffer) => new IdSegment(buffer));
    this.#claims = buffers.filter(isClaims).map((buffer) => new ClaimSegment(buffer));
    this.#held = held;
  }

  /** To be handed to other threads. */
  get buffers(): ArrayBufferLike[] {
    return [...this.#segments, ...this.#claims].map(({ buffer }) => buffer);
  }

  get idCount(): number {
    return [...this.#segments, ...this.#claims].reduce((sum, each) => sum + each.idCount, 0);
  }

  /** Whether claims should get a new segment; they go on working meanwhile. */
  get isCrowded(): boolean {
    return this.#claims.at(-1)?.isCrowded ?? true;
  }

  /** Makes a segment for claims, and returns its buffer for the other threads. */
  grow(idCountMax: number, kind: 'shared' | 'local' = 'shared'): ArrayBufferLike {
    const segment = ClaimSegment.make(idCountMax, kind);
    this.#claims.push(segment);
    return segment.buffer;
  }

  /** What `grow` made in another thread. */
  addSegment(buffer: ArrayBufferLike): void {
    this.#claims.push(new ClaimSegment(buffer));
  }

  /** Takes all that `held` knows as the oldest segment; that is not asked any more. */
  takeHeld(buffer: ArrayBufferLike): void {
    this.#segments.unshift(new IdSegment(buffer));
    this.#held = undefined;
  }

  /** A value of this id, undefined where it is not here. */
  get(id: Digest): number | undefined {
    let value: number | undefined;
    const take = (found: number): boolean => {
      value = found;
      return true;
    };
    for (const segment of this.#segments) if (segment.visit(id, take)) return value;
    return this.#claims.some((claims) => claims.has(id)) ? CLAIMED : undefined;
  }

  has(id: Digest): boolean {
    return this.get(id) !== undefined;
  }

  /** Every value of this id: what is stored twice can be read from either. */
  all(id: Digest): number[] {
    const values: number[] = [];
    const take = (value: number): boolean => {
      values.push(value);
      return false;
    };
    for (const segment of this.#segments) segment.visit(id, take);
    if (this.#claims.some((claims) => claims.has(id))) values.push(CLAIMED);
    return values;
  }

  /**
   * True for one caller only, of all threads that share this table, and only if the id was not
   * here. Where the newest segment is full, true without being remembered: a chunk may then be
   * stored twice, which costs space; refusing to store it would cost the chunk.
   */
  claim(id: Digest): boolean {
    const newest = this.#claims.at(-1);
    assert(newest !== undefined, 'claims need a segment');
    if (this.#segments.some((segment) => segment.visit(id, () => true))) return false;
    if (this.#claims.some((claims) => claims !== newest && claims.has(id))) return false;
    if (newest.claim(id) === 'present') return false;
    // Claimed first: of all threads one looks, and once. What is held is not claimed by anybody.
    return this.#held?.has(id) !== true;
  }
}

/** Who knows of ids that are in no segment. */
export interface HeldElsewhere {
  has(id: Digest): boolean;
}
