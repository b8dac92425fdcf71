import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';

/** Stands at the top of a target until everything is there. */
export const MARKER = byteString('.holdfast-restore');
/** The marker before it is whole: it says nothing yet, and is in nobody's way. */
export const UNFINISHED_MARKER = byteString('.holdfast-restore.part');
const PART_DIGITS = 24;

/** Under which a file lies until it is whole; the same for the same path, so that it is found again. */
export function partName(hash: Hash, path: ByteString): ByteString {
  const digits = hexOf(hash.sha256Text(path)).slice(0, PART_DIGITS);
  return byteString(`.holdfast-${digits}.part`);
}

export function markerText(snapshot: string): ByteString {
  return byteString(`holdfast restore 0 ${snapshot}\n`);
}

/** The snapshot of an interrupted restore; undefined where the text is no marker. */
export function snapshotOfMarker(text: ByteString): string | undefined {
  return /^holdfast restore 0 ([0-9a-f]{64})\n$/.exec(text)?.[1];
}
