/**
 * Keeps indexes few and true: what is gone is named by none, and many small ones become one. What
 * is new is durable before the old ones are deleted, so what is there is named at every moment.
 * Who is stopped in between leaves both, which harms nobody. docs/design/050-compaction.md
 */
import { hexOf } from '../../base/bytes.ts';
import { SaidOfPacks } from '../core/index-agreement.ts';
import { INDEX_ENTRIES_TARGET } from '../core/index-builder.ts';
import { mergedIndex } from '../core/index-merged.ts';
import { INDEX_ENTRY_WORDS, type IndexTable } from '../core/index-table.ts';
import { sweptAmong } from './collection-state.ts';
import { inParallel } from './in-parallel.ts';
import type { CollectorStore } from './store.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { readIndex } from './vault-index.ts';

export type TidyPorts = Omit<ReadingPorts, 'store'> & { readonly store: CollectorStore };

/** Tables by their names in the vault. */
export type Tables = ReadonlyMap<string, IndexTable>;

export interface TidiedIndexes {
  readonly before: number;
  readonly after: number;
}

/** One that is damaged names nothing, and stays for whoever looks into it. */
export async function readIndexes(ports: ReadingPorts): Promise<Tables> {
  const tables = new Map<string, IndexTable>();
  await inParallel(await ports.store.list('index/'), async (object) => {
    const table = await readIndex(ports, object, []);
    if (table !== undefined) tables.set(object.name, table);
  });
  return tables;
}

/**
 * @param tables what lies in `index/`, or lay there
 * @param of.mergeCountMin fewer small ones stay as they are
 */
export async function tidyIndexes(
  ports: TidyPorts,
  tables: Tables,
  of: { readonly gone?: ReadonlySet<string>; readonly mergeCountMin: number },
): Promise<TidiedIndexes> {
  const gone = new Set([...(of.gone ?? []), ...(await sweptBefore(ports, tables))]);
  const sets = setsOf(tables, { gone, mergeCountMin: of.mergeCountMin });
  const made = new Set<string>();
  for (const names of sets) {
    const bytes = mergedIndex(
      ports.tools.codec,
      names.flatMap((name) => tables.get(name) ?? []),
      gone,
    );
    if (bytes === undefined) continue;
    const sha256 = ports.tools.hash.sha256(bytes);
    const name = `index/${hexOf(sha256)}`;
    await ports.store.putIfAbsent(name, bytes, sha256);
    made.add(name);
  }
  // What is made may be what was there: of several one may have said it all.
  const old = sets.flat().filter((name) => !made.has(name));
  if (old.length > 0) await ports.store.delete(old);
  const added = [...made].filter((name) => !tables.has(name));
  return { before: tables.size, after: tables.size - old.length + added.length };
}

/**
 * Packs that are named and gone, and that a fate says were deleted: two that work at once may each
 * write what the other has taken out. Of what is gone and in no fate nothing is forgotten.
 */
async function sweptBefore(ports: TidyPorts, tables: Tables): Promise<readonly string[]> {
  const there = new Set((await ports.store.list('packs/')).map(({ name }) => name.slice(6)));
  const missing = new Set<string>();
  for (const { packs } of tables.values()) {
    for (const { name } of packs) if (!there.has(hexOf(name))) missing.add(hexOf(name));
  }
  return sweptAmong(ports, missing);
}

/** Names of those that are written as one; alone, what names something that is gone. */
function setsOf(
  tables: Tables,
  of: { readonly gone: ReadonlySet<string>; readonly mergeCountMin: number },
): readonly (readonly string[])[] {
  const sizeOf = (name: string): number =>
    (tables.get(name)?.entries.length ?? 0) / INDEX_ENTRY_WORDS;
  const agreeing = inAgreement(tables);
  const small = agreeing.filter((name) => sizeOf(name) < INDEX_ENTRIES_TARGET);
  const sets: string[][] = [[]];
  let entries = 0;
  // The smallest first: what was merged already is merged again only with many.
  for (const name of small.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    if (entries + sizeOf(name) > INDEX_ENTRIES_TARGET) {
      sets.push([]);
      entries = 0;
    }
    sets.at(-1)?.push(name);
    entries += sizeOf(name);
  }
  const merged = sets.filter(({ length }) => length >= of.mergeCountMin);
  const isMerged = new Set(merged.flat());
  const alone = [...tables].filter(
    ([name, { packs }]) =>
      !isMerged.has(name) && packs.some((pack) => of.gone.has(hexOf(pack.name))),
  );
  return [...merged, ...alone.map(([name]) => [name])];
}

/**
 * Without those that say of a pack something else than one before them: of two that contradict
 * each other either may be made up, and neither is thrown away.
 */
function inAgreement(tables: Tables): string[] {
  const asked = sharedPacks(tables);
  const first = new Map<string, readonly [SaidOfPacks, number]>();
  return [...tables.keys()].sort().filter((name) => {
    const table = tables.get(name);
    if (table === undefined) return false;
    const packs = [...table.packs.entries()]
      .map(([at, pack]) => [at, hexOf(pack.name)] as const)
      .filter(([, pack]) => asked.has(pack));
    if (packs.length === 0) return true;
    const said = new SaidOfPacks(table);
    for (const [at, pack] of packs) {
      const known = first.get(pack);
      if (known !== undefined && !said.isSame(at, ...known)) return false;
    }
    for (const [at, pack] of packs) if (!first.has(pack)) first.set(pack, [said, at]);
    return true;
  });
}

/** Packs that more than one of them names. */
function sharedPacks(tables: Tables): ReadonlySet<string> {
  const known = new Set<string>();
  const shared = new Set<string>();
  for (const { packs } of tables.values()) {
    for (const pack of new Set(packs.map(({ name }) => hexOf(name)))) {
      if (known.has(pack)) shared.add(pack);
      else known.add(pack);
    }
  }
  return shared;
}
