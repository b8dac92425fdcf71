/** The data of an estate, asked by host and by disk. */
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { isWithin } from '../place.ts';
import type { HostLoss } from './answer.ts';
import type { HostSight } from './host-sight.ts';
import type { LookData, ManyEstate } from './look-estate.ts';

/** What lies on a host, whoever uses it. */
export function dataOn(many: ManyEstate, host: string): readonly LookData[] {
  return many.data.filter(({ set }) => set.places[0]?.host === host);
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
