/** An estate by what is looked up in it: whose points, drills and found backups, which copies. */
import type {
  DataSet,
  Drill,
  Estate,
  Key,
  RecoveryPoint,
  UnopenedBackup,
  VaultCopy,
} from '../estate.ts';
import { FoundLists } from '../found-lists.ts';
import type { CopyWithKeys } from '../survival.ts';

/** Lists that did not change keep their identity from one estate to the next. */
export class EstateLists {
  readonly estate: Estate;
  readonly #points: ReadonlyMap<string, readonly RecoveryPoint[]>;
  readonly #drills: ReadonlyMap<string, readonly Drill[]>;
  readonly #copies: ReadonlyMap<string, readonly CopyWithKeys[]>;
  readonly #shares: { readonly copies: unknown; readonly found: unknown };
  readonly #found: FoundLists;

  constructor(estate: Estate, before: EstateLists | undefined) {
    this.estate = estate;
    const { points, drills, found } = estate;
    if (before === undefined) {
      this.#points = grouped(points, ({ dataSet }) => dataSet);
      this.#drills = grouped(drills, ({ dataSet }) => dataSet);
      this.#copies = copiesOf(estate);
    } else {
      const old = before.estate;
      const pointsBefore = { items: old.points, lists: before.#points };
      this.#points = regrouped(points, ({ dataSet }) => dataSet, pointsBefore);
      const drillsBefore = { items: old.drills, lists: before.#drills };
      this.#drills = regrouped(drills, ({ dataSet }) => dataSet, drillsBefore);
      const isSame = isSameList(old.vaults, estate.vaults) && isSameList(old.keys, estate.keys);
      this.#copies = isSame ? before.#copies : copiesOf(estate, before.#copies);
    }
    const isFoundSame = before !== undefined && isSameList(before.estate.found, found);
    this.#shares = {
      copies: this.#copies,
      found: isFoundSame ? before.#shares.found : found,
    };
    this.#found = isFoundSame ? before.#found : new FoundLists(found);
  }

  /** What is found and what is copied are as they were: then a data set's own lists decide. */
  sharesWith(other: EstateLists): boolean {
    const { copies, found } = other.#shares;
    return this.#shares.copies === copies && this.#shares.found === found;
  }

  pointsOf({ name }: DataSet): readonly RecoveryPoint[] {
    return this.#points.get(name) ?? NONE;
  }

  drillsOf({ name }: DataSet): readonly Drill[] {
    return this.#drills.get(name) ?? NONE;
  }

  copiesOf(vault: string): readonly CopyWithKeys[] {
    return this.#copies.get(vault) ?? NONE;
  }

  foundOf(dataSet: DataSet): readonly UnopenedBackup[] {
    return this.#found.of(dataSet);
  }
}

const NONE: readonly never[] = [];

export function isSameList<T>(one: readonly T[], other: readonly T[]): boolean {
  return (
    one === other || (one.length === other.length && one.every((item, at) => item === other[at]))
  );
}

function pushTo<T>(map: Map<string, T[]>, key: string, item: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [item]);
  else known.push(item);
}

function grouped<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const made = new Map<string, T[]>();
  for (const item of items) pushTo(made, keyOf(item), item);
  return made;
}

/** Only the lists of what is new, gone or elsewhere are made again. */
function regrouped<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  old: { readonly items: readonly T[]; readonly lists: ReadonlyMap<string, readonly T[]> },
): ReadonlyMap<string, readonly T[]> {
  if (old.items === items) return old.lists;
  const shorter = Math.min(items.length, old.items.length);
  let from = 0;
  while (from < shorter && items[from] === old.items[from]) from += 1;
  let tail = 0;
  while (tail < shorter - from && items.at(-1 - tail) === old.items.at(-1 - tail)) tail += 1;
  const changed = new Set<string>();
  for (const list of [items, old.items]) {
    for (const item of list.slice(from, list.length - tail)) changed.add(keyOf(item));
  }
  if (changed.size === 0) return old.lists;
  const made = grouped(
    items.filter((item) => changed.has(keyOf(item))),
    keyOf,
  );
  const lists = new Map(old.lists);
  for (const key of changed) {
    const list = made.get(key);
    const before = old.lists.get(key);
    if (list === undefined) lists.delete(key);
    else if (before === undefined || !isSameList(before, list)) lists.set(key, list);
  }
  return lists;
}

function copiesOf(
  estate: Estate,
  before?: ReadonlyMap<string, readonly CopyWithKeys[]>,
): ReadonlyMap<string, readonly CopyWithKeys[]> {
  const keys = new Map<string, Key[]>();
  for (const key of estate.keys) pushTo(keys, key.id, key);
  const known = new Map<VaultCopy, CopyWithKeys>();
  for (const list of before?.values() ?? []) for (const each of list) known.set(each.copy, each);
  const made = new Map<string, CopyWithKeys[]>();
  for (const copy of estate.vaults) {
    const opening = [...new Set(copy.openedBy)].flatMap((id) => keys.get(id) ?? []);
    const was = known.get(copy);
    const isKept = was !== undefined && isSameList(was.keys, opening);
    pushTo(made, copy.vault, isKept ? was : { copy, keys: opening });
  }
  if (before === undefined) return made;
  const kept = new Map<string, readonly CopyWithKeys[]>(made);
  for (const [vault, list] of made) {
    const old = before.get(vault);
    if (old !== undefined && isSameList(old, list)) kept.set(vault, old);
  }
  return kept;
}
