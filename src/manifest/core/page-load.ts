import type { ByteString, Digest } from '../../base/bytes.ts';
import { corrupt } from './corrupt.ts';
import { sizeOfLine } from './entry-line.ts';
import { comparePaths } from './order.ts';
import { isLeaf, type PageRef, type ParsedLeaf, type ParsedPage, parsePage } from './page.ts';

/** Gives the bytes of the page with this digest, checked against it. */
export type LoadPage = (digest: Digest) => ByteString;

/** A line of an index, and where its page has to end. */
export interface PlacedRef extends PageRef {
  readonly level: number;
  /** The first path behind it; undefined: it is the last. */
  readonly bound: ByteString | undefined;
}

/**
 * Loads a page and checks that it is what its index says: level, first path, last path, totals.
 *
 * @throws Fault HF_MANIFEST_CORRUPT; what `load` throws
 */
export function loadPage(ref: PlacedRef, load: LoadPage): ParsedPage {
  const page = parsePage(load(ref.digest));
  if (page.level !== ref.level) throw corrupt('a page has another level', ref.first);
  const paths = isLeaf(page) ? page.paths : page.refs.map((below) => below.first);
  const last = paths.at(-1);
  if (paths[0] !== ref.first) throw corrupt('a page begins elsewhere', ref.first);
  if (ref.bound !== undefined && last !== undefined && comparePaths(last, ref.bound) >= 0) {
    throw corrupt('a page ends behind the next one', last);
  }
  const { entries, bytes } = totalsOfPage(page);
  if (entries !== ref.entries || bytes !== ref.bytes) {
    throw corrupt('an index has wrong totals', ref.first);
  }
  return page;
}

export function loadLeaf(ref: Omit<PlacedRef, 'level'>, load: LoadPage): ParsedLeaf {
  const page = loadPage({ ...ref, level: 0 }, load);
  if (!isLeaf(page)) throw corrupt('a page has another level', ref.first);
  return page;
}

/** The page at the top, which no index describes, and the line an index would have for it. */
export function loadRoot(
  root: Digest,
  load: LoadPage,
): { readonly page: ParsedPage; readonly ref: PlacedRef } {
  const page = parsePage(load(root));
  const first = isLeaf(page) ? page.paths[0] : page.refs[0]?.first;
  if (first === undefined) throw corrupt('a page is empty');
  const totals = totalsOfPage(page);
  return { page, ref: { first, digest: root, level: page.level, bound: undefined, ...totals } };
}

/** The pages that an index page names. */
export function refsBelow(page: ParsedPage, bound: ByteString | undefined): readonly PlacedRef[] {
  if (isLeaf(page)) return [];
  const level = page.level - 1;
  return page.refs.map((ref, at) => ({ ...ref, level, bound: page.refs[at + 1]?.first ?? bound }));
}

function totalsOfPage(page: ParsedPage): { readonly entries: number; readonly bytes: bigint } {
  let bytes = 0n;
  if (isLeaf(page)) {
    for (const line of page.lines) bytes += BigInt(sizeOfLine(line));
    return { entries: page.lines.length, bytes };
  }
  let entries = 0;
  for (const ref of page.refs) {
    entries += ref.entries;
    bytes += ref.bytes;
  }
  return { entries, bytes };
}
