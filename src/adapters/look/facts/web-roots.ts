import { type ByteString, byteString } from '../../../base/bytes.ts';
import { linesOf, type Told } from './told.ts';
import { trimSlashes } from '../../../base/trim-slashes.ts';

const ROOTS_MAX = 1000;

/** From lines `FILE:LINE` of nginx (`root`) and Apache (`DocumentRoot`). */
export function webRootsOf(told: Told): readonly ByteString[] {
  const found = new Set<ByteString>();
  for (const line of linesOf(told.printed('web roots'))) {
    const set = /^[^:]*:\s*(?:root|DocumentRoot)\s+["']?(\/[^"';\s]*)/i.exec(line)?.[1];
    // With a variable it is many places, and which is not told.
    if (set === undefined || set.includes('$')) continue;
    found.add(byteString(trimSlashes(set)));
  }
  return [...found].slice(0, ROOTS_MAX);
}
