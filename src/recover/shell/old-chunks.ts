/**
 * What the old version of a large file holds of the new one: it is cut as the new one is, so that equal
 * pieces have equal digests, and what changed is told by the piece that it comes closest to.
 */
import type { Digest } from '../../base/bytes.ts';
import { type FileHandle, type Source, STAT_SIZE, STAT_WORDS } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { Cut } from '../../manifest/core/entry-fields.ts';
import { type PlacedChunk, ZERO_DIGEST } from '../../manifest/core/list.ts';
import { gearPieces } from '../../vault/shell/cut-content.ts';
import { type OldPiece, pairChunks } from '../core/pair-chunks.ts';

/** Of one file, old and new; of what is larger the rest comes as a whole. */
const PIECES_MAX = 500_000;

export interface OldVersion {
  readonly bytes: Uint8Array;
  /** Absent: the old version of the whole file, as the other side knows it too. */
  readonly digest?: Digest;
}

export class OldChunks {
  readonly #ports: { readonly source: Source; readonly tools: Tools };
  readonly #file: FileHandle;
  readonly #pairs: ReadonlyMap<Digest, OldPiece>;

  /** @param file the old version; it stays the caller's */
  constructor(
    ports: { readonly source: Source; readonly tools: Tools },
    file: FileHandle,
    now: { readonly cut: Cut; readonly chunks: Iterable<PlacedChunk> },
  ) {
    this.#ports = ports;
    this.#file = file;
    this.#pairs =
      now.cut === 'gear-1'
        ? pairChunks(firstOf(now.chunks), this.#gearPieces())
        : this.#blocksAt(firstOf(now.chunks));
  }

  has(digest: Digest): boolean {
    return this.#pairs.get(digest)?.digest === digest;
  }

  /** Undefined where it is not there, or no longer. */
  read(digest: Digest): Uint8Array | undefined {
    return this.has(digest) ? this.like(digest)?.bytes : undefined;
  }

  /** What the chunk comes closest to. */
  like(digest: Digest): OldVersion | undefined {
    const piece = this.#pairs.get(digest);
    if (piece === undefined) return undefined;
    const bytes = new Uint8Array(piece.length);
    return this.#digestAt(piece.offset, bytes) === piece.digest
      ? { bytes, digest: piece.digest }
      : undefined;
  }

  #gearPieces(): readonly OldPiece[] {
    const { source, tools } = this.#ports;
    const words = new BigInt64Array(STAT_WORDS);
    source.statFile(this.#file, words);
    const old: OldPiece[] = [];
    let offset = 0;
    for (const piece of gearPieces(this.#ports, {
      file: this.#file,
      size: Number(words[STAT_SIZE]),
    })) {
      old.push({ offset, length: piece.length, digest: tools.hash.sha256(piece) });
      offset += piece.length;
      if (old.length === PIECES_MAX) break;
    }
    return old;
  }

  /** At fixed offsets nothing moves: holes are not looked at. */
  #blocksAt(chunks: Iterable<PlacedChunk>): Map<Digest, OldPiece> {
    const pairs = new Map<Digest, OldPiece>();
    for (const { offset, length, digest } of chunks) {
      if (digest === ZERO_DIGEST || pairs.has(digest)) continue;
      const at = { offset: Number(offset), length };
      const old = this.#digestAt(at.offset, new Uint8Array(length));
      if (old === undefined) break;
      pairs.set(digest, { ...at, digest: old });
    }
    return pairs;
  }

  #digestAt(offset: number, into: Uint8Array): Digest | undefined {
    const { source, tools } = this.#ports;
    return source.read(this.#file, into, offset) === into.length
      ? tools.hash.sha256(into)
      : undefined;
  }
}

/** The other side says how many there are, and how small; holes cost nothing. */
function* firstOf(chunks: Iterable<PlacedChunk>): Generator<PlacedChunk> {
  let count = 0;
  for (const chunk of chunks) {
    yield chunk;
    if (chunk.digest !== ZERO_DIGEST) count += 1;
    if (count === PIECES_MAX) return;
  }
}
