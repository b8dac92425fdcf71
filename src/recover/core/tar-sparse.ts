/** Sparse files as GNU tar keeps them in pax archives, format 1.0: a map, then what is stored. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Hole } from '../../manifest/core/entry-fields.ts';
import { type PaxRecord, TAR_BLOCK } from './tar-header.ts';

/** What is stored between holes, ascending; a hole at the end leaves an empty one there. */
export function* storedSpans(size: bigint, holes: Iterable<Hole>): Generator<Hole> {
  let at = 0n;
  for (const hole of holes) {
    if (hole.offset > at) yield { offset: at, length: hole.offset - at };
    at = hole.offset + hole.length;
  }
  // GNU tar takes the end of the last span for the end of the file.
  yield { offset: at, length: size - at };
}

export interface SparseShape {
  readonly spanCount: number;
  /** Bytes of the map, padded to blocks. */
  readonly mapSize: number;
  readonly storedBytes: bigint;
}

/** Counts a map without holding it. */
export function sparseShape(spans: Iterable<Hole>): SparseShape {
  let spanCount = 0;
  let textSize = 0;
  let storedBytes = 0n;
  for (const span of spans) {
    spanCount += 1;
    textSize += spanText(span).length;
    storedBytes += span.length;
  }
  textSize += countText(spanCount).length;
  return { spanCount, mapSize: Math.ceil(textSize / TAR_BLOCK) * TAR_BLOCK, storedBytes };
}

/** The text of the map, piece by piece, without its padding. */
export function* sparseMap(shape: SparseShape, spans: Iterable<Hole>): Generator<ByteString> {
  yield countText(shape.spanCount);
  for (const span of spans) yield spanText(span);
}

export function sparseRecords(name: ByteString, size: bigint): PaxRecord[] {
  const record = (key: string, value: string): PaxRecord => ({
    key: byteString(`GNU.sparse.${key}`),
    value: byteString(value),
  });
  return [
    record('major', '1'),
    record('minor', '0'),
    record('name', name),
    record('realsize', String(size)),
  ];
}

function countText(count: number): ByteString {
  return byteString(`${count}\n`);
}

function spanText({ offset, length }: Hole): ByteString {
  return byteString(`${offset}\n${length}\n`);
}
