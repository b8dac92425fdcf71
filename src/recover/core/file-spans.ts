import type { Hole } from '../../manifest/core/entry-fields.ts';

/** A run of bytes of a file that has storage. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * What of consecutive pieces of a file has to be written: all but the holes. Pieces and holes are
 * asked for in ascending order, so that neither list is ever held whole.
 */
export class SpanCutter {
  readonly #holes: Iterator<Hole>;
  #hole: Hole | undefined;

  constructor(holes: Iterable<Hole>) {
    this.#holes = holes[Symbol.iterator]();
    this.#hole = this.#next();
  }

  /** @returns the piece itself where no hole touches it; nothing where it lies in one */
  cut(piece: Span): readonly Span[] {
    const end = piece.offset + piece.length;
    const spans: Span[] = [];
    let at = piece.offset;
    for (let hole = this.#hole; hole !== undefined; hole = this.#hole) {
      const start = Number(hole.offset);
      const stop = Number(hole.offset + hole.length);
      if (start >= end) break;
      if (start > at) spans.push({ offset: at, length: start - at });
      at = Math.max(at, Math.min(stop, end));
      if (stop > end) break;
      this.#hole = this.#next();
    }
    if (at < end) spans.push({ offset: at, length: end - at });
    return spans;
  }

  #next(): Hole | undefined {
    const next = this.#holes.next();
    return next.done === true ? undefined : next.value;
  }
}
