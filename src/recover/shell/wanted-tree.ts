/** What a target is to become: of a manifest, or of a whole snapshot as a restore puts it. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type Entry, encodeEntry, parseEntry } from '../../manifest/core/entry.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import { type Manifest, type PathLine, walkLines } from '../../manifest/core/walk.ts';
import type { Owner } from '../../host/tree-writer.ts';
import { ManifestLookup } from './manifest-lookup.ts';
import type { OpenedRoot } from './snapshot-roots.ts';

/** Both throw HF_MANIFEST_CORRUPT, and what loading pages throws. */
export interface WantedTree {
  /** In the order of paths. */
  lines(): Iterable<PathLine>;
  /** Cheap where it is asked nearly in order. */
  find(path: ByteString): Entry | undefined;
}

export function wantedOf(manifest: Manifest): WantedTree {
  const lookup = new ManifestLookup(manifest);
  return { lines: () => walkLines(manifest), find: (path) => lookup.find(path) };
}

/**
 * One directory is the target itself; a file, and each of several paths, lies in it under its name.
 *
 * @param ownerOf where others than the recorded owners are wanted
 */
export function wantedOfRoots(
  roots: readonly OpenedRoot[],
  ownerOf: ((entry: Entry) => Owner) | undefined,
): WantedTree {
  const sorted = roots.toSorted((a, b) => comparePaths(a.name, b.name));
  const parts = sorted.map((root) => partOf(root, ownerOf));
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : new Several(parts, sorted);
}

function partOf(root: OpenedRoot, ownerOf: ((entry: Entry) => Owner) | undefined): WantedTree {
  const plain = wantedOf(root.manifest);
  if (!root.isNamed && ownerOf === undefined) return plain;
  const { name, isNamed } = root;
  const pathOf = (path: ByteString): ByteString => {
    if (!isNamed) return path;
    return byteString(path === '' ? name : `${name}/${path}`);
  };
  const changed = (entry: Entry): Entry => {
    const { path, link } = entry;
    const owner = ownerOf?.(entry);
    return {
      ...{ ...entry, path: pathOf(path), ...owner },
      ...(link === undefined ? {} : { link: pathOf(link) }),
    };
  };
  return {
    *lines() {
      for (const { line } of plain.lines()) {
        const entry = changed(parseEntry(line));
        yield { path: entry.path, line: encodeEntry(entry) };
      }
    },
    find: (path) => {
      const inside = isNamed ? byteString(path.slice(name.length + 1)) : path;
      if (pathOf(inside) !== path) return undefined;
      const entry = plain.find(inside);
      return entry === undefined ? undefined : changed(entry);
    },
  };
}

class Several implements WantedTree {
  readonly #parts: readonly WantedTree[];
  readonly #byName: ReadonlyMap<string, WantedTree>;

  constructor(parts: readonly WantedTree[], roots: readonly OpenedRoot[]) {
    this.#parts = parts;
    this.#byName = new Map(
      parts.map((part, at): [string, WantedTree] => [roots[at]?.name ?? '', part]),
    );
  }

  *lines(): Generator<PathLine> {
    for (const part of this.#parts) yield* part.lines();
  }

  find(path: ByteString): Entry | undefined {
    const [name = ''] = path.split('/', 1);
    return this.#byName.get(name)?.find(path);
  }
}
