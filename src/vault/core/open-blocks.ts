import { assert } from '../../base/assert.ts';
import type { Codec } from '../../host/codec.ts';

export interface PackedBlock {
  readonly packed: Uint8Array;
  /** Unpacked. */
  readonly sizeBytes: number;
}

interface OpenBlock<T> {
  readonly number: number;
  readonly room: Uint8Array;
  readonly made: T;
}

export interface OpenBlocksOptions<T> {
  /** So many stay unpacked. */
  readonly max: number;
  readonly packed: (number: number) => PackedBlock;
  /** What a block is to who asks for it; `room` may be larger than its `sizeBytes`. */
  readonly make: (room: Uint8Array, number: number) => T;
}

/** Of many compressed blocks those that were used last, unpacked; the memory of one is used again. */
export class OpenBlocks<T> {
  readonly #codec: Codec;
  readonly #options: OpenBlocksOptions<T>;
  /** The one that was used last stands last. */
  readonly #open: OpenBlock<T>[] = [];

  constructor(codec: Codec, options: OpenBlocksOptions<T>) {
    this.#codec = codec;
    this.#options = options;
  }

  /** Good until so many others were asked for. */
  opened(number: number): T {
    const at = this.#open.findIndex((each) => each.number === number);
    const [found] = at === -1 ? [] : this.#open.splice(at, 1);
    const opened = found ?? this.#unpacked(number);
    this.#open.push(opened);
    return opened.made;
  }

  clear(): void {
    this.#open.length = 0;
  }

  #unpacked(number: number): OpenBlock<T> {
    const { max, packed: packedOf, make } = this.#options;
    const { packed, sizeBytes } = packedOf(number);
    const oldest = this.#open.length < max ? undefined : this.#open.shift();
    const isRoomy = oldest !== undefined && oldest.room.length >= sizeBytes;
    const room = isRoomy ? oldest.room : new Uint8Array(sizeBytes);
    const plain = this.#codec.decompress(packed, sizeBytes, room);
    assert(plain.length === sizeBytes, 'what was packed here has its size again');
    if (plain.buffer !== room.buffer) room.set(plain);
    return { number, room, made: make(room, number) };
  }
}
