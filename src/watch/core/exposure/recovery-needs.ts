/** What must be there before anything can be brought back: the store, its key, a machine that reads it. */
import { type FailureDomain, fateOf, fateOfAny, takesHost } from '../domain.ts';
import type { Estate, Key, VaultCopy } from '../estate.ts';
import type { PlacedOpening } from '../opening.ts';
import type { Place } from '../place.ts';
import { survivalOf } from '../survival.ts';
import { isTheirs } from './recovery-command.ts';

export interface Needed {
  readonly kind: 'store' | 'key' | 'machine';
  /** `unknown` where it may be there and nothing shows that it is. */
  readonly is: 'ok' | 'unknown' | 'failed';
  /** The vault that it is needed for, as evidence calls the copy. */
  readonly of: string;
  /** Where it lies or what reads it; empty where that is nowhere known. */
  readonly where: readonly string[];
  readonly places: readonly Place[];
  /** Of a key: its sheet was stored elsewhere and part of it typed back, or somebody knows it. */
  readonly isElsewhere: boolean;
  /** Opened by Holdfast, and not by the team's own tool. */
  readonly isOwn: boolean;
}

interface SourceOf {
  readonly copy: VaultCopy;
  readonly opening: PlacedOpening | undefined;
}

export function neededFirst(
  estate: Estate,
  of: { readonly sources: readonly SourceOf[]; readonly domains: readonly FailureDomain[] },
): readonly Needed[] {
  const copies = new Map(of.sources.map((source) => [source.copy.copy, source]));
  return [...copies.values()].flatMap((source) => {
    const { copy } = source;
    const isOwn = !isTheirs(source.opening);
    const base = { of: copy.copy, isOwn, isElsewhere: false };
    const keys = estate.keys.filter((key) => copy.openedBy?.includes(key.id) === true);
    return [
      { ...base, ...storeOf(estate, copy, of.domains) },
      ...(copy.openedBy === undefined ? [] : [{ ...base, ...keyOf(keys, of.domains) }]),
      { ...base, ...machineOf(estate, of.domains) },
    ];
  });
}

type Part = Pick<Needed, 'kind' | 'is' | 'where' | 'places'> & Partial<Needed>;

function storeOf(estate: Estate, copy: VaultCopy, domains: readonly FailureDomain[]): Part {
  const { fate, why } = survivalOf(
    { copy: { ...copy, openedBy: undefined }, keys: [] },
    estate.readers,
    domains,
  );
  const isStore = fate === 'kept' || why.startsWith('no machine');
  const is = isStore ? 'ok' : fate === 'unknown' ? 'unknown' : 'failed';
  return { kind: 'store', is, where: [copy.place.host], places: [copy.place] };
}

function keyOf(keys: readonly Key[], domains: readonly FailureDomain[]): Part {
  const places = keys.flatMap((key) => key.places);
  const left = places.filter((place) => fateOf(place, domains) !== 'lost');
  const isElsewhere = keys.some((key) => key.isConfirmedElsewhere);
  const lostKeys = domains.flatMap((domain) => (domain.kind === 'key' ? [domain.key] : []));
  const isTaken = keys.length > 0 && keys.every((key) => lostKeys.includes(key.id));
  const fate = fateOfAny(places.map((place) => fateOf(place, domains)));
  const isKept = isElsewhere || (!isTaken && fate === 'kept');
  const is = isKept ? 'ok' : !isTaken && fate === 'unknown' ? 'unknown' : 'failed';
  return { kind: 'key', is, where: left.map(({ host }) => host), places: left, isElsewhere };
}

function machineOf({ readers }: Estate, domains: readonly FailureDomain[]): Part {
  const left = readers.filter((host) => !domains.some((domain) => takesHost(domain, host)));
  return {
    kind: 'machine',
    is: left.length > 0 ? 'ok' : 'failed',
    where: [...new Set(left)],
    places: [],
  };
}
