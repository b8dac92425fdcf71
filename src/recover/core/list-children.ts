import type { ByteString } from '../../base/bytes.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, parseEntry } from '../../manifest/core/entry.ts';
import { comparePaths, isWithin, parentOf } from '../../manifest/core/order.ts';
import { isLeaf, type ParsedLeaf, type ParsedPage } from '../../manifest/core/page.ts';
import { loadPage, loadRoot, type PlacedRef, refsBelow } from '../../manifest/core/page-load.ts';
import type { Manifest } from '../../manifest/core/walk.ts';

/**
 * What lies directly in `dir`, in order. Pages that hold nothing but what lies below one of its
 * directories are not loaded: listing a root costs what it shows, not what the tree holds.
 *
 * @throws Fault HF_MANIFEST_CORRUPT; what `load` throws
 */
export function* childrenOf(manifest: Manifest, dir: ByteString): Generator<Entry> {
  const { page } = loadRoot(manifest.root, manifest.load);
  yield* new Children(manifest, dir).below(page, undefined);
}

class Children {
  readonly #manifest: Manifest;
  readonly #dir: ByteString;
  /** The last child: all that lies below it is passed over. */
  #last: ByteString | undefined;

  constructor(manifest: Manifest, dir: ByteString) {
    this.#manifest = manifest;
    this.#dir = dir;
  }

  *below(page: ParsedPage, bound: ByteString | undefined): Generator<Entry> {
    if (isLeaf(page)) yield* this.#inLeaf(page);
    for (const ref of refsBelow(page, bound)) {
      if (this.#isBehind(ref.first)) return;
      if (this.#isOfNoUse(ref)) continue;
      yield* this.below(loadPage(ref, this.#manifest.load), ref.bound);
    }
  }

  *#inLeaf(leaf: ParsedLeaf): Generator<Entry> {
    for (const [at, path] of leaf.paths.entries()) {
      if (path === this.#dir || !isWithin(this.#dir, path)) continue;
      if (this.#last !== undefined && isWithin(this.#last, path)) continue;
      const line = leaf.lines[at];
      if (line === undefined) throw corrupt('a path has no line', path);
      const entry = parseEntry(line);
      if (entry.path !== path) throw corrupt('a line can be read in two ways', line);
      if (parentOf(path) !== this.#dir) throw corrupt('an entry is in no directory', path);
      this.#last = path;
      yield entry;
    }
  }

  #isOfNoUse({ first, bound }: PlacedRef): boolean {
    if (bound === undefined) return false;
    if (comparePaths(bound, this.#dir) <= 0) return true;
    const last = this.#last;
    return last !== undefined && isWithin(last, first) && isWithin(last, bound);
  }

  #isBehind(path: ByteString): boolean {
    return comparePaths(path, this.#dir) > 0 && !isWithin(this.#dir, path);
  }
}
