/**
 * Indexes of another place that say nothing new here. A collector here has put others in their place:
 * put again, each of them would be taken away again. docs/design/046-copies.md
 */
import { hexOf } from '../../base/bytes.ts';
import { SaidOfPacks } from '../core/index-agreement.ts';
import type { IndexTable } from '../core/index-table.ts';
import { sweptAmong } from './collection-state.ts';
import { inParallel } from './in-parallel.ts';
import type { StoredObject } from './store.ts';
import type { SweptPorts } from './swept-packs.ts';
import { readIndex } from './vault-index.ts';

export interface SaidWanted {
  /** Of `from`, and not of `to`. */
  readonly indexes: readonly StoredObject[];
  /** Of `to`, and not of `from`. */
  readonly own: readonly StoredObject[];
  /** Whether this pack, `packs/NAME`, lies in `to`, or is on its way there. */
  readonly isThere: (name: string) => boolean;
}

/**
 * Of `indexes`, those of which each pack was swept at `to`, or lies there and one of `own` says the
 * same of it. One that cannot be read is none of them.
 */
export async function saidIndexes(
  { from, to, tools }: SweptPorts & { readonly from: SweptPorts['to'] },
  { indexes, own, isThere }: SaidWanted,
): Promise<ReadonlySet<StoredObject>> {
  const said = new Said();
  await inParallel(own, async (object) => {
    const table = await readIndex({ store: to, tools }, object, []);
    if (table !== undefined) said.add(table);
  });
  const absent = new Map<StoredObject, readonly string[]>();
  await inParallel(indexes, async (object) => {
    const table = await readIndex({ store: from, tools }, object, []);
    if (table === undefined || !said.hasAll(table, isThere)) return;
    const names = table.packs.map(({ name }) => hexOf(name));
    absent.set(
      object,
      names.filter((name) => !isThere(`packs/${name}`)),
    );
  });
  const gone = new Set([...absent.values()].flat());
  const swept = new Set(await sweptAmong({ store: to, tools }, gone));
  const isSaid = ([, names]: readonly [StoredObject, readonly string[]]): boolean =>
    names.every((name) => swept.has(name));
  return new Set([...absent].filter(isSaid).map(([object]) => object));
}

class Said {
  readonly #packs = new Map<string, (readonly [SaidOfPacks, number])[]>();
  readonly #keys = new Set<string>();

  add(table: IndexTable): void {
    const said = new SaidOfPacks(table);
    for (const [at, { name }] of table.packs.entries()) {
      const known = this.#packs.get(hexOf(name));
      if (known === undefined) this.#packs.set(hexOf(name), [[said, at]]);
      else known.push([said, at]);
    }
    for (const { bytes } of table.sealedKeys) this.#keys.add(bytes.join());
  }

  /** Of those of its packs that are there all is said, and their data keys are known. */
  hasAll(table: IndexTable, isThere: SaidWanted['isThere']): boolean {
    const there = [...table.packs.entries()].filter(([, { name }]) =>
      isThere(`packs/${hexOf(name)}`),
    );
    if (there.length === 0) return true;
    if (!table.sealedKeys.every(({ bytes }) => this.#keys.has(bytes.join()))) return false;
    const said = new SaidOfPacks(table);
    return there.every(([at, { name }]) =>
      this.#packs.get(hexOf(name))?.some((known) => said.isSame(at, ...known)),
    );
  }
}
