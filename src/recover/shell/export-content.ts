/** The content of one file in order, checked, without its holes. */
import type { Digest } from '../../base/bytes.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import type { FileEntry } from '../../manifest/core/entry.ts';
import type { Hole } from '../../manifest/core/entry-fields.ts';
import { holesOf } from '../../manifest/core/hole-list.ts';
import { chunksOfList, type PlacedChunk, ZERO_DIGEST } from '../../manifest/core/list.ts';
import { CONTENT, NAMES } from '../../vault/core/object-id.ts';
import { type Span, SpanCutter } from '../core/file-spans.ts';
import type { ObjectReader } from './object-reader.ts';

/** A run of bytes: those of `view` that `spans` name, or as many zeros where there is none. */
export interface ContentPiece {
  /** Good until the next piece is asked for. */
  readonly view: Uint8Array | undefined;
  /** Offsets in the file; those of `view` begin at `offset`. */
  readonly spans: readonly Span[];
  readonly offset: number;
}

/** @throws Fault HF_MANIFEST_CORRUPT, and what reading lists gives */
export function fileHoles(entry: FileEntry, reader: ObjectReader): Generator<Hole> {
  return holesOf(entry, (digest) => listOf(reader, digest));
}

/**
 * Reads chunk by chunk; each has its digest when it is given.
 *
 * @param holes left out; none gives the whole content
 * @throws Fault HF_MANIFEST_CORRUPT where a chunk has another length, and what reading gives
 */
export function* contentPieces(
  entry: FileEntry,
  reader: ObjectReader,
  holes: Iterable<Hole>,
): Generator<ContentPiece> {
  const cutter = new SpanCutter(holes);
  for (const { offset, length, digest } of chunksOf(entry, reader)) {
    const at = Number(offset);
    // Holes may be read from the vault too: before the content, which is a view.
    const spans = cutter.cut({ offset: at, length });
    if (digest === ZERO_DIGEST) {
      yield { view: undefined, spans, offset: at };
      continue;
    }
    const view = reader.read(CONTENT, digest);
    if (view.length !== length) throw corrupt('a chunk is not as long as its entry says');
    yield { view, spans, offset: at };
  }
}

function* chunksOf(entry: FileEntry, reader: ObjectReader): Generator<PlacedChunk> {
  const { list, cut, size, sha256, chunks = [] } = entry;
  if (cut === undefined) {
    if (size > 0n && sha256 !== undefined) {
      yield { offset: 0n, length: Number(size), digest: sha256 };
    }
    return;
  }
  let offset = 0n;
  for (const chunk of chunks) {
    yield { ...chunk, offset };
    offset += BigInt(chunk.length);
  }
  if (list === undefined) return;
  yield* chunksOfList({ list, cut, size, load: (digest) => listOf(reader, digest) });
}

/** A copy: lists are read on while content is. */
function listOf(reader: ObjectReader, digest: Digest): Uint8Array {
  return reader.read(NAMES, digest).slice();
}
