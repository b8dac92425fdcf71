/** Where things lie, across all hosts of a look: what one host calls `st1:/export` lies on st1. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { bytesOfUtf8, utf8Of, utf8OrEscaped } from '../../../manifest/core/utf8.ts';
import type { FileSystem } from '../discovery.ts';
import { fileSystemOf, placeOf } from '../locate.ts';
import { type Beneath, isWithin, type Place } from '../place.ts';
import { type HostOf, hostNames, isLoopback } from './host-names.ts';
import type { GlusterVolume, HostSight } from './host-sight.ts';
import { type LookedHost, type SeenHost, seenOf } from './looked-hosts.ts';
import { trimSlashes } from '../../../base/trim-slashes.ts';

export interface Across {
  readonly hosts: readonly LookedHost[];
  /** Those whose looks count. */
  readonly seen: readonly SeenHost[];
  readonly hostOf: HostOf;
  readonly sightOf: (host: string) => HostSight | undefined;
  /** Each once, however many hosts told of it. */
  readonly gluster: readonly GlusterVolume[];
}

export function acrossHosts(hosts: readonly LookedHost[]): Across {
  const seen = seenOf(hosts);
  const sights = new Map(seen.map((each) => [each.host, each.sight]));
  const volumes = new Map<string, GlusterVolume>();
  for (const { sight } of seen) {
    for (const volume of sight.gluster) {
      const bricks = volume.bricks.map(({ host, path }) => `${host}:${path}`).join(' ');
      volumes.set(`${volume.name} ${bricks}`, volume);
    }
  }
  const sightOf = (host: string): HostSight | undefined => sights.get(host);
  return { hosts, seen, sightOf, hostOf: hostNames(hosts), gluster: [...volumes.values()] };
}

/** A path as text that names it alone, whatever its bytes. */
export function pathText(path: ByteString): string {
  return utf8Of(utf8OrEscaped(path));
}

/** The places of `path` on `sight`'s host; where any is lost, it is. */
export function placesOf(
  across: Across,
  sight: HostSight,
  path: ByteString,
): readonly [Place, ...Place[]] {
  const mount = fileSystemOf(sight.discovery, path);
  const served = mount && servedBy(mount);
  if (mount === undefined || served === undefined) return [localPlace(sight, path, mount)];
  const below = pathBelow(path, mount.mountPoint);
  if (/glusterfs$/.test(mount.type)) {
    const [first, ...rest] = brickPlaces(across, served, below);
    if (first !== undefined) return [first, ...rest];
  }
  return [remotePlace(across, sight, { ...served, below })];
}

/** Where another host keeps what is mounted here. */
interface Served {
  readonly host: string;
  /** Undefined where the mount does not say it (a share has a name only). */
  readonly path: ByteString | undefined;
}

function servedBy({ class: kind, device, type }: FileSystem): Served | undefined {
  if (kind !== 'network' && !/^fuse\.(?:glusterfs|sshfs)$/.test(type)) return undefined;
  const share = /^\/\/([^/]+)\//.exec(device);
  if (share !== null) return { host: share[1] ?? '', path: undefined };
  const exported = /^(?:[^@/]*@)?(\[[^\]]+\]|[^:/,]+)[^:]*:(\/?.*)$/.exec(device);
  if (exported === null) return { host: 'unknown', path: undefined };
  return { host: exported[1] ?? '', path: byteString(exported[2] ?? '') };
}

function pathBelow(path: ByteString, above: ByteString): ByteString {
  if (path === above || above === '/') return path === above ? byteString('') : path;
  return byteString(path.slice(above.length));
}

/** Joined where the export is known to be there: an NFS 4 server may name its root otherwise. */
function remotePlace(
  across: Across,
  sight: HostSight,
  served: Served & { readonly below: ByteString },
): Place {
  const host = isLoopback(served.host) ? sight.discovery.host : across.hostOf(served.host);
  if (host === undefined) {
    return { host: `server ${served.host}`, beneath: undefined, path: undefined };
  }
  const there = across.sightOf(host);
  const { path } = served;
  if (there === undefined || path === undefined || !isKnownThere(there, path)) {
    return { host, beneath: undefined, path: undefined };
  }
  const whole = byteString(trimmed(path) + served.below);
  return localPlace(there, whole, fileSystemOf(there.discovery, whole));
}

function isKnownThere({ discovery }: HostSight, path: ByteString): boolean {
  if (!path.startsWith('/') || trimmed(path) === '') return false;
  const isNear = (known: ByteString): boolean =>
    known !== '/' && (isWithin(path, known) || isWithin(known, path));
  return (
    discovery.data.some((data) => isNear(data.path)) ||
    discovery.fileSystems.some(({ mountPoint }) => isNear(mountPoint))
  );
}

function trimmed(path: string): string {
  return path === '/' ? '' : trimSlashes(path);
}

/** The place of a path on a file system of that host. What ZFS stands on, ZFS says. */
function localPlace(sight: HostSight, path: ByteString, mount: FileSystem | undefined): Place {
  const place = placeOf(sight.discovery, path);
  if (place.beneath !== undefined || mount?.type !== 'zfs') return place;
  return { ...place, beneath: beneathPool(sight, mount.device.split('/')[0] ?? '') };
}

function beneathPool({ volumes }: HostSight, pool: string): Beneath | undefined {
  const volume = volumes.find(({ kind, name }) => kind === 'zfs' && name === pool);
  if (volume?.failuresSurvived === undefined || volume.members.length === 0) return undefined;
  return { disks: volume.members, failuresSurvived: volume.failuresSurvived };
}

/** All bricks: whichever of them is lost, what is left of it was not compared. */
function brickPlaces(across: Across, served: Served, below: ByteString): readonly Place[] {
  const name = (served.path ?? '').replace(/^\/+/, '').split('/')[0];
  const server = across.hostOf(served.host) ?? served.host;
  const named = across.gluster.filter((volume) => volume.name === name);
  const volume =
    named.find(({ bricks }) => bricks.some(({ host }) => brickHost(across, host) === server)) ??
    (named.length === 1 ? named[0] : undefined);
  if (volume === undefined) return [];
  return volume.bricks.map(({ host, path }) => brickPlace(across, { host, path }, below));
}

export function brickHost(across: Across, name: string): string {
  return across.hostOf(name) ?? name;
}

export function brickPlace(
  across: Across,
  brick: GlusterVolume['bricks'][number],
  below: ByteString = byteString(''),
): Place {
  const host = across.hostOf(brick.host);
  const sight = host === undefined ? undefined : across.sightOf(host);
  if (sight === undefined) {
    return { host: host ?? `server ${brick.host}`, beneath: undefined, path: undefined };
  }
  const path = byteString(brick.path + below);
  return localPlace(sight, path, fileSystemOf(sight.discovery, path));
}

/** Where a repository lies that `from` writes to. */
export function placesOfAddress(
  across: Across,
  from: string,
  address: { readonly host: string | undefined; readonly path: string | undefined },
): readonly [Place, ...Place[]] {
  const path = address.path === undefined ? undefined : bytesOfUtf8(address.path);
  const host =
    address.host === undefined || isLoopback(address.host) ? from : across.hostOf(address.host);
  if (host === undefined) {
    return [{ host: `server ${address.host ?? ''}`, beneath: undefined, path: undefined }];
  }
  const there = across.sightOf(host);
  if (there === undefined || path === undefined) {
    return [{ host, beneath: undefined, path: undefined }];
  }
  return placesOf(across, there, path);
}
