/** What people declared, as part of an estate: it can only add what is unknown, never a promise. */
import type { UnixMs } from '../../../base/units.ts';
import type { DataSet, Estate, HostGroup, UnopenedBackup } from '../estate.ts';
import { dataSetOf } from '../locate.ts';
import { isWithin, type Place } from '../place.ts';
import { addressOf, sameRepository } from '../repository-address.ts';
import { UNFLUSHED_UNSEEN } from '../unflushed.ts';
import type { DeclaredDataSet, DeclaredEstate, DeclaredPoint } from './declared.ts';
import { credentialsOf, withServices } from './declared-services.ts';
import type { HostOf } from './host-names.ts';
import type { HostSight } from './host-sight.ts';
import type { LookedHost } from './looked-hosts.ts';

export interface DeclaredOver {
  readonly machines: readonly LookedHost[];
  readonly hostOf: HostOf;
  /** Repositories that were opened, or that a look saw: what they hold is known better than by name. */
  readonly repositories: readonly string[];
  readonly now: UnixMs;
}

export function withDeclared(estate: Estate, declared: DeclaredEstate, over: DeclaredOver): Estate {
  const unseen = declared.dataSets.flatMap((each) => declaredDataSet(estate, each, over));
  const points = declared.points.flatMap((each) => declaredPoint(each, over));
  const credentials = credentialsOf(over.machines);
  const known: Estate = {
    ...estate,
    dataSets: [...estate.dataSets, ...unseen],
    found: [...estate.found, ...points],
    groups: declared.domains.map(({ kind, name, hosts }): HostGroup => {
      const placed = hosts.map((host) => over.hostOf(host) ?? host);
      return { kind: 'group', of: kind, name, hosts: placed };
    }),
    ...(credentials.length === 0 ? {} : { credentials }),
  };
  return withServices(known, declared, (host) => over.hostOf(host) ?? host);
}

/** What no look saw is said all the same: how much it is, is not known. */
function declaredDataSet(
  { dataSets }: Estate,
  { name, host, paths }: DeclaredDataSet,
  { machines, hostOf, now }: DeclaredOver,
): readonly DataSet[] {
  if (host === undefined || paths.length === 0) return [];
  const place = hostOf(host) ?? host;
  const isKnown = (set: DataSet): boolean =>
    set.places.some(
      (each) =>
        each.host === place &&
        each.path !== undefined &&
        paths.some((path) => isNear(each.path ?? '', path)),
    );
  if (dataSets.some(isKnown)) return [];
  const sight = machines.find((machine) => machine.host === place)?.sight;
  const places = paths.map((path): Place => ({ host: place, beneath: undefined, path }));
  const own = { name: `${name} on ${host}`, kind: 'tree', bytes: 0, entries: undefined } as const;
  if (sight !== undefined) {
    return [{ ...dataSetOf(sight.discovery, { ...own, paths, now }), isSeen: false }];
  }
  return [{ ...own, places, needsEngine: false, unflushed: UNFLUSHED_UNSEEN, isSeen: false }];
}

function isNear(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

/** As one that was found and not opened: what it holds is unknown, and that is not nothing. */
function declaredPoint(
  { tool, repository, hosts }: DeclaredPoint,
  { machines, hostOf, repositories }: DeclaredOver,
): readonly UnopenedBackup[] {
  const isKnown =
    repository !== undefined && repositories.some((each) => sameRepository(each, repository));
  const isSeen = machines.some(({ sight, host }) =>
    seesTool(sight, host, { tool, hosts, repository }),
  );
  if (isKnown || isSeen) return [];
  const ofHosts = hosts?.map((host) => hostOf(host) ?? host);
  const place = repository === undefined ? undefined : placeOf(repository, hostOf);
  return [{ tool, place, ...(ofHosts === undefined ? {} : { ofHosts }) }];
}

function seesTool(
  sight: HostSight | undefined,
  host: string,
  { tool, hosts, repository }: Omit<DeclaredPoint, 'name'>,
): boolean {
  if (sight === undefined || repository !== undefined || hosts?.includes(host) === false)
    return false;
  return sight.discovery.backups.some((backup) => backup.tool === tool);
}

/** `st1:/srv/borg` lies on st1; where an address names no host, nobody knows where it lies. */
function placeOf(repository: string, hostOf: HostOf): Place | undefined {
  const address = addressOf(repository);
  if (address.kind === 'path') return undefined;
  if (address.kind === 'service') {
    return { host: `server ${address.name}`, beneath: undefined, path: undefined };
  }
  const host = hostOf(address.host) ?? `server ${address.host}`;
  return { host, beneath: undefined, path: undefined };
}
