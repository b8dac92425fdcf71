import { type ByteString, byteString } from '../../base/bytes.ts';
import type { ConnectedPoint, HeldPath } from './connected.ts';
import { isWithin } from './place.ts';
import type { ListedEntry } from './sample.ts';

interface Counted {
  bytes: number;
  entries: number;
}

/**
 * Watches a listing go by: which of the paths that are looked for are in it, with how much, and
 * which of some live files are. Memory grows with what is looked for, not with the listing.
 */
export class HeldPaths {
  readonly #counted: Map<string, Counted>;
  readonly #live: Set<string>;
  readonly #liveAll: number;

  constructor(lookedFor: readonly ByteString[], live: readonly ByteString[]) {
    this.#counted = new Map(lookedFor.map((path) => [path, { bytes: 0, entries: 0 }]));
    this.#live = new Set(live);
    this.#liveAll = this.#live.size;
  }

  see({ path, kind, bytes }: ListedEntry): void {
    this.#live.delete(path);
    const own = this.#counted.get(path);
    // A directory alone may be the mount point of what was not entered.
    if (own !== undefined && kind === 'file') count(own, bytes);
    for (
      let at = path.lastIndexOf('/');
      at >= 0;
      at = at === 0 ? -1 : path.lastIndexOf('/', at - 1)
    ) {
      const above = this.#counted.get(at === 0 ? '/' : path.slice(0, at));
      if (above !== undefined) count(above, kind === 'file' ? bytes : 0);
    }
  }

  /** Of a path above the roots only a part came by: it is not held. */
  held({ id, paths }: Pick<ConnectedPoint, 'id' | 'paths'>): readonly HeldPath[] {
    return [...this.#counted]
      .filter(([path, { entries }]) => entries > 0 && paths.some((root) => isWithin(path, root)))
      .map(([path, counted]) => ({ path: byteString(path), point: id, ...counted }));
  }

  /** Of the live files those that did not come by. */
  get liveMissing(): readonly string[] {
    return [...this.#live];
  }

  get liveAll(): number {
    return this.#liveAll;
  }
}

function count(into: Counted, bytes: number): void {
  into.bytes += bytes;
  into.entries += 1;
}
