/** Whose a finding is: of the service, of the data, of the host, in that order, as people wrote it. */
import type { Estate } from '../estate.ts';
import type { Finding } from './answer.ts';
import type { DeclaredEstate } from './declared.ts';
import { partsIn, type PlacedAs } from './declared-services.ts';

/** Asked for as an owner: what nobody was named for. */
export const NOBODY = 'nobody';

export function isOwnedBy(owners: readonly string[], owner: string): boolean {
  return owner === NOBODY ? owners.length === 0 : owners.includes(owner);
}

export type OwnersOf = (
  of: Pick<Finding, 'hosts' | 'subject' | 'dataSets' | 'services'>,
) => readonly string[];

/** @param placedAs the name by which places know a host */
export function ownersIn(estate: Estate, declared: DeclaredEstate, placedAs: PlacedAs): OwnersOf {
  const { services: known = [] } = estate;
  const services = new Map(known.map(({ name, owners }) => [name, owners]));
  const sets = ownersOfSets(estate, declared, placedAs);
  const hosts = new Map<string, readonly string[]>();
  for (const { of, name, owners } of declared.owned ?? []) {
    if (of === 'host') hosts.set(placedAs(name), owners);
  }
  const onHost = new Map<string, readonly string[]>();
  for (const { name, places } of estate.dataSets) {
    const own = sets.get(name) ?? [];
    if (own.length === 0) continue;
    for (const { host } of places) onHost.set(host, union(onHost.get(host) ?? [], own));
  }
  const named = new Map(
    (declared.owned ?? []).flatMap(({ of, name, owners }) =>
      of === 'data set' ? [[name, owners] as const] : [],
    ),
  );
  return ({ hosts: its, subject, dataSets = [], services: of = [] }) => {
    const ofServices = of.flatMap((name) => services.get(name) ?? []);
    if (ofServices.length > 0) return sorted(ofServices);
    const subjects = its.map((host) => `${host}:${subject}`);
    const data = [...dataSets, ...subjects].flatMap((name) => sets.get(name) ?? []);
    const ofData = [...data, ...(named.get(subject) ?? [])];
    if (ofData.length > 0) return sorted(ofData);
    return sorted(its.flatMap((host) => hosts.get(host) ?? onHost.get(host) ?? []));
  };
}

/** Of those whom the file names for it, and of the services that it belongs to. */
function ownersOfSets(
  { dataSets, services = [] }: Estate,
  declared: DeclaredEstate,
  placedAs: PlacedAs,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const add = (name: string, owners: readonly string[]): void => {
    if (owners.length > 0) found.set(name, union(found.get(name) ?? [], owners));
  };
  for (const { of, name, owners } of declared.owned ?? []) {
    const part =
      of === 'data set' ? declared.dataSets.find((each) => each.name === name) : undefined;
    if (part === undefined) continue;
    const placed = { ...part, host: part.host === undefined ? undefined : placedAs(part.host) };
    for (const set of partsIn(dataSets)(placed)) add(set.name, owners);
  }
  for (const { dataSets: its, owners } of services) for (const name of its) add(name, owners);
  return found;
}

function union(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])];
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
