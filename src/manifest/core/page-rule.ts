import { type ByteString, byteString } from '../../base/bytes.ts';

/** Where pages are cut. Tests make pages tiny, so that every kind of cut happens often. */
export interface PageRule {
  /** A line begins a page with a chance of 1 in `spread`. */
  readonly spread: number;
  /** Bytes; a page ends before it would grow beyond. */
  readonly sizeMax: number;
}

export const PAGE_RULE: PageRule = { spread: 128, sizeMax: 262_144 };

/** Levels above this are no manifest's: not even hostile names make so many (manifest.md 6). */
export const LEVEL_MAX = 40;

export function pageHeader(level: number): ByteString {
  return byteString(`{"holdfast":"page","version":0,"level":${level}}\n`);
}

/**
 * Whether a line with this path begins a page at `level` whatever stands before it. It depends on
 * the path alone, so that changed content moves no boundary.
 */
export function isBoundary(level: number, path: ByteString, rule: PageRule = PAGE_RULE): boolean {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < path.length; at++) {
    mixed = Math.imul(mixed ^ path.charCodeAt(at), 0x01000193);
  }
  mixed ^= Math.imul(level, 0x9e3779b9);
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return (mixed >>> 0) % rule.spread === 0;
}
