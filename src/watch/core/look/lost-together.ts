/** What is lost when several things are lost at once, over a whole estate. */
import type { UnixMs } from '../../../base/units.ts';
import { type FailureDomain, fateOf, fateOfAll, takesHost } from '../domain.ts';
import type { Estate } from '../estate.ts';
import type { ExposureToAll } from '../exposure/rows.ts';
import { exposureToAll } from '../exposure.ts';
import { isWithin } from '../place.ts';
import type { DeclaredEstate } from './declared.ts';
import { isPart } from './declared-services.ts';
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

export function lostTogether(
  estate: Estate,
  of: {
    readonly lost: readonly Lost[];
    readonly declared: DeclaredEstate;
    readonly machines: readonly LookedHost[];
    /** Those that were looked at themselves. */
    readonly guests: readonly GuestHost[];
    readonly now: UnixMs;
  },
): LostTogether {
  const { lost, declared, machines, guests, now } = of;
  const named = lost.flatMap(({ domains }) => domains);
  const exposed = exposureToAll(estate, now, withFallenGuests(named, guests));
  const rows = exposed.map((row) => ({ ...row, within: whatHolds(estate, row.dataSet) }));
  const hit = new Set(rows.filter(isHarmed).map(({ dataSet }) => dataSet));
  const sets = estate.dataSets.filter(({ name }) => hit.has(name));
  const services = declared.services.filter((service) =>
    service.dataSets.some((name) => {
      const part = declared.dataSets.find((each) => each.name === name);
      return part !== undefined && sets.some((set) => isPart(set, part));
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

function whatHolds({ dataSets }: Estate, name: string): string | undefined {
  const places = dataSets.find((set) => set.name === name)?.places ?? [];
  return dataSets.find(({ name: other, places: [outer] }) =>
    places.some(
      ({ host, path }, at) =>
        other !== name &&
        host === outer?.host &&
        path !== undefined &&
        outer.path !== undefined &&
        isWithin(path, outer.path) &&
        (at > 0 || path !== outer.path),
    ),
  )?.name;
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
