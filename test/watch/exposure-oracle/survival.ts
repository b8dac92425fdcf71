import {
  type FailureDomain,
  type Fate,
  fateOf,
  fateOfAll,
  fateOfAny,
  mayTake,
  takesHost,
} from '../../../src/watch/core/domain.ts';
import type { Estate, Key, RecoveryPoint, VaultCopy } from '../../../src/watch/core/estate.ts';
import type { Place } from '../../../src/watch/core/place.ts';

/** What becomes of a copy of a vault, as something that can be restored from. */
export interface Survival {
  readonly fate: Fate;
  /** In words, where it is not kept. */
  readonly why: string;
}

const KEPT: Survival = { fate: 'kept', why: '' };

/**
 * Whether recovery from `copy` outlives `domains`: the store, a key that opens it and a machine that
 * can read it are all needed. A store without its key is unknown and not lost, since somebody may
 * hold that key without our knowing; it never counts as kept.
 */
export function survivalOf(
  estate: Estate,
  copy: VaultCopy,
  domains: readonly FailureDomain[],
): Survival {
  const places = [copy.place, ...(copy.standsOn ?? [])];
  const store = fateOfData(places, domains);
  if (store === 'lost') return { fate: 'lost', why: whyStoreLost(places, domains) };
  if (store === 'unknown') {
    const isUnsaid = places.some((place) => domains.some((domain) => mayTake(domain, place)));
    const why = isUnsaid
      ? 'which machine its vault lies on was not told'
      : 'the disk of its vault was not seen';
    return { fate: 'unknown', why };
  }
  const { openedBy } = copy;
  const keys = estate.keys.filter((key) => openedBy?.includes(key.id) === true);
  const keyFate = fateOfAny(keys.map((key) => fateOfKey(key, domains)));
  if (openedBy !== undefined && keyFate !== 'kept') {
    return { fate: 'unknown', why: 'the key dies with it' };
  }
  if (!estate.readers.some((host) => !domains.some((domain) => takesHost(domain, host)))) {
    return { fate: 'unknown', why: 'no machine is left that can read its vault' };
  }
  return KEPT;
}

function whyStoreLost(places: readonly Place[], domains: readonly FailureDomain[]): string {
  const others = domains.filter(({ kind }) => kind !== 'directory');
  return fateOfData(places, others) === 'lost' ? 'its vault is on it' : 'its vault is in it';
}

function fateOfKey(key: Key, domains: readonly FailureDomain[]): Fate {
  if (key.isConfirmedElsewhere) return 'kept';
  if (domains.some((domain) => domain.kind === 'key' && domain.key === key.id)) return 'lost';
  return fateOfAny(key.places.map((place) => fateOf(place, domains)));
}

/** The copies of the vault that holds `point`, each with what becomes of it. */
export function copiesOf(
  estate: Estate,
  point: Pick<RecoveryPoint, 'vault'>,
  domains: readonly FailureDomain[],
): readonly (Survival & { readonly copy: VaultCopy })[] {
  return estate.vaults
    .filter((copy) => copy.vault === point.vault)
    .map((copy) => ({ copy, ...survivalOf(estate, copy, domains) }));
}

/** What becomes of data that lie in several places, all of which belong to it. */
export function fateOfData(
  places: Estate['dataSets'][number]['places'],
  domains: readonly FailureDomain[],
): Fate {
  return fateOfAll(places.map((place) => fateOf(place, domains)));
}
