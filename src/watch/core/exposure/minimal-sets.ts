/**
 * The smallest sets of failures that leave nothing proven of a data set.
 *
 * Losing more never hides a loss, so each such set is minimal or holds a minimal one. They are put
 * together from the bottom: what takes one place, then all that has to go for one copy, then for all
 * copies that are proven and the data as well. A set is kept only up to `sizeMax`: most vanish early.
 */
import { isWithin, type Place } from '../place.ts';
import { type FailureDomain, takesHost } from '../domain.ts';
import type { Key } from '../estate.ts';
import { type CopyWithKeys, storePlaces } from '../survival.ts';
import type { DataSetCase } from './case.ts';
import { usableIn } from './case.ts';

/** Sorted places in the list of domains; no set of a family holds another. */
type Family = readonly (readonly number[])[];

/** Nothing has to be lost for it: it is lost. */
const ALWAYS: Family = [[]];
const NEVER: Family = [];

export interface Failures {
  readonly domains: readonly FailureDomain[];
  /** Lost already: they count for nothing. */
  readonly lost: readonly FailureDomain[];
  readonly sizeMax: number;
}

/** Smallest first; those of one size in the order of `domains`. */
export function minimalSets(
  of: DataSetCase,
  failures: Failures,
): readonly (readonly FailureDomain[])[] {
  return familyOf(of, failures).map((set) => set.flatMap((at) => failures.domains[at] ?? []));
}

/** How many may be lost, so that the next one may be the last: `sizeMax` where none was found. */
export function survivedBy(of: DataSetCase, failures: Failures): number {
  const [smallest] = familyOf(of, failures);
  return smallest === undefined ? failures.sizeMax : Math.max(0, smallest.length - 1);
}

function familyOf(of: DataSetCase, failures: Failures): Family {
  const family = new FamilyMaker(failures);
  let sets = family.anyPlace(of.dataSet.places);
  for (const copy of provenCopies(of)) {
    if (sets.length === 0) return NEVER;
    sets = family.and(sets, family.copy(copy, of.readers));
  }
  return [...sets].sort((one, other) => one.length - other.length || compare(one, other));
}

/** Copies from which a whole point was read back, in a vault whose last drill did not fail. */
function provenCopies(of: DataSetCase): readonly CopyWithKeys[] {
  const at = new Set<number>();
  for (const { point, isWhole, isDatedAhead, exists } of of.points) {
    if (!isWhole || isDatedAhead || usableIn(of, point.vault) === 'failed') continue;
    const copies = of.vaults.get(point.vault)?.at ?? [];
    for (const [i, copy] of copies.entries()) if (exists[i] === 'ok') at.add(copy);
  }
  return [...at].flatMap((copy) => of.copies[copy] ?? []);
}

class FamilyMaker {
  readonly #all: readonly FailureDomain[];
  readonly #lostFrom: number;
  readonly #sizeMax: number;

  constructor({ domains, lost, sizeMax }: Failures) {
    this.#all = [...domains, ...lost];
    this.#lostFrom = domains.length;
    this.#sizeMax = sizeMax;
  }

  anyPlace(places: readonly Place[]): Family {
    return this.#minimal(places.flatMap((place) => this.#place(place)));
  }

  copy({ copy, keys }: CopyWithKeys, readers: readonly string[]): Family {
    const noKey = copy.openedBy === undefined ? NEVER : this.#every(keys, (key) => this.#key(key));
    const noReader = this.#every(readers, (host) => this.#host(host));
    return this.#minimal([
      ...storePlaces(copy).flatMap((place) => this.#place(place)),
      ...noKey,
      ...noReader,
    ]);
  }

  and(one: Family, other: Family): Family {
    const made: (readonly number[])[] = [];
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
    const gone = this.#every(key.places, (place) => this.#minimal(this.#place(place)));
    return this.#minimal([...named, ...gone]);
  }

  #host(host: string): Family {
    return this.#minimal(this.#those((domain) => takesHost(domain, host)));
  }

  /** What leaves it lost or unknown, by the rules of `fateOf`. */
  #place(place: Place): Family {
    const { host, path, beneath } = place;
    const single = this.#those((domain) => {
      if (takesHost(domain, host)) return true;
      if (domain.kind === 'disk') return domain.host === host && beneath === undefined;
      if (domain.kind !== 'directory' || domain.host !== host) return false;
      if (path === undefined) return true;
      return isWithin(path, domain.path) && !domain.spared.some((spared) => isWithin(path, spared));
    });
    return beneath === undefined ? single : [...single, ...this.#disks(host, beneath)];
  }

  /** One more disk than may fail; each by any of the domains that name it. */
  #disks(host: string, { disks, failuresSurvived }: NonNullable<Place['beneath']>): Family {
    const ofDisk = (disk: string): Family =>
      this.#minimal(
        this.#those(
          (domain) => domain.kind === 'disk' && domain.host === host && domain.disk === disk,
        ),
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
    const sets: (readonly number[])[] = [];
    for (const [at, domain] of this.#all.entries()) {
      if (!takes(domain)) continue;
      if (at >= this.#lostFrom) return ALWAYS;
      sets.push([at]);
    }
    return sets;
  }

  #union(one: readonly number[], other: readonly number[]): readonly number[] | undefined {
    if (one.length === 0) return other;
    if (other.length === 0) return one;
    const both = [...one];
    for (const at of other) if (!both.includes(at)) both.push(at);
    return both.length > this.#sizeMax ? undefined : both.sort((a, b) => a - b);
  }

  /** Without those that hold another, or are too large. */
  #minimal(sets: Family): Family {
    const small = sets.filter((set) => set.length <= this.#sizeMax);
    if (small.length <= 1) return small;
    const sorted = small.sort((one, other) => one.length - other.length);
    const kept: (readonly number[])[] = [];
    for (const set of sorted) {
      if (!kept.some((less) => less.every((at) => set.includes(at)))) kept.push(set);
    }
    return kept;
  }
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [i, at] of one.entries()) {
    const difference = at - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
