/** Which packs something needs: those that alone have a part of it, and those of which one will do. */
import type { Digest } from '../../base/bytes.ts';
import type { IdTable } from '../core/id-table.ts';
import { GROUP_WORDS, type VaultAccess } from './vault-access.ts';

/** Plain data, to be sent; numbers of packs as the index counts them. */
export interface NeededPacks {
  readonly all: readonly number[];
  /** Of each, one is enough. */
  readonly oneOf: readonly (readonly number[])[];
}

export class PackNeeds {
  readonly #all = new Set<number>();
  readonly #oneOf = new Map<string, readonly number[]>();

  /** @param ids of what is indexed */
  addObject(id: Digest, access: Pick<VaultAccess, 'groups'>, ids: IdTable): void {
    const packs = new Set<number>();
    for (const group of ids.all(id)) packs.add(access.groups[group * GROUP_WORDS] ?? 0);
    this.#addPlaces([...packs]);
  }

  add({ all, oneOf }: NeededPacks): void {
    for (const pack of all) this.#all.add(pack);
    for (const packs of oneOf) this.#addPlaces(packs);
  }

  needed(): NeededPacks {
    return { all: [...this.#all], oneOf: [...this.#oneOf.values()] };
  }

  #addPlaces(packs: readonly number[]): void {
    const [only] = packs;
    if (only === undefined) return;
    if (packs.length === 1) this.#all.add(only);
    else this.#oneOf.set(packs.join(), packs);
  }
}

/**
 * Since when all of it is proven, by when each pack was.
 * @returns undefined where a part of it is not, and where nothing is needed
 */
export function provenSince(
  { all, oneOf }: NeededPacks,
  at: (pack: number) => number | undefined,
): number | undefined {
  let since = Number.POSITIVE_INFINITY;
  for (const pack of all) since = Math.min(since, at(pack) ?? Number.NEGATIVE_INFINITY);
  for (const packs of oneOf) {
    const times = packs.map((pack) => at(pack) ?? Number.NEGATIVE_INFINITY);
    since = Math.min(since, Math.max(...times));
  }
  return Number.isFinite(since) ? since : undefined;
}
