/** The first so many bytes of what a child says; how much it was is known all the same. */
export class FirstBytes {
  readonly #max: number;
  readonly #parts: Buffer[] = [];
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(part: Buffer): void {
    if (this.#size < this.#max) this.#parts.push(part.subarray(0, this.#max - this.#size));
    this.#size += part.length;
  }

  get isCut(): boolean {
    return this.#size > this.#max;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }
}
