/** Entries of a manifest by their paths, cheap where these come nearly in order. */
import type { ByteString } from '../../base/bytes.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, parseEntry } from '../../manifest/core/entry.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import type { ParsedLeaf } from '../../manifest/core/page.ts';
import { loadLeaf, type PlacedRef } from '../../manifest/core/page-load.ts';
import { leafRefs, type Manifest } from '../../manifest/core/walk.ts';

/** Leaves that are kept; directories are asked for again when all in them is done. */
const LEAVES_MAX = 8;

export class ManifestLookup {
  readonly #manifest: Manifest;
  readonly #leaves = new Map<number, ParsedLeaf>();
  #refs: readonly PlacedRef[] | undefined;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  /** @throws Fault HF_MANIFEST_CORRUPT; what loading pages throws */
  find(path: ByteString): Entry | undefined {
    this.#refs ??= [...leafRefs(this.#manifest)];
    const at = lastNotBehind(this.#refs.length, (each) => this.#refs?.[each]?.first, path);
    if (at < 0) return undefined;
    const { paths, lines } = this.#leaf(at);
    const found = lastNotBehind(paths.length, (each) => paths[each], path);
    const line = lines[found];
    if (line === undefined || paths[found] !== path) return undefined;
    const entry = parseEntry(line);
    if (entry.path !== path) throw corrupt('a line can be read in two ways', line);
    return entry;
  }

  #leaf(at: number): ParsedLeaf {
    const known = this.#leaves.get(at);
    const ref = this.#refs?.[at];
    if (known !== undefined || ref === undefined) return known ?? unreachableLeaf();
    const leaf = loadLeaf(ref, this.#manifest.load);
    for (const oldest of this.#leaves.keys()) {
      if (this.#leaves.size < LEAVES_MAX) break;
      this.#leaves.delete(oldest);
    }
    this.#leaves.set(at, leaf);
    return leaf;
  }
}

function unreachableLeaf(): never {
  throw corrupt('a page is not there');
}

/** Index of the last that is not behind `path`; -1 where all are. */
function lastNotBehind(
  count: number,
  pathAt: (at: number) => ByteString | undefined,
  path: ByteString,
): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = pathAt(middle);
    if (found !== undefined && comparePaths(found, path) <= 0) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}
