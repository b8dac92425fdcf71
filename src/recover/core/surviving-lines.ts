import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { comparePaths, isWithin, parentOf } from '../../manifest/core/order.ts';
import { isLeaf, type ParsedPage } from '../../manifest/core/page.ts';
import { loadPage, loadRoot, type PlacedRef, refsBelow } from '../../manifest/core/page-load.ts';
import type { Manifest, PathLine } from '../../manifest/core/walk.ts';

/** A page that cannot be had, with all that it holds. */
export interface LostPage {
  /** The first path in it. */
  readonly first: ByteString;
  readonly entries: number;
  readonly bytes: bigint;
  readonly fault: Fault;
}

/**
 * The lines of a manifest in order, without those of pages that are damaged or missing: a restore
 * gives what there is. What may pass (a store out of reach) is thrown.
 *
 * @param only what lies at and below these, and the directories on the way: other pages are not read
 * @throws Fault as loading the first page gives; of kind `transient` any
 */
export function* survivingLines(
  manifest: Manifest,
  onLost: (page: LostPage) => void,
  only?: readonly ByteString[],
): Generator<PathLine> {
  const { page } = loadRoot(manifest.root, manifest.load);
  const wanted = only?.map((path) => ({ path, way: wayTo(path) }));
  yield* linesBelow({ manifest, onLost, wanted }, page, undefined);
}

/** Itself, and all directories above. */
function wayTo(path: ByteString): readonly ByteString[] {
  const above = parentOf(path);
  return above === undefined ? [path] : [path, ...wayTo(above)];
}

/** A page may begin in a directory whose own line is in one that was not read. */
function isOnWay({ wanted }: Walk, at: ByteString): boolean {
  return (
    wanted === undefined || wanted.some(({ path, way }) => isWithin(path, at) || way.includes(at))
  );
}

function isWanted({ wanted }: Walk, { first, bound }: PlacedRef): boolean {
  const holds = (path: ByteString): boolean =>
    comparePaths(first, path) <= 0 && (bound === undefined || comparePaths(path, bound) < 0);
  return (
    wanted === undefined || wanted.some(({ path, way }) => isWithin(path, first) || way.some(holds))
  );
}

interface Walk {
  readonly manifest: Manifest;
  readonly onLost: (page: LostPage) => void;
  readonly wanted:
    | readonly { readonly path: ByteString; readonly way: readonly ByteString[] }[]
    | undefined;
}

function* linesBelow(
  walk: Walk,
  page: ParsedPage,
  bound: ByteString | undefined,
): Generator<PathLine> {
  if (isLeaf(page)) {
    for (const [at, path] of page.paths.entries()) {
      const line = page.lines[at];
      if (line !== undefined && isOnWay(walk, path)) yield { path, line };
    }
    return;
  }
  for (const ref of refsBelow(page, bound)) {
    if (!isWanted(walk, ref)) continue;
    const below = loaded(walk, ref);
    if (below !== undefined) yield* linesBelow(walk, below, ref.bound);
  }
}

function loaded({ manifest, onLost }: Walk, ref: PlacedRef): ParsedPage | undefined {
  try {
    return loadPage(ref, manifest.load);
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.kind === 'transient') throw fault;
    const { first, entries, bytes } = ref;
    onLost({ first, entries, bytes, fault });
    return undefined;
  }
}
