import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { corrupt } from './corrupt.ts';
import { type FileContent, type Hole, INLINE_MAX } from './entry-fields.ts';
import type { EmitBytes } from './list.ts';

const HOLES_MAX = 16_384;
const RECORD_SIZE = 16;

/** What an entry says about the holes of its file. */
export type HoleFields = Pick<FileContent, 'holes' | 'holeLists'>;

export interface HoleListOptions {
  readonly emit: EmitBytes;
  /** Holes in an object; tests make it small. */
  readonly holesMax?: number;
}

/** Collects the holes of one file, in order: up to 32 for the entry itself, else in lists. */
export class HoleTable {
  readonly #emit: EmitBytes;
  readonly #holesMax: number;
  readonly #lists: Digest[] = [];
  #holes: Hole[] = [];
  #last: Hole | undefined;

  constructor(options: HoleListOptions) {
    this.#emit = options.emit;
    this.#holesMax = options.holesMax ?? HOLES_MAX;
  }

  /** Touching holes become one. */
  push(hole: Hole): void {
    const last = this.#last;
    const end = last === undefined ? 0n : last.offset + last.length;
    assert(hole.length > 0n && hole.offset >= end, 'holes come in order and are not empty');
    if (last !== undefined && end === hole.offset) {
      this.#last = { offset: last.offset, length: last.length + hole.length };
      return;
    }
    if (last !== undefined) this.#keep(last);
    this.#last = hole;
  }

  /** @returns nothing where the file has no holes */
  finish(): HoleFields {
    if (this.#last === undefined) return {};
    if (this.#lists.length === 0 && this.#holes.length < INLINE_MAX) {
      return { holes: [...this.#holes, this.#last] };
    }
    this.#keep(this.#last);
    this.#flush();
    return { holeLists: this.#lists };
  }

  #keep(hole: Hole): void {
    if (this.#holes.length === this.#holesMax) this.#flush();
    this.#holes.push(hole);
  }

  #flush(): void {
    const view = new DataView(new ArrayBuffer(this.#holes.length * RECORD_SIZE));
    for (const [index, hole] of this.#holes.entries()) {
      view.setBigUint64(index * RECORD_SIZE, hole.offset, true);
      view.setBigUint64(index * RECORD_SIZE + 8, hole.length, true);
    }
    this.#lists.push(this.#emit(new Uint8Array(view.buffer), 0));
    this.#holes = [];
  }
}

/**
 * The holes of a file in order, wherever they are listed.
 *
 * @throws Fault HF_MANIFEST_CORRUPT; what `load` throws
 */
export function* holesOf(
  content: FileContent,
  load: (digest: Digest) => Uint8Array,
): Generator<Hole> {
  yield* content.holes ?? [];
  let end = -1n;
  for (const list of content.holeLists ?? []) {
    for (const hole of parseHoleList(load(list))) {
      if (hole.offset <= end || hole.length === 0n) throw corrupt('holes touch or are not sorted');
      end = hole.offset + hole.length;
      if (end > content.size) throw corrupt('a hole lies behind the end');
      yield hole;
    }
  }
}

function* parseHoleList(bytes: Uint8Array): Generator<Hole> {
  const count = bytes.length / RECORD_SIZE;
  if (!Number.isInteger(count) || count === 0 || count > HOLES_MAX) {
    throw corrupt('a list of holes is too short or too long');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += RECORD_SIZE) {
    yield { offset: view.getBigUint64(at, true), length: view.getBigUint64(at + 8, true) };
  }
}
