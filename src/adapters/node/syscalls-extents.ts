/** Holes, and what the page cache keeps. */
import type { Answer } from './syscalls.ts';
import { doneOr, ENXIO, failedNow, failedWith, native } from './syscalls.ts';

/** A run of bytes that are stored; what lies between two is a hole and reads as zeros. */
export interface DataSegment<Offset extends number | bigint> {
  readonly offset: Offset;
  readonly length: Offset;
}

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const FALLOC_KEEP_SIZE = 0x01;
const FALLOC_PUNCH_HOLE = 0x02;
const POSIX_FADV_DONTNEED = 4;

interface Arithmetic<Offset extends number | bigint> {
  readonly of: (value: number | bigint) => Offset;
  readonly minus: (a: Offset, b: Offset) => Offset;
}

const NUMBERS: Arithmetic<number> = { of: Number, minus: (a, b) => a - b };
const BIGINTS: Arithmetic<bigint> = { of: BigInt, minus: (a, b) => a - b };

/**
 * What of the first `size` bytes is stored, in order, without overlap; adjacent runs are one.
 * Moves the file offset of `fd`: read by position. A file system without SEEK_DATA says that all
 * is data.
 *
 * @param size a safe integer, where to stop; a file that grows meanwhile does not make it run on
 */
export function dataSegments(fd: number, size: number): Answer<readonly DataSegment<number>[]> {
  return segments(fd, size, NUMBERS);
}

/** As `dataSegments`, for sizes that may pass 2^53 (a sparse file on XFS or tmpfs can). */
export function dataSegmentsBig(fd: number, size: bigint): Answer<readonly DataSegment<bigint>[]> {
  return segments(fd, size, BIGINTS);
}

/** Frees these bytes and keeps the size; they read as zeros. Whole blocks only become holes. */
export function punchHole(
  fd: number,
  range: { readonly offset: number; readonly length: number },
): Answer<undefined> {
  const mode = FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE;
  return doneOr(native('fallocate')(fd, mode, range.offset, range.length));
}

/** Lets the page cache forget this file (0, 0: all of it), so that a backup evicts nobody else. */
export function dropCached(
  fd: number,
  range: { readonly offset: number; readonly length: number } = { offset: 0, length: 0 },
): Answer<undefined> {
  // This one returns its error instead of setting errno, and -1 where it is not available.
  const returned = Number(
    native('posix_fadvise')(fd, range.offset, range.length, POSIX_FADV_DONTNEED),
  );
  return returned > 0 ? failedWith(returned) : doneOr(returned);
}

function segments<Offset extends number | bigint>(
  fd: number,
  size: Offset,
  { of, minus }: Arithmetic<Offset>,
): Answer<readonly DataSegment<Offset>[]> {
  const found: DataSegment<Offset>[] = [];
  const lseek = native('lseek');
  let at = of(0);
  while (at < size) {
    const start = lseek(fd, at, SEEK_DATA);
    if (start < 0) {
      const failure = failedNow();
      if (failure.error.errno === ENXIO) break; // No data from here to the end.
      return failure;
    }
    if (start >= size) break;
    const end = lseek(fd, start, SEEK_HOLE);
    // ENXIO here: it was cut short between the two calls, and the caller's second look sees that.
    if (end < 0) return failedNow();
    const stop = end < size ? of(end) : size;
    found.push({ offset: of(start), length: minus(stop, of(start)) });
    at = stop;
  }
  return { ok: true, value: found };
}
