/**
 * Bytes of a file that is written while snapshots of it are kept: a snapshot costs nothing, and
 * only writing into what one shares makes a copy.
 */
export class Content {
  #buffer: Uint8Array;
  #size: number;
  /** So many first bytes are shared with snapshots. */
  #shared: number;
  #snapshot: Uint8Array | undefined;

  constructor(initial: Uint8Array) {
    this.#buffer = initial;
    this.#size = initial.length;
    this.#shared = initial.length;
    this.#snapshot = initial;
  }

  get size(): number {
    return this.#size;
  }

  write(offset: number, bytes: Uint8Array): void {
    const size = Math.max(this.#size, offset + bytes.length);
    this.#makeRoom(Math.min(offset, this.#size), size);
    this.#buffer.fill(0, this.#size, Math.max(this.#size, offset));
    this.#buffer.set(bytes, offset);
    this.#size = size;
    this.#snapshot = undefined;
  }

  resize(size: number): void {
    if (size > this.#size) {
      this.#makeRoom(this.#size, size);
      this.#buffer.fill(0, this.#size, size);
    }
    this.#size = size;
    this.#snapshot = undefined;
  }

  /** Never changes; the same object as long as nothing is written. */
  snapshot(): Uint8Array {
    this.#snapshot ??= this.#buffer.subarray(0, this.#size);
    this.#shared = Math.max(this.#shared, this.#size);
    return this.#snapshot;
  }

  #makeRoom(from: number, size: number): void {
    if (from >= this.#shared && size <= this.#buffer.length) return;
    const isTooSmall = size > this.#buffer.length;
    const larger = new Uint8Array(isTooSmall ? Math.max(size, 2 * this.#buffer.length) : size);
    larger.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = larger;
    this.#shared = 0;
  }
}
