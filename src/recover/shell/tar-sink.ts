import type { ByteString } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import type { Codec } from '../../host/codec.ts';

const PIECE_SIZE = MIB;

/** Collects what is written into pieces of one size, each given away once and never touched again. */
export class TarSink {
  readonly #codec: Codec;
  #piece = new Uint8Array(PIECE_SIZE);
  #filled = 0;
  #full: Uint8Array[] = [];
  /** Bytes so far. */
  size = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  text(text: ByteString): void {
    if (this.#filled + text.length > PIECE_SIZE) {
      this.bytes(this.#codec.bytesOf(text));
      return;
    }
    this.#codec.writeText(text, this.#piece, this.#filled);
    this.#add(text.length);
  }

  bytes(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + PIECE_SIZE - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#add(part.length);
      at += part.length;
    }
  }

  zeros(count: number): void {
    for (let left = count; left > 0; ) {
      // A new piece is all zeros, and no part of it is used twice.
      const part = Math.min(left, PIECE_SIZE - this.#filled);
      this.#add(part);
      left -= part;
    }
  }

  /** The pieces that are full. */
  take(): readonly Uint8Array[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** What is left, at the end. */
  rest(): Uint8Array {
    return this.#piece.subarray(0, this.#filled);
  }

  #add(count: number): void {
    this.#filled += count;
    this.size += count;
    if (this.#filled < PIECE_SIZE) return;
    this.#full.push(this.#piece);
    this.#piece = new Uint8Array(PIECE_SIZE);
    this.#filled = 0;
  }
}
