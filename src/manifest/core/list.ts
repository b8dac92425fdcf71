import { assert } from '../../base/assert.ts';
import { type Digest, digestOfBytes } from '../../base/bytes.ts';
import { BLOCK_SIZE } from './blocks.ts';
import { corrupt } from './corrupt.ts';
import { CHUNK_SIZE_MAX, type Chunk, type Cut, INLINE_MAX, type ListRef } from './entry-fields.ts';

/** Stands for a block of zeros, which has no chunk. */
export const ZERO_DIGEST = digestOfBytes('\0'.repeat(32));

export const LIST_FANOUT = 4096;
const RECORD_SIZE = 40;

/**
 * Keeps the bytes of an object, which are not touched any more, and says their digest. `depth`: 0
 * refers to nothing, 1 to chunks, more to lists.
 */
export type EmitBytes = (bytes: Uint8Array, depth: number) => Digest;

export interface ListOptions {
  readonly emit: EmitBytes;
  /** Records in an object; tests make it small. */
  readonly fanout?: number;
}

/** What an entry says about its chunks. */
export type ChunkFields = { readonly chunks: readonly Chunk[] } | { readonly list: ListRef };

/** Collects the chunks of one file, in order: up to 32 for the entry itself, else as a list. */
export class ChunkTable {
  readonly #options: ListOptions;
  #chunks: Chunk[] = [];
  #list: ListBuilder | undefined;

  constructor(options: ListOptions) {
    this.#options = options;
  }

  /** @param digest `ZERO_DIGEST` for a block of zeros in a file cut at fixed offsets */
  push(length: number, digest: Digest): void {
    if (this.#list === undefined && this.#chunks.length < INLINE_MAX) {
      this.#chunks.push({ length, digest });
    } else {
      this.#listMade().push(length, digest);
    }
  }

  /** @param count whole blocks of 131072 zeros; any number costs the same */
  pushZeros(count: number): void {
    if (this.#list === undefined && this.#chunks.length + count <= INLINE_MAX) {
      for (let left = count; left > 0; left--) this.push(BLOCK_SIZE, ZERO_DIGEST);
    } else {
      this.#listMade().pushZeros(count);
    }
  }

  finish(): ChunkFields {
    return this.#list === undefined ? { chunks: this.#chunks } : { list: this.#list.finish() };
  }

  #listMade(): ListBuilder {
    if (this.#list === undefined) {
      this.#list = new ListBuilder(this.#options);
      for (const { length, digest } of this.#chunks) this.#list.push(length, digest);
      this.#chunks = [];
    }
    return this.#list;
  }
}

/** An object that is being filled. */
interface OpenList {
  view: DataView<ArrayBuffer>;
  count: number;
  span: bigint;
}

/** Builds the tree of chunk list objects (manifest.md 3), holding one object for each depth. */
export class ListBuilder {
  readonly #emit: EmitBytes;
  readonly #fanout: number;
  /** At index d the open object of depth d + 1. */
  readonly #open: OpenList[] = [];
  /** At index d the digest of a full object of depth d, all zeros; 0: a block. */
  readonly #zeros: Digest[] = [ZERO_DIGEST];

  constructor(options: ListOptions) {
    this.#emit = options.emit;
    this.#fanout = options.fanout ?? LIST_FANOUT;
  }

  push(length: number, digest: Digest): void {
    assert(length > 0 && length <= CHUNK_SIZE_MAX, 'a chunk is neither empty nor too large');
    this.#add(0, BigInt(length), digest);
  }

  pushZeros(count: number): void {
    this.#addZeros(0, count);
  }

  /** There was at least one chunk. */
  finish(): ListRef {
    for (let level = 0; ; level++) {
      const open = this.#open[level];
      assert(open !== undefined, 'a list has a chunk');
      const digest = this.#emit(bytesOf(open), level + 1);
      if (level + 1 === this.#open.length) return { depth: level + 1, digest };
      this.#add(level + 1, open.span, digest);
    }
  }

  #add(level: number, span: bigint, digest: Digest): void {
    const open = this.#openAt(level);
    const at = open.count * RECORD_SIZE;
    open.view.setBigUint64(at, span, true);
    for (let byte = 0; byte < digest.length; byte++) {
      open.view.setUint8(at + 8 + byte, digest.charCodeAt(byte));
    }
    open.count += 1;
    open.span += span;
  }

  /** The object for the next record: a full one is closed only now, so that none stays empty. */
  #openAt(level: number): OpenList {
    const open = this.#open[level];
    if (open !== undefined && open.count < this.#fanout) return open;
    if (open !== undefined) this.#add(level + 1, open.span, this.#emit(bytesOf(open), level + 1));
    return this.#begin(level);
  }

  #begin(level: number): OpenList {
    const view = new DataView(new ArrayBuffer(this.#fanout * RECORD_SIZE));
    const open = { view, count: 0, span: 0n };
    this.#open[level] = open;
    return open;
  }

  #addZeros(level: number, count: number): void {
    let left = count;
    for (; left > 0 && this.#isPart(level); left--) this.#addZero(level);
    if (left > this.#fanout) {
      // The last full object stays open here: it is closed when another record follows.
      const objects = Math.ceil(left / this.#fanout) - 1;
      const full = this.#open[level];
      if (full !== undefined) this.#add(level + 1, full.span, this.#emit(bytesOf(full), level + 1));
      this.#begin(level);
      this.#addZeros(level + 1, objects);
      left -= objects * this.#fanout;
    }
    for (; left > 0; left--) this.#addZero(level);
  }

  #isPart(level: number): boolean {
    const open = this.#open[level];
    return open !== undefined && open.count > 0 && open.count < this.#fanout;
  }

  #addZero(level: number): void {
    this.#add(level, zeroSpan(level, this.#fanout), this.#zero(level));
  }

  #zero(depth: number): Digest {
    const known = this.#zeros[depth];
    if (known !== undefined) return known;
    const below = this.#zero(depth - 1);
    const emit = (bytes: Uint8Array): Digest => this.#emit(bytes, depth);
    const object = new ListBuilder({ emit, fanout: this.#fanout });
    for (let left = this.#fanout; left > 0; left--) {
      object.#add(0, zeroSpan(depth - 1, this.#fanout), below);
    }
    const made = object.finish().digest;
    this.#zeros[depth] = made;
    return made;
  }
}

/** Bytes that a record of a full list of depth `level` + 1 spans where blocks are fixed. */
function zeroSpan(level: number, fanout: number): bigint {
  return BigInt(BLOCK_SIZE) * BigInt(fanout) ** BigInt(level);
}

function bytesOf(open: OpenList): Uint8Array {
  return new Uint8Array(open.view.buffer, 0, open.count * RECORD_SIZE);
}

/** One object of a chunk list, as read. */
export interface ChunkList {
  readonly count: number;
  spanAt(index: number): bigint;
  digestAt(index: number): Digest;
}

/** @throws Fault HF_MANIFEST_CORRUPT */
export function parseChunkList(bytes: Uint8Array, fanout = LIST_FANOUT): ChunkList {
  const count = bytes.length / RECORD_SIZE;
  if (!Number.isInteger(count) || count === 0 || count > fanout) {
    throw corrupt('a chunk list is too short or too long');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    count,
    spanAt: (index) => view.getBigUint64(index * RECORD_SIZE, true),
    digestAt: (index) => {
      const at = index * RECORD_SIZE + 8;
      return digestOfBytes(String.fromCharCode(...bytes.subarray(at, at + 32)));
    },
  };
}

export interface PlacedChunk extends Chunk {
  readonly offset: bigint;
}

export interface ReadListOptions {
  readonly list: ListRef;
  readonly cut: Cut;
  /** Bytes of the file. */
  readonly size: bigint;
  /** Gives the bytes of the object with this digest, checked. */
  readonly load: (digest: Digest) => Uint8Array;
  /** The first chunk given is the one that holds this offset. */
  readonly from?: bigint;
  readonly fanout?: number;
}

/**
 * The chunks of a file from the one at offset `from` on. Loads one object for each depth; at fixed
 * offsets the chunk is found by division.
 *
 * @throws Fault HF_MANIFEST_CORRUPT where spans do not add up; what `load` throws
 */
export function* chunksOfList(options: ReadListOptions): Generator<PlacedChunk> {
  const { list, size } = options;
  yield* chunksBelow(options, { ...list, offset: 0n, span: size, isLast: true });
}

interface Place extends ListRef {
  readonly offset: bigint;
  readonly span: bigint;
  /** Whether it is the last object of its level: only that one may be less than full. */
  readonly isLast: boolean;
}

function* chunksBelow(options: ReadListOptions, place: Place): Generator<PlacedChunk> {
  const { cut, load, from = 0n, fanout = LIST_FANOUT } = options;
  const object = parseChunkList(load(place.digest), fanout);
  checkSpans(object, { place, fanout, isFixed: cut === 'fixed-131072' });
  let index = 0;
  let offset = place.offset;
  if (cut === 'fixed-131072' && from > offset) {
    const unit = zeroSpan(place.depth - 1, fanout);
    index = Number((from - offset) / unit);
    offset += BigInt(index) * unit;
  }
  for (; index < object.count; index++) {
    const span = object.spanAt(index);
    const end = offset + span;
    if (end > from) {
      const digest = object.digestAt(index);
      const isLast = place.isLast && index === object.count - 1;
      if (place.depth === 1) yield { offset, length: Number(span), digest };
      else yield* chunksBelow(options, { depth: place.depth - 1, digest, offset, span, isLast });
    }
    offset = end;
  }
}

interface SpanCheck {
  readonly place: Place;
  readonly fanout: number;
  readonly isFixed: boolean;
}

function checkSpans(object: ChunkList, { place, fanout, isFixed }: SpanCheck): void {
  const unit = zeroSpan(place.depth - 1, fanout);
  const spanMax = BigInt(CHUNK_SIZE_MAX) * BigInt(fanout) ** BigInt(place.depth - 1);
  let sum = 0n;
  for (let index = 0; index < object.count; index++) {
    const span = object.spanAt(index);
    const isTail = place.isLast && index === object.count - 1;
    const isRight = isFixed ? span === unit || (isTail && span < unit) : span <= spanMax;
    if (!isRight || span === 0n) throw corrupt('a chunk list has a wrong span');
    sum += span;
  }
  if (sum !== place.span) throw corrupt('the spans of a chunk list do not add up');
  if (!place.isLast && object.count < fanout) throw corrupt('a chunk list inside is not full');
}
