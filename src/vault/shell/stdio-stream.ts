/** Bytes in, bytes out: what the conversation of docs/format/stdio.md needs of the world. */
import { type Frame, LENGTH_SIZE, parseFrame, parseLength } from '../core/stdio-frame.ts';

export interface ByteReader {
  /**
   * The next bytes, at least one; undefined when no more come, also where it was cut. The other side
   * is held back while nobody reads.
   */
  read(): Promise<Uint8Array | undefined>;
}

export interface ByteWriter {
  /**
   * Resolves when more may be written; `bytes` may be used again only when they have arrived.
   *
   * @throws Fault HF_STORE_LINK_LOST when nobody reads any more
   */
  write(bytes: Uint8Array): Promise<void>;
}

/** Frames and bodies out of bytes that come as they like. */
export class FrameReader {
  readonly #from: ByteReader;
  #left: Uint8Array = new Uint8Array(0);

  constructor(from: ByteReader) {
    this.#from = from;
  }

  /**
   * @param sizeMax of the frame without its length
   * @returns undefined when the stream ended, also in the middle
   * @throws Fault HF_STORE_PROTOCOL
   */
  async frame(sizeMax: number): Promise<Frame | undefined> {
    const length = await this.exactly(LENGTH_SIZE);
    if (length === undefined) return undefined;
    const bytes = await this.exactly(parseLength(length, sizeMax));
    return bytes === undefined ? undefined : parseFrame(bytes);
  }

  /** @returns that many bytes, in memory of their own; undefined when the stream ended before */
  async exactly(count: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(count);
    const filled = await this.fill(bytes);
    return filled ? bytes : undefined;
  }

  /** @returns false when the stream ended before `into` was full */
  async fill(into: Uint8Array): Promise<boolean> {
    for (let at = 0; at < into.length; ) {
      const some = this.#left.length > 0 ? this.#left : await this.#from.read();
      if (some === undefined) return false;
      const taken = Math.min(some.length, into.length - at);
      into.set(some.subarray(0, taken), at);
      this.#left = some.subarray(taken);
      at += taken;
    }
    return true;
  }

  /** A line of ASCII with its end; undefined when the stream ended, or it is longer. */
  async line(sizeMax: number): Promise<string | undefined> {
    let line = '';
    while (!line.endsWith('\n')) {
      const byte = line.length < sizeMax ? await this.exactly(1) : undefined;
      if (byte === undefined) return undefined;
      line += String.fromCharCode(byte[0] ?? 0);
    }
    return line;
  }
}
