const NEWLINE = 0x0a;
/** A line that is longer is none of a listing. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;

/** Lines of a stream, as they come; memory holds one line, however long the stream is. */
export class LineSplitter {
  readonly #see: (line: string) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(see: (line: string) => void) {
    this.#see = see;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#take(chunk.subarray(from, at));
      from = at + 1;
    }
    const rest = chunk.subarray(from);
    if (rest.length === 0) return;
    this.#rest.push(rest);
    this.#restBytes += rest.length;
    if (this.#restBytes > LINE_BYTES_MAX) {
      this.#rest = [];
      this.#restBytes = 0;
    }
  }

  /** What came after the last line end is a line as well. */
  end(): void {
    if (this.#restBytes > 0) this.#take(Buffer.alloc(0));
  }

  #take(last: Buffer): void {
    const line = this.#rest.length === 0 ? last : Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    this.#restBytes = 0;
    if (line.length > 0) this.#see(line.toString('utf8'));
  }
}
