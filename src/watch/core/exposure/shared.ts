/** What the data sets of an estate share: computed once, and kept while it stays as it is. */
import type { DurationMs } from '../../../base/units.ts';
import { type FailureDomain, isFailure } from '../domain.ts';
import type { Estate } from '../estate.ts';
import { isWithin, type Place } from '../place.ts';
import { type CopyWithKeys, storePlaces, type Survival, survivalOf } from '../survival.ts';
import { type Deletion, DomainPool } from './domains.ts';
import { isSameList } from './estate-lists.ts';
import { Families, type Family } from './minimal-sets.ts';

const GONE_MAX = 1000;

/** Of the copies of a vault. */
interface VaultFate {
  /** What by itself leaves none of them. */
  readonly killers: ReadonlySet<FailureDomain>;
  /** None is left even if nothing is lost. */
  readonly isNone: boolean;
}

export class Shared {
  readonly readers: readonly string[];
  readonly clockSkewMax: DurationMs;
  readonly pool: DomainPool;
  readonly #groups: NonNullable<Estate['groups']>;
  readonly #credentials: NonNullable<Estate['credentials']>;
  readonly #volumes: NonNullable<Estate['volumes']>;
  readonly #sizeMax: number;
  readonly #known = new Map<CopyWithKeys, CopyKnown>();
  readonly #vaults = new Map<readonly CopyWithKeys[], VaultFate>();
  readonly #gone = new Map<string, Family>();

  constructor(estate: Estate, sizeMax: number) {
    const { readers, groups = [], credentials = [], volumes = [], clockSkewMax } = estate;
    this.readers = readers;
    this.#groups = groups;
    this.#credentials = credentials;
    this.#volumes = volumes;
    this.clockSkewMax = clockSkewMax;
    this.pool = new DomainPool(estate);
    this.#sizeMax = sizeMax;
  }

  /** Copies that are gone are forgotten when they have become many. */
  fits(estate: Estate): boolean {
    const { readers, groups = [], credentials = [], volumes = [], clockSkewMax, vaults } = estate;
    return (
      this.#known.size <= GONE_MAX + 2 * vaults.length &&
      clockSkewMax === this.clockSkewMax &&
      isSameList(readers, this.readers) &&
      isSameList(groups, this.#groups) &&
      isSameList(credentials, this.#credentials) &&
      isSameList(volumes, this.#volumes)
    );
  }

  #of(copy: CopyWithKeys): CopyKnown {
    const known = this.#known.get(copy);
    if (known !== undefined) return known;
    const made = copyKnown(copy, this.pool, this.#known.size);
    this.#known.set(copy, made);
    return made;
  }

  domainsOf(copy: CopyWithKeys): readonly FailureDomain[] {
    return this.#of(copy).domains;
  }

  /**
   * Whether only its own domains can take a copy: not a disk that was not seen beneath it, and none
   * of these directories.
   */
  isApart(copies: readonly CopyWithKeys[], deletions: readonly Deletion[]): boolean {
    return copies.every((copy) => {
      const { isSeen, places } = this.#of(copy);
      return isSeen && !deletions.some((deletion) => places.some((at) => mayHit(deletion, at)));
    });
  }

  /** Some program that reads the vaults is left, whichever few of `domains` are lost. */
  hasReaderApart(domains: ReadonlySet<FailureDomain>): boolean {
    return this.readers.some((host) => !this.pool.takersOf(host).some((at) => domains.has(at)));
  }

  /** Of a copy that many data sets lie in, when one thing is lost. */
  survival(copy: CopyWithKeys, domain: FailureDomain): Survival {
    // A directory is one data set's own.
    if (domain.kind === 'directory') return survivalOf(copy, this.readers, [domain]);
    const { survivals } = this.#of(copy);
    const known = survivals.get(domain);
    if (known !== undefined) return known;
    const made = survivalOf(copy, this.readers, [domain]);
    survivals.set(domain, made);
    return made;
  }

  /** Where `isApart` holds. */
  vaultFate(copies: readonly CopyWithKeys[]): VaultFate {
    const known = this.#vaults.get(copies);
    if (known !== undefined) return known;
    const isNone = !copies.some((copy) => survivalOf(copy, this.readers, []).fate === 'kept');
    const all = new Set(copies.flatMap((copy) => this.domainsOf(copy)));
    const killers = new Set(
      [...all].filter((domain) =>
        copies.every((copy) => this.survival(copy, domain).fate !== 'kept'),
      ),
    );
    const made = { isNone, killers };
    this.#vaults.set(copies, made);
    return made;
  }

  /** The sets of failures that leave none of `copies`, where `isApart` holds and a reader is left. */
  allGone(copies: readonly CopyWithKeys[]): Family {
    const id = copies.map((copy) => this.#of(copy).id).join();
    const known = this.#gone.get(id);
    if (known !== undefined) return known;
    const all = new Set(copies.flatMap((copy) => this.domainsOf(copy)));
    const domains = [...all].filter(isFailure);
    const families = new Families({ domains, lost: [], sizeMax: this.#sizeMax });
    const made = families.allStores(copies);
    this.#gone.set(id, made);
    return made;
  }
}

interface CopyKnown {
  readonly id: number;
  readonly domains: readonly FailureDomain[];
  /** Its own, and those of its keys. */
  readonly places: readonly Place[];
  readonly isSeen: boolean;
  readonly survivals: Map<FailureDomain, Survival>;
}

function copyKnown(copy: CopyWithKeys, pool: DomainPool, id: number): CopyKnown {
  const places = [...storePlaces(copy.copy), ...copy.keys.flatMap((key) => key.places)];
  const isSeen = places.every(
    ({ beneath, mayBeOn }) => beneath !== undefined && mayBeOn === undefined,
  );
  const domains = [...new Set(pool.ofCopy(copy))];
  return { id, domains, places, isSeen, survivals: new Map() };
}

function mayHit({ host, path }: Deletion, place: Place): boolean {
  return place.host === host && (place.path === undefined || isWithin(place.path, path));
}
