import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { BLOCK_SIZE } from '../../manifest/core/blocks.ts';
import { ZERO_DIGEST } from '../../manifest/core/list.ts';
import type { ObjectWriter } from './object-writer.ts';

/** A part of a large file that is cut at fixed offsets; begins and ends on the grid. */
export interface FileRange {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
  /** Offset and length in turn of what is data within the range. */
  readonly segments: readonly number[];
}

export interface RangeResult {
  /** 32 bytes for each block; of a block of zeros 32 zeros. */
  readonly digests: ByteString;
  readonly readBytes: number;
  /** It could not be read: there are no digests. */
  readonly errno?: string;
}

const ZEROS = new Uint8Array(BLOCK_SIZE);

/** Reads, hashes and keeps the blocks of a range; what lies in holes is not read. */
export function captureRange(
  ports: { readonly source: Source; readonly tools: Tools; readonly content: ObjectWriter },
  range: FileRange,
): RangeResult {
  const { source, tools, content } = ports;
  const digests: string[] = [];
  let readBytes = 0;
  let segment = 0;
  const end = range.offset + range.length;
  for (let offset = range.offset; offset < end; offset += BLOCK_SIZE) {
    const length = Math.min(BLOCK_SIZE, end - offset);
    segment = firstBehind(range.segments, { segment, offset });
    if ((range.segments[segment] ?? end) >= offset + length) {
      digests.push(ZERO_DIGEST);
      continue;
    }
    const room = content.room(length);
    const read = source.read(range.file, room, offset);
    // A file that shrank meanwhile is caught by its identity afterwards.
    if (read < length) room.fill(0, read);
    readBytes += read;
    if (isZero(room)) {
      digests.push(ZERO_DIGEST);
      continue;
    }
    const digest = tools.hash.sha256(room);
    content.keep(digest, length);
    digests.push(digest);
  }
  return { digests: byteString(digests.join('')), readBytes };
}

/** The first segment that ends behind `offset`, as an index into pairs. */
function firstBehind(
  segments: readonly number[],
  from: { readonly segment: number; readonly offset: number },
): number {
  let { segment } = from;
  while (
    segment < segments.length &&
    (segments[segment] ?? 0) + (segments[segment + 1] ?? 0) <= from.offset
  ) {
    segment += 2;
  }
  return segment;
}

export function isZero(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0 || bytes[bytes.length - 1] !== 0) return false;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.equals(bytes.length === ZEROS.length ? ZEROS : ZEROS.subarray(0, bytes.length));
}
