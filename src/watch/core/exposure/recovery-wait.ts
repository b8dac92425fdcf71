/** What may be switched off where something comes back: services of a later tier, guests of none. */
import { smallest } from '../../../base/long-list.ts';
import { type FailureDomain, takesHost } from '../domain.ts';
import type { DataSet, Estate } from '../estate.ts';
import type { DeclaredEstate } from '../look/declared.ts';
import type { GuestHost } from '../look/guests.ts';
import { type LookedHost, seenOf } from '../look/looked-hosts.ts';
import { partsIn } from '../look/declared-services.ts';
import type { OrderedService } from './recovery-order.ts';

export interface MayWait {
  readonly host: string;
  readonly what: 'service' | 'guest';
  readonly name: string;
  /** Undefined: none is declared, so whether it may wait is for a person to say. */
  readonly tier: number | undefined;
  /** What lies there of it; undefined where that was not seen. */
  readonly bytes: number | undefined;
}

interface Step {
  readonly tier: number | undefined;
  readonly to: { readonly host: string } | undefined;
  readonly row: { readonly dataSet: string };
}

/** The last tier first. What comes back itself, or is as urgent as what does, is not named. */
export function mayWait(
  asking: {
    readonly estate: Estate;
    readonly declared: DeclaredEstate & { readonly services: readonly OrderedService[] };
    readonly machines: readonly LookedHost[];
    readonly guests: readonly GuestHost[];
  },
  of: { readonly steps: readonly Step[]; readonly domains: readonly FailureDomain[] },
): readonly MayWait[] {
  const { steps, domains } = of;
  if (steps.length === 0) return [];
  const hosts = hostsOf(asking.machines, { steps, domains });
  const urgent = steps.flatMap(({ tier }) => tier ?? []);
  const tierMin = urgent.length === 0 ? undefined : smallest(urgent);
  const back = new Set(steps.map(({ row }) => row.dataSet));
  const services = asking.declared.services.flatMap((service) =>
    servicesAt(asking, { service, hosts, tierMin, back }),
  );
  const named = new Set(
    asking.declared.services.flatMap((service) =>
      setsOf(asking, service).flatMap(({ places }) => places.map(({ host }) => host)),
    ),
  );
  const guests = seenOf(asking.machines)
    .filter(({ host }) => hosts.includes(host))
    .flatMap(({ host, sight }) =>
      sight.guests
        .filter(({ state, name }) => state === 'running' && !named.has(guestName(asking, name)))
        .map(
          ({ name }): MayWait => ({
            ...{ host, what: 'guest', name, tier: undefined, bytes: undefined },
          }),
        ),
    );
  return [...services, ...guests].sort(
    (one, other) => (other.tier ?? 0) - (one.tier ?? 0) || (one.host < other.host ? -1 : 1),
  );
}

/** Where something comes back; where there is no room for it, any machine that is left. */
function hostsOf(
  machines: readonly LookedHost[],
  {
    steps,
    domains,
  }: { readonly steps: readonly Step[]; readonly domains: readonly FailureDomain[] },
): readonly string[] {
  if (steps.every(({ to }) => to !== undefined)) {
    return [...new Set(steps.flatMap(({ to }) => to?.host ?? []))];
  }
  return seenOf(machines)
    .map(({ host }) => host)
    .filter((host) => !domains.some((domain) => takesHost(domain, host)));
}

/** As places call the guest, where it was looked at itself. */
function guestName(
  { machines }: { readonly machines: readonly LookedHost[] },
  name: string,
): string {
  const same = machines.find(
    (machine) => machine.host === name || machine.sight?.machine.hostName === name,
  );
  return same?.host ?? name;
}

function setsOf(
  { estate, declared }: { readonly estate: Estate; readonly declared: DeclaredEstate },
  { dataSets }: OrderedService,
): readonly DataSet[] {
  const partsOf = partsIn(estate.dataSets);
  const parts = declared.dataSets.filter(({ name }) => dataSets.includes(name));
  return [...new Set(parts.flatMap(partsOf))];
}

function servicesAt(
  asking: { readonly estate: Estate; readonly declared: DeclaredEstate },
  of: {
    readonly service: OrderedService;
    readonly hosts: readonly string[];
    readonly tierMin: number | undefined;
    readonly back: ReadonlySet<string>;
  },
): readonly MayWait[] {
  const { service, hosts, tierMin, back } = of;
  const { tier } = service;
  const isLater = tier !== undefined && (tierMin === undefined || tier > tierMin);
  if (!isLater) return [];
  const sets = setsOf(asking, service);
  if (sets.some(({ name }) => back.has(name))) return [];
  return hosts.flatMap((host): readonly MayWait[] => {
    const here = sets.filter(({ places }) => places.some((place) => place.host === host));
    if (here.length === 0) return [];
    const bytes = here.reduce((sum, set) => sum + set.bytes, 0);
    return [{ host, what: 'service', name: service.name, tier, bytes }];
  });
}
