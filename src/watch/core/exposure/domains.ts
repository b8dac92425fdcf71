/** What can be lost that concerns a data set: itself, or what could bring it back. */
import type { FailureDomain } from '../domain.ts';
import { domainId, fateInVolume, mayTake } from '../domain.ts';
import type { Estate, HostCredential, HostGroup, StorageVolume } from '../estate.ts';
import { isWithin, type Place } from '../place.ts';
import { type CopyWithKeys, storePlaces } from '../survival.ts';

export type Deletion = Extract<FailureDomain, { readonly kind: 'directory' }>;

/** A domain, by identity: within an index each is one object, so that telling two apart is cheap. */
export class DomainPool {
  readonly #domains = new Map<string, FailureDomain>();
  readonly #groups: ReadonlyMap<string, readonly HostGroup[]>;
  readonly #credentials: ReadonlyMap<string, readonly HostCredential[]>;
  readonly #volumes: ReadonlyMap<string, readonly StorageVolume[]>;
  readonly #ofHost = new Map<string, readonly FailureDomain[]>();

  constructor({
    groups = [],
    credentials = [],
    volumes = [],
  }: Pick<Estate, 'groups' | 'credentials' | 'volumes'>) {
    this.#groups = byHost(groups, ({ hosts }) => hosts);
    this.#credentials = byHost(credentials, ({ hosts }) => hosts);
    this.#volumes = byHost(volumes, ({ roots }) => roots.map(({ host }) => host));
  }

  /** A host, and the groups that it is in. */
  takersOf(host: string): readonly FailureDomain[] {
    const known = this.#ofHost.get(host);
    if (known !== undefined) return known;
    const made = [this.#one({ kind: 'host', host }), ...(this.#groups.get(host) ?? [])];
    this.#ofHost.set(host, made);
    return made;
  }

  #one(domain: FailureDomain): FailureDomain {
    const id = domainId(domain);
    const known = this.#domains.get(id);
    if (known !== undefined) return known;
    this.#domains.set(id, domain);
    return domain;
  }

  /** What takes a place whatever its path, or a part of what lies beneath. */
  ofPlaces(places: readonly Place[]): readonly FailureDomain[] {
    return places.flatMap((place) => [
      ...(place.beneath?.disks ?? []).map((disk) =>
        this.#one({ kind: 'disk', host: place.host, disk }),
      ),
      ...this.takersOf(place.host),
      ...this.#volumesOf(place),
      ...(this.#credentials.get(place.host) ?? []),
    ]);
  }

  #volumesOf(place: Place): readonly FailureDomain[] {
    const { host, mayBeOn = [] } = place;
    return [...new Set([host, ...mayBeOn].flatMap((at) => this.#volumes.get(at) ?? []))].filter(
      (volume) => fateInVolume(place, volume) !== 'kept' || mayTake(volume, place),
    );
  }

  /** What takes a copy, or a key that opens it. */
  ofCopy({ copy, keys }: CopyWithKeys): readonly FailureDomain[] {
    return [
      ...this.ofPlaces([...storePlaces(copy), ...keys.flatMap(({ places }) => places)]),
      ...keys.map(({ id }) => this.#one({ kind: 'key', key: id })),
    ];
  }
}

/** Of those that are called the same the last counts. */
function byHost<T extends HostGroup | HostCredential | StorageVolume>(
  items: readonly T[],
  hostsOf: (item: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const known = new Map(items.map((item) => [domainId(item), item]));
  const made = new Map<string, T[]>();
  for (const item of known.values()) {
    for (const host of new Set(hostsOf(item))) {
      const before = made.get(host);
      if (before === undefined) made.set(host, [item]);
      else before.push(item);
    }
  }
  return made;
}

/** The deletions of a data set, where `copies` and their keys may lie inside. */
export function deletionsConcerning(
  places: readonly Place[],
  copies: readonly CopyWithKeys[],
): readonly Deletion[] {
  const deletions = places.flatMap((place) => deletionsOf(place, copies));
  if (deletions.length <= 1) return deletions;
  return [...new Map(deletions.map((domain) => [domainId(domain), domain])).values()];
}

/** The directory goes with everything in it; where a vault lies in it, also its files alone. */
function deletionsOf(data: Place, copies: readonly CopyWithKeys[]): readonly Deletion[] {
  const { host, path } = data;
  if (path === undefined) return [];
  const isInside = (place: Place): boolean =>
    place.host === host && place.path !== undefined && isWithin(place.path, path);
  const stores = copies.flatMap(({ copy }) => (isInside(copy.place) ? [copy.place] : []));
  const keys = [...new Set(copies.flatMap((of) => of.keys))];
  const inside = [...stores, ...keys.flatMap(({ places }) => places.filter(isInside))];
  const whole: Deletion = { kind: 'directory', host, path, spared: [] };
  if (inside.length === 0) return [whole];
  return [whole, { ...whole, spared: inside.flatMap((place) => place.path ?? []) }];
}
