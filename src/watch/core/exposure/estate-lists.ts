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
import { mayHoldSet } from '../may-hold.ts';
import type { CopyWithKeys } from '../survival.ts';

/** Lists that did not change keep their identity from one estate to the next. */
export class EstateLists {
  readonly estate: Estate;
  readonly #points: ReadonlyMap<string, readonly RecoveryPoint[]>;
  readonly #drills: ReadonlyMap<string, readonly Drill[]>;
  readonly #copies: ReadonlyMap<string, readonly CopyWithKeys[]>;
  readonly #foundOf: ReadonlyMap<string, readonly UnopenedBackup[]>;
  readonly #foundOfAny: readonly UnopenedBackup[];

  constructor(estate: Estate, before: EstateLists | undefined) {
    this.estate = estate;
    const { points, drills } = estate;
    if (before === undefined) {
      this.#points = grouped(points, ({ dataSet }) => dataSet);
      this.#drills = grouped(drills, ({ dataSet }) => dataSet);
      this.#copies = copiesOf(estate);
    } else {
      const old = before.estate;
      this.#points =
        old.points === points
          ? before.#points
          : grouped(points, ({ dataSet }) => dataSet, before.#points);
      this.#drills =
        old.drills === drills
          ? before.#drills
          : grouped(drills, ({ dataSet }) => dataSet, before.#drills);
      const isSame = isSameList(old.vaults, estate.vaults) && isSameList(old.keys, estate.keys);
      this.#copies = isSame ? before.#copies : copiesOf(estate, before.#copies);
    }
    this.#foundOfAny = estate.found.filter(({ ofHosts }) => ofHosts === undefined);
    const byHost = new Map<string, UnopenedBackup[]>();
    for (const backup of estate.found) {
      for (const host of new Set(backup.ofHosts)) pushTo(byHost, host, backup);
    }
    this.#foundOf = byHost;
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

  /** In the order of the estate. */
  foundOf(dataSet: DataSet): readonly UnopenedBackup[] {
    const { places, usedAs = [] } = dataSet;
    const hosts = new Set([...places, ...usedAs].map(({ host }) => host));
    const own = [...hosts].flatMap((host) => this.#foundOf.get(host) ?? []);
    if (own.length === 0 && this.#foundOfAny.length === 0) return NONE;
    return [...new Set([...this.#foundOfAny, ...own])].filter((each) => mayHoldSet(each, dataSet));
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
  before?: ReadonlyMap<string, readonly T[]>,
): ReadonlyMap<string, readonly T[]> {
  const made = new Map<string, T[]>();
  for (const item of items) pushTo(made, keyOf(item), item);
  if (before === undefined) return made;
  const kept = new Map<string, readonly T[]>(made);
  for (const [key, list] of made) {
    const old = before.get(key);
    if (old !== undefined && isSameList(old, list)) kept.set(key, old);
  }
  return kept;
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
  return grouped([...made.values()].flat(), ({ copy }) => copy.vault, before);
}
