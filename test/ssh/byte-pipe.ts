import { Fault } from '../../src/base/fault.ts';
import type { ByteReader, ByteWriter } from '../../src/vault/shell/stdio-stream.ts';

/** Bytes from a writer to a reader, with a hand on it. */
export class BytePipe implements ByteReader, ByteWriter {
  /** Written and not read yet. */
  waitingBytes = 0;
  writtenBytes = 0;
  /** Writers wait while more than this was not read. */
  readonly #roomBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #isEnded = false;
  #wake: (() => void)[] = [];

  constructor(roomBytes = Number.POSITIVE_INFINITY) {
    this.#roomBytes = roomBytes;
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#isEnded) await this.#change();
    const next = this.#chunks.shift();
    this.waitingBytes -= next?.length ?? 0;
    this.#changed();
    return next;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isEnded) throw new Fault('HF_STORE_LINK_LOST', 'nobody reads', { host: 'test' });
    this.#chunks.push(bytes.slice());
    this.waitingBytes += bytes.length;
    this.writtenBytes += bytes.length;
    this.#changed();
    while (this.#mustWait()) await this.#change();
  }

  #mustWait(): boolean {
    return this.waitingBytes > this.#roomBytes && !this.#isEnded;
  }

  end(): void {
    this.#isEnded = true;
    this.#changed();
  }

  /** All that comes until the end. */
  async rest(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let part = await this.read(); part !== undefined; part = await this.read()) {
      parts.push(part);
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
