/** Services and promises of the file, on the data sets that an estate has. */
import type { DataSet, Estate, HostCredential, Promised, Service } from '../estate.ts';
import { isWithin } from '../place.ts';
import type { DeclaredDataSet, DeclaredEstate, DeclaredService } from './declared.ts';
import type { LookedHost } from './looked-hosts.ts';

/** The name by which places know a host; as it is written where no other is known. */
export type PlacedAs = (host: string) => string;

/** Each declared data set is known by its name, or by the places that it names. */
export function withServices(
  estate: Estate,
  declared: Pick<DeclaredEstate, 'dataSets' | 'services'>,
  placedAs: PlacedAs,
): Estate {
  const partsOf = partsIn(estate.dataSets);
  const parts = new Map(
    declared.dataSets.map((each) => {
      const placed = { ...each, host: each.host === undefined ? undefined : placedAs(each.host) };
      return [each.name, partsOf(placed)] as const;
    }),
  );
  const promised = new Map<DataSet, Promised>();
  for (const { name, promise } of declared.dataSets) {
    if (promise === undefined) continue;
    for (const set of parts.get(name) ?? [])
      promised.set(set, stricter(promised.get(set), promise));
  }
  const dataSets = estate.dataSets.map((set) => {
    const promise = promised.get(set);
    return promise === undefined ? set : { ...set, promise };
  });
  const services = declared.services.map((service) => serviceOf(service, parts));
  return { ...estate, dataSets, ...(services.length === 0 ? {} : { services }) };
}

/** Of two that were promised of the same the one that is harder to keep. */
function stricter(one: Promised | undefined, other: Promised): Promised {
  return one === undefined
    ? other
    : {
        mayLoseMs: least(one.mayLoseMs, other.mayLoseMs),
        backWithinMs: least(one.backWithinMs, other.backWithinMs),
      };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function serviceOf(
  service: DeclaredService,
  parts: ReadonlyMap<string, readonly DataSet[]>,
): Service {
  const { name, tier, dependsOn = [], owners = [], runbook, promise } = service;
  const seen = service.dataSets.flatMap((each) => parts.get(each) ?? []);
  return {
    ...{ name, tier, dependsOn, owners, runbook, promise },
    dataSets: [...new Set(seen.map((set) => set.name))],
    unseen: service.dataSets.filter((each) => (parts.get(each) ?? []).length === 0),
  };
}

/** The data sets that a declared one is, in the order in which they stand. */
type PartsOf = (declared: DeclaredDataSet) => readonly DataSet[];

const partsKnown = new WeakMap<readonly DataSet[], PartsOf>();

/** Found by name and by host: what is neither called so nor lies there is no part. */
export function partsIn(dataSets: readonly DataSet[]): PartsOf {
  const known = partsKnown.get(dataSets);
  if (known !== undefined) return known;
  const [named, lying] = [new Map<string, number[]>(), new Map<string, number[]>()];
  for (const [at, { name, places }] of dataSets.entries()) {
    listed(named, name, at);
    for (const { host } of places) listed(lying, host, at);
  }
  const partsOf: PartsOf = (declared) => {
    const { name, host = '' } = declared;
    const places = [named.get(name), named.get(`${name} on ${host}`), lying.get(host)];
    const found = [...new Set(places.flatMap((each) => each ?? []))].sort((a, b) => a - b);
    return found.flatMap((at) => {
      const set = dataSets[at];
      return set !== undefined && isPart(set, declared) ? [set] : [];
    });
  };
  partsKnown.set(dataSets, partsOf);
  return partsOf;
}

function listed(lists: Map<string, number[]>, key: string, at: number): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [at]);
  else known.push(at);
}

/** As it is called in a vault, as what no look saw is called, or where it lies. */
function isPart({ name, places }: DataSet, declared: DeclaredDataSet): boolean {
  const { host, paths } = declared;
  if (name === declared.name || name === `${declared.name} on ${host ?? ''}`) return true;
  return places.some(
    (place) =>
      place.host === host &&
      paths.some((path) => {
        const at = place.path ?? path;
        return isWithin(at, path) || isWithin(path, at);
      }),
  );
}

/**
 * Keys that let somebody in as root on more than one machine: who has one deletes the data and the
 * copies there. Machines whose keys were not seen may have them too.
 */
export function credentialsOf(machines: readonly LookedHost[]): readonly HostCredential[] {
  const known = new Map<string, { readonly who: string; readonly hosts: Set<string> }>();
  for (const { host, sight } of machines) {
    for (const { user, fingerprint, comment } of sight?.adminKeys ?? []) {
      if (user !== 'root') continue;
      const key = known.get(fingerprint) ?? { who: comment, hosts: new Set<string>() };
      key.hosts.add(host);
      known.set(fingerprint, key);
    }
  }
  return [...known].flatMap(([credential, { who, hosts }]) =>
    hosts.size < 2 ? [] : [{ kind: 'credential', credential, who, hosts: [...hosts].sort() }],
  );
}
