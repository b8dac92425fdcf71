/** What falls with what: groups of machines, machines, their disks, and what lies on them. */
import { largest } from '../base/long-list.ts';
import { type FailureDomain, domainId, loseName } from '../watch/core/domain.ts';
import type { DataSetView, ExposureView, Fall } from '../watch/core/exposure/view.ts';
import type { Shown } from './shown.ts';

export interface MapDomain {
  readonly domain: FailureDomain;
  /** As `/lose` takes it. */
  readonly lose: string | undefined;
  /** What would be hit without it. */
  readonly hits: number;
  /** Data sets of which nothing proven is left without it alone. */
  readonly single: number;
}

export interface MapHost extends MapDomain {
  readonly host: string;
  /** Undefined: nobody saw what lies on it. */
  readonly isSeen: boolean;
  readonly runsOn: string | undefined;
  readonly disks: readonly MapDomain[];
  /** Data sets that lie on it, worst first. */
  readonly dataSets: readonly string[];
  /** Copies of vaults, and keys, that lie on it. */
  readonly copies: readonly string[];
  readonly groups: readonly string[];
}

/** Hosts that look the same, but for their names. */
export interface MapHosts {
  readonly like: MapHost;
  readonly hosts: readonly string[];
}

export interface MapGroup extends MapDomain {
  readonly of: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

export interface EstateMap {
  readonly groups: readonly MapGroup[];
  /** Worst first. */
  readonly hosts: readonly MapHosts[];
  readonly hostCount: number;
  /** Keys, and who has root on several machines. */
  readonly keys: readonly MapDomain[];
}

export function mapOf({
  exposure,
  sights,
  estate,
}: Pick<Shown, 'exposure' | 'sights' | 'estate'>): EstateMap {
  const falls = exposure?.falls ?? [];
  const byId = new Map(falls.map((fall) => [fall.id, fall]));
  const single = new Map(
    (exposure?.singlePoints ?? []).map((each) => [each.id, each.dataSets.length]),
  );
  const said = (domain: FailureDomain): MapDomain => {
    const hits = byId.get(domainId(domain))?.hitCount ?? 0;
    return { domain, lose: loseName(domain), hits, single: single.get(domainId(domain)) ?? 0 };
  };
  const groups = groupsOf(falls, said);
  const names = new Set([
    ...sights.map(({ host }) => host),
    ...estate.hosts.map(({ host }) => host),
    ...falls.flatMap(({ domain }) => (domain.kind === 'host' ? domain.host : [])),
  ]);
  const on = byHost(exposure);
  const disks = Map.groupBy(falls, ({ domain }) => (domain.kind === 'disk' ? domain.host : ''));
  const sightOf = new Map(sights.map((sight) => [sight.host, sight]));
  const groupsOn = new Map<string, string[]>();
  for (const { of, name, hosts } of groups) {
    for (const host of hosts) groupsOn.set(host, [...(groupsOn.get(host) ?? []), `${of} ${name}`]);
  }
  const hosts = [...names].map((host): MapHost => {
    const sight = sightOf.get(host);
    return {
      ...said({ kind: 'host', host }),
      ...{ host, runsOn: sight?.runsOn, groups: groupsOn.get(host) ?? [] },
      isSeen: sight?.look === 'whole' || sight?.look === 'partial',
      disks: (disks.get(host) ?? []).map(({ domain }) => said(domain)),
      ...{ dataSets: on.sets.get(host) ?? [], copies: [...(on.copies.get(host) ?? [])] },
    };
  });
  return {
    ...{ groups, hosts: alike(hosts.sort(worstFirst)), hostCount: hosts.length },
    keys: falls.flatMap(({ domain }) =>
      domain.kind === 'key' || domain.kind === 'credential' ? said(domain) : [],
    ),
  };
}

function groupsOf(falls: readonly Fall[], said: (domain: FailureDomain) => MapDomain): MapGroup[] {
  return falls.flatMap(({ domain }) => {
    if (domain.kind !== 'group' && domain.kind !== 'volume') return [];
    const hosts =
      domain.kind === 'group' ? domain.hosts : [...new Set(domain.roots.map(({ host }) => host))];
    return { ...said(domain), of: domain.of, name: domain.name, hosts };
  });
}

function byHost(exposure: ExposureView | undefined): {
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly copies: ReadonlyMap<string, ReadonlySet<string>>;
} {
  const sets = new Map<string, string[]>();
  const copies = new Map<string, Set<string>>();
  for (const dataSet of exposure?.dataSets ?? []) {
    for (const host of hostsOf(dataSet)) pushTo(sets, host, dataSet.name);
    for (const { vault, host } of dataSet.copies) {
      const known = copies.get(host);
      if (known === undefined) copies.set(host, new Set([vault]));
      else known.add(vault);
    }
  }
  return { sets, copies };
}

function hostsOf({ places }: DataSetView): readonly string[] {
  return [...new Set(places.map(({ host }) => host))];
}

function pushTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function worstFirst(one: MapHost, other: MapHost): number {
  const rank = ({ single, disks }: MapHost): number =>
    largest(
      disks.map((disk) => disk.single),
      Math.max(single, 0),
    );
  return (
    rank(other) - rank(one) ||
    Number(one.isSeen) - Number(other.isSeen) ||
    other.hits - one.hits ||
    (one.host < other.host ? -1 : 1)
  );
}

/** What is a single point of failure is never folded into others. */
function alike(hosts: readonly MapHost[]): readonly MapHosts[] {
  const rows = new Map<string, { like: MapHost; hosts: string[] }>();
  for (const host of hosts) {
    const isAlone = host.single > 0 || host.disks.some(({ single }) => single > 0);
    const key = isAlone ? `alone ${host.host}` : shapeOf(host);
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { like: host, hosts: [host.host] });
    else row.hosts.push(host.host);
  }
  return [...rows.values()];
}

function shapeOf({ isSeen, runsOn, groups, disks, dataSets, copies, hits }: MapHost): string {
  const kinds = dataSets.map((name) => name.replace(/^[^:]*:/, '')).sort();
  return JSON.stringify([isSeen, runsOn, groups, disks.length, kinds, [...copies].sort(), hits]);
}
