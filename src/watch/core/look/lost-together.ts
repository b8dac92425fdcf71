/** What is lost when several things are lost at once, over a whole estate. */
import { type FailureDomain, fateOf, fateOfAll, takesHost } from '../domain.ts';
import type { DataSet, Estate } from '../estate.ts';
import type { ExposureIndex } from '../exposure/exposure-index.ts';
import type { ExposureToAll } from '../exposure/rows.ts';
import { exposureToAllNow } from '../exposure.ts';
import { isWithin } from '../place.ts';
import type { DeclaredEstate } from './declared.ts';
import { partsIn } from './declared-services.ts';
import type { GuestHost } from './guests.ts';
import type { Lost } from './lose.ts';
import type { LookedHost } from './looked-hosts.ts';

export interface LostTogether {
  readonly lost: readonly Lost[];
  /** Data sets that there are. */
  readonly dataSetCount: number;
  /** Those that are hit, worst first. */
  readonly rows: readonly LostRow[];
  /** Services of the file with a data set that would be lost or unknown. */
  readonly services: readonly string[];
  /** Hosts that are lost and of which no look that counts says what they hold. */
  readonly notSeen: readonly string[];
  /** Those that are lost and answered in part: they may hold more. */
  readonly seenInPart: readonly string[];
}

export interface LostRow extends ExposureToAll {
  /** The data set that it lies in, as the data of a guest do in its image: not counted again. */
  readonly within: string | undefined;
}

/** @param index of the estate as it is now */
export function lostTogether(
  index: ExposureIndex,
  of: {
    readonly lost: readonly Lost[];
    readonly declared: DeclaredEstate;
    readonly machines: readonly LookedHost[];
    /** Those that were looked at themselves. */
    readonly guests: readonly GuestHost[];
  },
): LostTogether {
  const { lost, declared, machines, guests } = of;
  const { estate } = index.lists;
  const named = lost.flatMap(({ domains }) => domains);
  const exposed = exposureToAllNow(index, withFallenGuests(named, guests));
  const holds = holders(estate);
  const rows = exposed.map((row) => ({ ...row, within: holds(row.dataSet) }));
  const hit = new Set(rows.filter(isHarmed).map(({ dataSet }) => dataSet));
  const partsOf = partsIn(estate.dataSets);
  const services = declared.services.filter((service) =>
    service.dataSets.some((name) => {
      const part = declared.dataSets.find((each) => each.name === name);
      return part !== undefined && partsOf(part).some((set) => hit.has(set.name));
    }),
  );
  const lookOf = (host: string): LookedHost['look'] | undefined =>
    machines.find((machine) => machine.host === host)?.look;
  const hosts = [...new Set(lost.flatMap((each) => each.hosts))];
  const seenInPart = hosts.filter((host) => lookOf(host) === 'partial');
  return {
    lost,
    dataSetCount: estate.dataSets.length,
    rows,
    services: services.map(({ name }) => name),
    notSeen: hosts.filter((host) => lookOf(host) !== 'whole' && !seenInPart.includes(host)),
    seenInPart,
  };
}

type Holders = (name: string) => string | undefined;
const holdersKnown = new WeakMap<readonly DataSet[], Holders>();

function holders({ dataSets }: Estate): Holders {
  const known = holdersKnown.get(dataSets) ?? holdersAmong(dataSets);
  holdersKnown.set(dataSets, known);
  return known;
}

/** The data set, on the same host, that one lies in. */
function holdersAmong(dataSets: readonly DataSet[]): Holders {
  const named = new Map(dataSets.map((set) => [set.name, set]));
  const outer = Map.groupBy(dataSets, ({ places: [first] }) => first?.host);
  const isIn = (set: DataSet, { name, places: [around] }: DataSet): boolean =>
    set.places.some(
      ({ host, path }, at) =>
        name !== set.name &&
        host === around?.host &&
        path !== undefined &&
        around.path !== undefined &&
        isWithin(path, around.path) &&
        (at > 0 || path !== around.path),
    );
  return (name) => {
    const set = named.get(name);
    const hosts = new Set(set?.places.map(({ host }) => host));
    for (const host of hosts) {
      const found = outer.get(host)?.find((other) => set !== undefined && isIn(set, other));
      if (found !== undefined) return found.name;
    }
    return undefined;
  };
}

/** A guest falls with what it stands on, and with it every key, copy and program that it has. */
export function withFallenGuests(
  domains: readonly FailureDomain[],
  guests: readonly GuestHost[],
): readonly FailureDomain[] {
  const fallen = guests
    .filter(({ host }) => !domains.some((domain) => takesHost(domain, host)))
    .filter(({ places }) => fateOfAll(places.map((place) => fateOf(place, domains))) === 'lost')
    .map(({ host }): FailureDomain => ({ kind: 'host', host }));
  // A guest may itself have guests.
  return fallen.length === 0 ? domains : withFallenGuests([...domains, ...fallen], guests);
}

/** Gone, or nobody knows that it is not. */
export function isHarmed({ loss }: ExposureToAll): boolean {
  return loss.kind === 'all' || loss.kind === 'unknown';
}
