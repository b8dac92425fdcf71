/**
 * The smallest sets of failures that leave nothing proven of a data set.
 *
 * Losing more never hides a loss, so each such set is minimal or holds a minimal one. They are put
 * together from the bottom: what takes one place, then all that has to go for one copy, then for all
 * copies that are proven and the data as well. A set is kept only up to `sizeMax`: most vanish early.
 */
import { type FailureDomain, fateInVolume, mayTake, takesHost } from '../domain.ts';
import type { Key } from '../estate.ts';
import { isWithin, type Place } from '../place.ts';
import { type CopyWithKeys, storePlaces } from '../survival.ts';
import { copiesAt, type DataSetCase, usableIn } from './case.ts';
import { isSameList } from './estate-lists.ts';

/** Sets of domains, each by its identity; none holds another. */
export type Family = readonly (readonly FailureDomain[])[];

/** Nothing has to be lost for it: it is lost. */
const ALWAYS: Family = [[]];
export const NEVER: Family = [];

export interface Failures {
  readonly domains: readonly FailureDomain[];
  /** Lost already: they count for nothing. */
  readonly lost: readonly FailureDomain[];
  readonly sizeMax: number;
}

/** Smallest first; those of one size in the order of `domains`. */
export function minimalSets(of: DataSetCase, failures: Failures): Family {
  const families = new Families(failures);
  const data = families.anyPlace(of.dataSet.places);
  if (data.length === 0) return NEVER;
  return ordered(families.and(data, families.allCopies(provenCopies(of), of.readers)), failures);
}

/** How many may be lost, so that the next one may be the last: `sizeMax` where none was found. */
export function survivedBy(of: DataSetCase, failures: Failures): number {
  return survives(minimalSets(of, failures), failures.sizeMax);
}

export function survives(sets: Family, sizeMax: number): number {
  const [smallest] = sets;
  return smallest === undefined ? sizeMax : Math.max(0, smallest.length - 1);
}

/** Copies from which a whole point was read back, in a vault whose last drill did not fail. */
export function provenCopies(of: DataSetCase): readonly CopyWithKeys[] {
  const proven = of.copies.map(() => false);
  for (const { point, isWhole, isDatedAhead, exists } of of.points) {
    if (!isWhole || isDatedAhead || usableIn(of, point.vault) === 'failed') continue;
    for (const [i, at] of copiesAt(of, point.vault).entries()) {
      if (exists[i] === 'ok') proven[at] = true;
    }
  }
  return of.copies.filter((_, at) => proven[at]);
}

export function ordered(sets: Family, { domains }: Failures): Family {
  if (sets.length <= 1 && sets.every((set) => set.length <= 1)) return sets;
  const rank = new Map(domains.map((domain, at) => [domain, at]));
  const rankOf = (domain: FailureDomain | undefined): number =>
    domain === undefined ? 0 : (rank.get(domain) ?? 0);
  const inOrder = sets.map((set) => set.toSorted((a, b) => rankOf(a) - rankOf(b)));
  return inOrder.sort((one, other) => {
    if (one.length !== other.length) return one.length - other.length;
    const at = one.findIndex((domain, i) => domain !== other[i]);
    return rankOf(one[at]) - rankOf(other[at]);
  });
}

/** Families over one list of domains. */
export class Families {
  readonly #domains: readonly FailureDomain[];
  readonly #lost: readonly FailureDomain[];
  readonly #sizeMax: number;

  constructor({ domains, lost, sizeMax }: Failures) {
    this.#domains = domains;
    this.#lost = lost;
    this.#sizeMax = sizeMax;
  }

  anyPlace(places: readonly Place[]): Family {
    return this.#minimal(places.flatMap((place) => this.#place(place)));
  }

  /** Every one of `copies` is gone, or nothing is left to open or to read it. */
  allCopies(copies: readonly CopyWithKeys[], readers: readonly string[]): Family {
    return this.or(this.allStores(copies), this.noReader(readers));
  }

  noReader(readers: readonly string[]): Family {
    return this.#every(readers, (host) => this.#minimal(this.#those((at) => takesHost(at, host))));
  }

  /** Copies that the same keys open are lost at one blow with those: their stores go together. */
  allStores(copies: readonly CopyWithKeys[]): Family {
    const groups: CopyWithKeys[][] = [];
    for (const copy of copies) {
      const group = groups.find(([first]) => first !== undefined && isOpenedAlike(first, copy));
      if (group === undefined) groups.push([copy]);
      else group.push(copy);
    }
    return this.#every(groups, (group) => {
      const stores = this.#every(group, ({ copy }) => this.anyPlace(storePlaces(copy)));
      const [first] = group;
      if (first === undefined || first.copy.openedBy === undefined) return stores;
      return this.or(
        stores,
        this.#every(first.keys, (key) => this.#key(key)),
      );
    });
  }

  or(one: Family, other: Family): Family {
    if (other.length === 0) return one;
    return this.#minimal([...one, ...other]);
  }

  and(one: Family, other: Family): Family {
    const made: (readonly FailureDomain[])[] = [];
    for (const left of one) {
      for (const right of other) {
        const both = this.#union(left, right);
        if (both !== undefined) made.push(both);
      }
    }
    return this.#minimal(made);
  }

  #every<T>(items: readonly T[], familyOfOne: (item: T) => Family): Family {
    let sets = ALWAYS;
    for (const item of items) {
      sets = this.and(sets, familyOfOne(item));
      if (sets.length === 0) return NEVER;
    }
    return sets;
  }

  #key(key: Key): Family {
    if (key.isConfirmedElsewhere) return NEVER;
    const named = this.#those((domain) => domain.kind === 'key' && domain.key === key.id);
    const gone = this.#every(key.places, (place) => this.anyPlace([place]));
    return this.or(named, gone);
  }

  /** What leaves it lost or unknown, by the rules of `fateOf`. */
  #place(place: Place): Family {
    const { host, path, beneath } = place;
    const single = this.#those((domain) => {
      if (mayTake(domain, place)) return true;
      if (domain.kind === 'disk') return domain.host === host && beneath === undefined;
      if (domain.kind === 'volume') return fateInVolume(place, domain) !== 'kept';
      if (domain.kind !== 'directory') return takesHost(domain, host);
      if (domain.host !== host) return false;
      if (path === undefined) return true;
      return isWithin(path, domain.path) && !domain.spared.some((spared) => isWithin(path, spared));
    });
    return beneath === undefined ? single : [...single, ...this.#disks(host, beneath)];
  }

  /** One more disk than may fail; each by any of the domains that name it. */
  #disks(host: string, { disks, failuresSurvived }: NonNullable<Place['beneath']>): Family {
    const ofDisk = (disk: string): Family =>
      this.#those(
        (domain) => domain.kind === 'disk' && domain.host === host && domain.disk === disk,
      );
    const families = [...new Set(disks)].map(ofDisk).filter((family) => family.length > 0);
    return this.#choose(families, failuresSurvived + 1);
  }

  #choose(families: readonly Family[], count: number): Family {
    if (count <= 0) return ALWAYS;
    if (count === 1) return families.flat();
    return families.flatMap((family, at) =>
      this.and(family, this.#choose(families.slice(at + 1), count - 1)),
    );
  }

  /** What is lost already costs nothing. */
  #those(takes: (domain: FailureDomain) => boolean): Family {
    if (this.#lost.some(takes)) return ALWAYS;
    return this.#domains.filter(takes).map((domain) => [domain]);
  }

  #union(
    one: readonly FailureDomain[],
    other: readonly FailureDomain[],
  ): readonly FailureDomain[] | undefined {
    if (one.length === 0) return other;
    if (other.length === 0) return one;
    const both = [...one];
    for (const domain of other) if (!both.includes(domain)) both.push(domain);
    return both.length > this.#sizeMax ? undefined : both;
  }

  /** Without those that hold another. */
  #minimal(sets: Family): Family {
    if (sets.length <= 1) return sets;
    const sorted = sets.toSorted((one, other) => one.length - other.length);
    const kept: (readonly FailureDomain[])[] = [];
    for (const set of sorted) {
      const size = set.length;
      // Of two of one size each holds the other only where they are the same.
      const isMore = kept.some(
        (less) => less.length <= size && less.every((domain) => set.includes(domain)),
      );
      if (!isMore) kept.push(set);
    }
    return kept;
  }
}

function isOpenedAlike(one: CopyWithKeys, other: CopyWithKeys): boolean {
  const isOpen = one.copy.openedBy === undefined;
  return isOpen === (other.copy.openedBy === undefined) && isSameList(one.keys, other.keys);
}
