import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
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
 * @throws Fault as loading the first page gives; of kind `transient` any
 */
export function* survivingLines(
  manifest: Manifest,
  onLost: (page: LostPage) => void,
): Generator<PathLine> {
  const { page } = loadRoot(manifest.root, manifest.load);
  yield* linesBelow({ manifest, onLost }, page, undefined);
}

interface Walk {
  readonly manifest: Manifest;
  readonly onLost: (page: LostPage) => void;
}

function* linesBelow(
  walk: Walk,
  page: ParsedPage,
  bound: ByteString | undefined,
): Generator<PathLine> {
  if (isLeaf(page)) {
    for (const [at, path] of page.paths.entries()) {
      const line = page.lines[at];
      if (line !== undefined) yield { path, line };
    }
    return;
  }
  for (const ref of refsBelow(page, bound)) {
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
