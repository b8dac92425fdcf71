import { countOf } from '../../../base/say-quantity.ts';
import { isWithin, type Place } from '../place.ts';
import { type Across, placesOf } from './across.ts';
import type { Guest, HostSight } from './host-sight.ts';
import type { SeenHost } from './looked-hosts.ts';

/** A guest that was itself looked at, and what it stands on. */
export interface GuestHost {
  readonly host: string;
  readonly on: string;
  /** Where its images lie: it is lost with any of them. */
  readonly places: readonly Place[];
  /** What its hypervisor calls them: its backups may hold them. */
  readonly usedAs: readonly Pick<Place, 'host' | 'path'>[];
  /** As its hypervisor has them; none where that was not seen. */
  readonly images: Guest['images'];
}

/** By name. Where several hypervisors know a guest, it is where it runs. */
export function guestHosts(across: Across): readonly GuestHost[] {
  const known = across.seen.flatMap(({ sight }) =>
    sight.guests.flatMap((guest) => {
      const host = across.hostOf(guest.name);
      const isItself = host === undefined || host === sight.discovery.host;
      return isItself ? [] : [{ host, guest, sight }];
    }),
  );
  const running = new Set(
    known.filter(({ guest }) => guest.state === 'running').map(({ host }) => host),
  );
  return known
    .filter(({ host, guest }) => guest.state === 'running' || !running.has(host))
    .map(({ host, guest, sight }) => guestHost(across, { host, guest, sight }));
}

function guestHost(
  across: Across,
  {
    host,
    guest,
    sight,
  }: { readonly host: string; readonly guest: Guest; readonly sight: HostSight },
): GuestHost {
  const on = sight.discovery.host;
  const places = guest.images.flatMap(({ path }) => placesOf(across, sight, path));
  return {
    ...{ host, on },
    // Of what it stands was not seen: some disk of its hypervisor.
    places: places.length > 0 ? places : [{ host: on, beneath: undefined, path: undefined }],
    usedAs: guest.images.map(({ path }) => ({ host: on, path })),
    images: guest.images,
  };
}

export function isVirtual({ sight }: Pick<SeenHost, 'sight'>): boolean {
  return sight.machine.virtualization !== undefined;
}

/** What a place needs besides: on a guest, the images of that guest. */
export function standsOn(guests: readonly GuestHost[], place: Place | undefined): readonly Place[] {
  return guests.filter(({ host }) => host === place?.host).flatMap(({ places }) => places);
}

/** Small, and without it the images are of little use. */
export function guestConfigNote({ guests }: HostSight, path: string): readonly string[] {
  const isConfig = isWithin('/etc/libvirt', path) || isWithin(path, '/etc/libvirt');
  if (!isConfig || guests.length === 0) return [];
  return [`needed to start ${countOf(guests.length, 'guest')}`];
}
