/** Bounds a look: a time for all of it, shared out among what is still to be looked at. */
export class Budget {
  readonly #nowMs: () => number;
  readonly #endsAtMs: number;
  readonly entriesMax: number;

  constructor(options: {
    readonly nowMs: () => number;
    readonly limitMs: number;
    readonly entriesMax: number;
  }) {
    this.#nowMs = options.nowMs;
    this.#endsAtMs = options.nowMs() + options.limitMs;
    this.entriesMax = options.entriesMax;
  }

  get leftMs(): number {
    return Math.max(0, this.#endsAtMs - this.#nowMs());
  }

  /** Over after `spanMs`, or with the whole. */
  turn(spanMs: number): () => boolean {
    const endsAtMs = Math.min(this.#endsAtMs, this.#nowMs() + spanMs);
    return () => this.#nowMs() >= endsAtMs;
  }

  /** When one of `sharers` equal shares of what is left is used up. */
  share(sharers: number): () => boolean {
    const endsAtMs = this.#nowMs() + this.leftMs / Math.max(1, sharers);
    return () => this.#nowMs() >= endsAtMs;
  }
}
