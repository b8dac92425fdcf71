/** The data of an estate, asked by host and by disk. */
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import type { DataSet, UnopenedBackup } from '../estate.ts';
import { FoundLists } from '../found-lists.ts';
import { isWithin } from '../place.ts';
import type { HostLoss } from './answer.ts';
import type { HostSight } from './host-sight.ts';
import type { LookData, ManyEstate } from './look-estate.ts';

const byHost = new WeakMap<ManyEstate, ReadonlyMap<string | undefined, readonly LookData[]>>();

/** What lies on a host, whoever uses it. */
export function dataOn(many: ManyEstate, host: string): readonly LookData[] {
  const known = byHost.get(many) ?? Map.groupBy(many.data, ({ set }) => set.places[0]?.host);
  byHost.set(many, known);
  return known.get(host) ?? [];
}

/** What has a part on any of these hosts, in the order of all. */
export function dataWithPartOn(many: ManyEstate, hosts: ReadonlySet<string>): readonly LookData[] {
  const known = parts.get(many) ?? partsOf(many);
  parts.set(many, known);
  const found = new Set([...hosts].flatMap((host) => known.get(host) ?? []));
  return hosts.size < 2 ? [...found] : many.data.filter((each) => found.has(each));
}

const parts = new WeakMap<ManyEstate, ReadonlyMap<string, readonly LookData[]>>();

function partsOf({ data }: ManyEstate): ReadonlyMap<string, readonly LookData[]> {
  const made = new Map<string, LookData[]>();
  for (const each of data) {
    for (const host of new Set(each.set.places.map((place) => place.host))) {
      const before = made.get(host);
      if (before === undefined) made.set(host, [each]);
      else before.push(each);
    }
  }
  return made;
}

const found = new WeakMap<ManyEstate, FoundLists>();

/** Backups that were found and not opened, and may hold a data set. */
export function foundFor(many: ManyEstate, set: DataSet): readonly UnopenedBackup[] {
  const known = found.get(many) ?? new FoundLists(many.estate.found);
  found.set(many, known);
  return known.of(set);
}

export function bytesOf(data: readonly LookData[]): number {
  return data.reduce((sum, each) => sum + each.data.bytes, 0);
}

/** What lies on any of these disks of a host. */
export function dataOnDisks(
  many: ManyEstate,
  host: string,
  disks: readonly string[],
): readonly LookData[] {
  return dataOn(many, host).filter(
    ({ set }) => set.places[0]?.beneath?.disks.some((disk) => disks.includes(disk)) === true,
  );
}

/** What lies below a path of a host, or above it. */
export function dataNear(many: ManyEstate, host: string, path: string): readonly LookData[] {
  return many.data.filter(({ set }) =>
    [...set.places, ...(set.usedAs ?? [])].some(
      (place) =>
        place.host === host &&
        place.path !== undefined &&
        (isWithin(place.path, path) || isWithin(path, place.path)),
    ),
  );
}

/** The disk of a partition, as the host names its disks. */
export function diskOf({ discovery }: Pick<HostSight, 'discovery'>, member: string): string {
  const name = member.replace(/^\/dev\//, '');
  const disk = discovery.disks.find(
    (each) => name.startsWith(each.name) && /^(?:p?\d+)?$/.test(name.slice(each.name.length)),
  );
  return disk?.name ?? name;
}

export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Disks of volumes that lack members: what they lack is said of the volume. */
export function disksCovered(sight: HostSight): ReadonlySet<string> {
  return new Set(
    sight.volumes
      .filter(({ state }) => state === 'degraded' || state === 'failed')
      .flatMap(({ members }) => members.map((member) => diskOf(sight, member))),
  );
}

/** `all of /srv/www`, `all 5 guests`. */
export function allOf(what: string): string {
  return /^\d/.test(what) ? `all ${what}` : `all of ${what}`;
}

/** `, 340 GiB`; nothing where no byte of it was seen. */
export function sizeWords({ bytes, isAtLeast }: Pick<HostLoss, 'bytes' | 'isAtLeast'>): string {
  if (!isAtLeast) return `, ${formatBytes(bytes)}`;
  return bytes === 0 ? '' : `, at least ${formatBytes(bytes, 'down')}`;
}

const NAMES_MAX = 4;

/** A few by name, more by number. */
export function manyWords(names: readonly string[], one: string): string {
  return names.length > NAMES_MAX ? countOf(names.length, one) : listed(names);
}
