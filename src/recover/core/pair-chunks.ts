/** Which piece of an old version a chunk of the new one is, or comes closest to. */
import type { Digest } from '../../base/bytes.ts';
import { type PlacedChunk, ZERO_DIGEST } from '../../manifest/core/list.ts';

export interface OldPiece {
  readonly offset: number;
  readonly length: number;
  readonly digest: Digest;
}

/**
 * Between two chunks that both have, what comes is taken for what stood behind the first; the last of
 * them ends like what stood before the second.
 *
 * @param old in order, without gaps
 */
export function pairChunks(
  now: Iterable<PlacedChunk>,
  old: readonly OldPiece[],
): Map<Digest, OldPiece> {
  const known = new Map(old.map((piece) => [piece.digest, piece]));
  const pairs = new Map<Digest, OldPiece>();
  let shift = 0;
  let run: PlacedChunk[] = [];
  for (const chunk of now) {
    if (chunk.digest === ZERO_DIGEST) continue;
    const offset = Number(chunk.offset);
    const same = known.get(chunk.digest);
    if (same === undefined) {
      run = [...run.slice(-1), chunk];
      pair(pairs, chunk, pieceAt(old, offset - shift));
      continue;
    }
    pairs.set(chunk.digest, same);
    shift = offset - same.offset;
    const [before, last] = run;
    if (before !== undefined && last !== undefined) {
      pair(pairs, last, pieceAt(old, Number(last.offset) + last.length - 1 - shift));
    }
    run = [];
  }
  return pairs;
}

function pair(
  pairs: Map<Digest, OldPiece>,
  { digest }: PlacedChunk,
  piece: OldPiece | undefined,
): void {
  if (piece !== undefined) pairs.set(digest, piece);
}

function pieceAt(old: readonly OldPiece[], offset: number): OldPiece | undefined {
  let [from, to] = [0, old.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const piece = old[middle];
    if (piece === undefined) return undefined;
    if (offset < piece.offset) to = middle;
    else if (offset >= piece.offset + piece.length) from = middle + 1;
    else return piece;
  }
  return undefined;
}
