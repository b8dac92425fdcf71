/** What holdfast.yaml says of an estate, in the terms of looks. */
import path from 'node:path';
import type { DeclaredEstate, DeclaredOwned } from '../../watch/core/look/declared.ts';
import type { Promised } from '../../watch/core/estate.ts';
import { type Config, type DataSetConfig, hostOfDataSet } from '../../wire/config.ts';
import { byteString } from '../../base/bytes.ts';
import { trimSlashes } from '../../base/trim-slashes.ts';
import { absolutePath, bytesOfText } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';

export function declaredEstate(
  { config, configFile }: Pick<Settings, 'config' | 'configFile'>,
  /** The name by which this machine was looked at, where it was. */
  here: string | undefined,
): DeclaredEstate {
  const base = bytesOfText(path.dirname(configFile ?? '/'));
  const { hosts = {}, domains = {}, datasets = {}, services = {}, points = {} } = config;
  const owned = [...ownedIn('host', hosts), ...ownedIn('data set', datasets)];
  return {
    ...(owned.length === 0 ? {} : { owned }),
    ...correctionsIn(hosts),
    hosts: Object.keys(hosts),
    dataSets: Object.entries(datasets).map(([name, given]) => ({
      name,
      host: hostOfDataSet(given) ?? here,
      paths: (given.paths ?? []).map((each) => absolutePath(base, bytesOfText(each))),
      promise: promisedIn(given),
    })),
    services: Object.entries(services).map(([name, given]) => ({
      ...{ name, dataSets: given.datasets, tier: given.tier, runbook: given.runbook },
      ...{ dependsOn: given['depends-on'] ?? [], owners: given.owners ?? [] },
      promise: promisedIn(given),
    })),
    domains: domainsOf(domains),
    points: Object.entries(points).map(([name, { tool, repository, of }]) => ({
      ...{ name, tool, repository },
      hosts: of,
    })),
  };
}

type Hosts = NonNullable<Config['hosts']>;

/** What people say is otherwise than it looks. */
function correctionsIn(hosts: Hosts): Pick<DeclaredEstate, 'standsOn' | 'ignored'> {
  const standsOn = Object.entries(hosts).flatMap(([host, { on }]) =>
    on === undefined ? [] : [{ host, on }],
  );
  const ignored = Object.entries(hosts).flatMap(([host, { ignore = {} }]) =>
    Object.entries(ignore).map(([at, why]) => ({
      ...{ host, why, path: byteString(trimSlashes(bytesOfText(at))) },
    })),
  );
  return {
    ...(standsOn.length === 0 ? {} : { standsOn }),
    ...(ignored.length === 0 ? {} : { ignored }),
  };
}

function ownedIn(
  of: DeclaredOwned['of'],
  given: Readonly<Record<string, { readonly owners?: readonly string[] | undefined }>>,
): readonly DeclaredOwned[] {
  return Object.entries(given).flatMap(([name, { owners = [] }]) =>
    owners.length === 0 ? [] : [{ of, name, owners }],
  );
}

export function promisedIn(
  given: Pick<DataSetConfig, 'may-lose' | 'back-within'>,
): Promised | undefined {
  const { 'may-lose': mayLoseMs, 'back-within': backWithinMs } = given;
  return mayLoseMs === undefined && backWithinMs === undefined
    ? undefined
    : { mayLoseMs, backWithinMs };
}

function domainsOf(domains: NonNullable<Config['domains']>): DeclaredEstate['domains'] {
  return Object.entries(domains).flatMap(([kind, groups]) =>
    Object.entries(groups).map(([name, hosts]) => ({ kind, name, hosts })),
  );
}
