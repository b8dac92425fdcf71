import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { corrupt } from './corrupt.ts';
import { type Entry, parseEntry } from './entry.ts';
import { sizeOfLine } from './entry-line.ts';
import { comparePaths, isWithin, parentOf } from './order.ts';
import { isLeaf, type ParsedPage, type Totals } from './page.ts';
import {
  type LoadPage,
  loadLeaf,
  loadPage,
  loadRoot,
  type PlacedRef,
  refsBelow,
} from './page-load.ts';

/** The path of the root itself. */
const ROOT = byteString('');

/** A manifest to read: every function here throws HF_MANIFEST_CORRUPT and what `load` throws. */
export interface Manifest {
  readonly root: Digest;
  readonly load: LoadPage;
}

/** What to read of it: all that is within `within`, from `from` on. */
export interface WalkRange {
  readonly within?: ByteString | undefined;
  readonly from?: ByteString | undefined;
}

export interface PathLine {
  readonly path: ByteString;
  /** With its `\n`. */
  readonly line: ByteString;
}

/** The leaf pages in order, without loading them. */
export function* leafRefs(manifest: Manifest, range: WalkRange = {}): Generator<PlacedRef> {
  const { page, ref } = loadRoot(manifest.root, manifest.load);
  if (page.level === 0) yield ref;
  else yield* leafRefsBelow({ ...manifest, range }, { page, bound: undefined });
}

interface RangeOf extends Manifest {
  readonly range: WalkRange;
}

interface BoundPage {
  readonly page: ParsedPage;
  readonly bound: ByteString | undefined;
}

function* leafRefsBelow(options: RangeOf, { page, bound }: BoundPage): Generator<PlacedRef> {
  for (const ref of refsBelow(page, bound)) {
    if (isBefore(ref, options.range)) continue;
    if (isBehind(ref.first, options.range)) return;
    if (ref.level === 0) yield ref;
    else yield* leafRefsBelow(options, { page: loadPage(ref, options.load), bound: ref.bound });
  }
}

/** The lines of a manifest in order. A subtree costs one page per level, and its own. */
export function* walkLines(manifest: Manifest, range: WalkRange = {}): Generator<PathLine> {
  for (const ref of leafRefs(manifest, range)) {
    const leaf = loadLeaf(ref, manifest.load);
    for (const [at, path] of leaf.paths.entries()) {
      if (isBehind(path, range)) return;
      const line = leaf.lines[at];
      if (line !== undefined && isIncluded(path, range)) yield { path, line };
    }
  }
}

/**
 * The entries in order, each strictly parsed. Each stands below a directory that came before it, so
 * that nobody who follows is led through a file or a link; a walk that begins in the middle (`from`)
 * did not see the directories above and cannot check this.
 */
export function* walkEntries(manifest: Manifest, range: WalkRange = {}): Generator<Entry> {
  const { within: top = ROOT, from } = range;
  /** The directories above the last entry, root first. */
  const above: ByteString[] = [];
  for (const { path, line } of walkLines(manifest, range)) {
    const entry = parseEntry(line);
    if (entry.path !== path) throw corrupt('a line can be read in two ways', line);
    if (from === undefined) {
      const parent = parentOf(path);
      while (above.length > 0 && above.at(-1) !== parent) above.pop();
      if (above.length === 0 && path !== top) throw corrupt('an entry is in no directory', path);
      if (entry.type === 'dir') above.push(path);
    }
    yield entry;
  }
}

/** The entry at `path`, by one page per level. */
export function findEntry(manifest: Manifest, path: ByteString): Entry | undefined {
  for (const found of walkLines(manifest, { within: path })) {
    return found.path === path ? parseEntry(found.line) : undefined;
  }
  return undefined;
}

/** Entries at and below `dir`, and the bytes of their files, by two pages per level. */
export function totalsOf(manifest: Manifest, dir: ByteString): Totals {
  const { page, ref } = loadRoot(manifest.root, manifest.load);
  if (dir === '') return ref;
  return totalsBelow({ ...manifest, range: { within: dir } }, { page, bound: undefined });
}

function totalsBelow(options: RangeOf, { page, bound }: BoundPage): Totals {
  const { within = ROOT } = options.range;
  let entries = 0;
  let bytes = 0n;
  if (isLeaf(page)) {
    for (const [at, path] of page.paths.entries()) {
      const line = page.lines[at];
      if (line === undefined || !isWithin(within, path)) continue;
      entries += 1;
      bytes += BigInt(sizeOfLine(line));
    }
  }
  for (const ref of refsBelow(page, bound)) {
    if (isBefore(ref, options.range)) continue;
    if (isBehind(ref.first, options.range)) break;
    const isWhole =
      isWithin(within, ref.first) && ref.bound !== undefined && isWithin(within, ref.bound);
    const below = isWhole
      ? ref
      : totalsBelow(options, { page: loadPage(ref, options.load), bound: ref.bound });
    entries += below.entries;
    bytes += BigInt(below.bytes);
  }
  return { entries, bytes };
}

function startOf(range: WalkRange): ByteString {
  const { within = ROOT, from = within } = range;
  return comparePaths(from, within) > 0 ? from : within;
}

function isIncluded(path: ByteString, range: WalkRange): boolean {
  return comparePaths(path, startOf(range)) >= 0 && !isBehind(path, range);
}

/** All of the page lies before the range. */
function isBefore(ref: PlacedRef, range: WalkRange): boolean {
  return ref.bound !== undefined && comparePaths(ref.bound, startOf(range)) <= 0;
}

/** Neither this path nor one after it is in the range. */
function isBehind(path: ByteString, { within }: WalkRange): boolean {
  return within !== undefined && comparePaths(path, within) > 0 && !isWithin(within, path);
}
