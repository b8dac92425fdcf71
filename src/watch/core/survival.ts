import {
  type FailureDomain,
  type Fate,
  fateOf,
  fateOfAll,
  fateOfAny,
  mayTake,
  takesHost,
} from './domain.ts';
import type { Key, VaultCopy } from './estate.ts';
import type { Place } from './place.ts';

/** What becomes of a copy of a vault, as something that can be restored from. */
export interface Survival {
  readonly fate: Fate;
  /** In words, where it is not kept. */
  readonly why: string;
}

/** A copy of a vault, with all that a recovery from it needs. */
export interface CopyWithKeys {
  readonly copy: VaultCopy;
  /** Of which each opens it. */
  readonly keys: readonly Key[];
}

export const KEPT: Survival = { fate: 'kept', why: '' };

/**
 * Whether recovery from a copy outlives `domains`: the store, a key that opens it and a machine that
 * can read it are all needed. A store without its key is unknown and not lost, since somebody may
 * hold that key without our knowing; it never counts as kept.
 *
 * @param readers hosts with a program that can read it
 */
export function survivalOf(
  { copy, keys }: CopyWithKeys,
  readers: readonly string[],
  domains: readonly FailureDomain[],
): Survival {
  const places = storePlaces(copy);
  const store = fateOfData(places, domains);
  if (store === 'lost') return { fate: 'lost', why: whyStoreLost(places, domains) };
  if (store === 'unknown') {
    return { fate: 'unknown', why: whyStoreUnknown(places, domains) };
  }
  const keyFate = fateOfAny(keys.map((key) => fateOfKey(key, domains)));
  if (copy.openedBy !== undefined && keyFate !== 'kept') {
    return { fate: 'unknown', why: 'the key dies with it' };
  }
  if (!readers.some((host) => !domains.some((domain) => takesHost(domain, host)))) {
    return { fate: 'unknown', why: 'no machine is left that can read its vault' };
  }
  return KEPT;
}

/** Where it lies, and what it stands on. */
export function storePlaces({ place, standsOn }: VaultCopy): readonly Place[] {
  return standsOn === undefined ? [place] : [place, ...standsOn];
}

function whyStoreLost(places: readonly Place[], domains: readonly FailureDomain[]): string {
  const others = domains.filter(({ kind }) => kind !== 'directory');
  return fateOfData(places, others) === 'lost' ? 'its vault is on it' : 'its vault is in it';
}

function whyStoreUnknown(places: readonly Place[], domains: readonly FailureDomain[]): string {
  return places.some((place) => domains.some((domain) => mayTake(domain, place)))
    ? 'which machine its vault lies on was not told'
    : 'the disk of its vault was not seen';
}

function fateOfKey(key: Key, domains: readonly FailureDomain[]): Fate {
  if (key.isConfirmedElsewhere) return 'kept';
  if (domains.some((domain) => domain.kind === 'key' && domain.key === key.id)) return 'lost';
  return fateOfAny(key.places.map((place) => fateOf(place, domains)));
}

/** What becomes of data that lie in several places, all of which belong to it. */
export function fateOfData(places: readonly Place[], domains: readonly FailureDomain[]): Fate {
  const [only] = places;
  if (only !== undefined && places.length === 1) return fateOf(only, domains);
  return fateOfAll(places.map((place) => fateOf(place, domains)));
}
