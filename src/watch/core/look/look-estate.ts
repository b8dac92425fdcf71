/** One estate over all hosts of a look: what lies where, and what could bring it back. */
import { byteString, type ByteString } from '../../../base/bytes.ts';
import { addAll } from '../../../base/long-list.ts';
import { finished, type Steps } from '../../../base/steps.ts';
import { seconds, type UnixMs } from '../../../base/units.ts';
import type { FoundData } from '../discovery.ts';
import type { DataSet, Estate, UnopenedBackup } from '../estate.ts';
import { dataSetOf, fileSystemOf } from '../locate.ts';
import { isWithin, type Place } from '../place.ts';
import { type Across, acrossHosts, pathText, placesOf } from './across.ts';
import { correctedGuests } from './corrected.ts';
import type { DeclaredEstate } from './declared.ts';
import { glusterCopies, glusterCopiesOfMount } from './gluster-copies.ts';
import { type GuestHost, guestHosts } from './guests.ts';
import { hostLinks } from './host-links.ts';
import type { HostLook } from './host-sight.ts';
import { liveSetsOf } from './live-sets.ts';
import { type ConnectedOfLooks, connectedOfLooks } from './look-connected.ts';
import { type LookBackup, lookBackups } from './look-backups.ts';
import { type LookedHost, lookedHosts } from './looked-hosts.ts';
import { mountersOf, type RemoteMount, remoteMounts } from './mounted-by.ts';
import { unflushedAcross } from './unflushed-across.ts';
import { storageVolumes } from './storage-volumes.ts';
import { type Unopened, unopenedOfLooks } from './unopened.ts';

/** A data set of the estate, as the look at its host showed it. */
export interface LookData {
  readonly host: string;
  readonly data: FoundData;
  readonly set: DataSet;
}

export interface ManyEstate {
  readonly estate: Estate;
  readonly across: Across;
  /** Of the looks that count; of expired ones the estate has the names only. */
  readonly data: readonly LookData[];
  readonly unopened: readonly Unopened[];
  readonly backups: readonly LookBackup[];
  readonly guests: readonly GuestHost[];
}

const CLOCK_SKEW_MAX = seconds(1);

export function estateOfLooks(
  looks: readonly HostLook[],
  now: UnixMs,
  connected?: ConnectedOfLooks,
): Estate {
  return manyEstateOf(looks, now, { connected }).estate;
}

/** What is known besides looks. */
interface KnownBesides {
  readonly connected?: ConnectedOfLooks | undefined;
  readonly declared?: Pick<DeclaredEstate, 'standsOn'>;
}

export function manyEstateOf(
  looks: readonly HostLook[],
  now: UnixMs,
  besides: KnownBesides = {},
): ManyEstate {
  return finished(manyInSteps(looks, now, besides));
}

/** Hosts, or data, that are handled in one step. */
const STEP_HOSTS = 20;
const STEP_DATA = 500;

export function* manyInSteps(
  looks: readonly HostLook[],
  now: UnixMs,
  { connected, declared = {} }: KnownBesides,
): Steps<ManyEstate> {
  const across = acrossHosts(lookedHosts(looks, now));
  yield;
  const guests = correctedGuests(guestHosts(across), declared, across.hostOf);
  yield;
  const backups = lookBackups(across);
  yield;
  const mounts = remoteMounts(across);
  const all: LookData[] = [];
  for (const [at, host] of across.hosts.entries()) {
    if (at % STEP_HOSTS === 0) yield;
    addAll(all, dataOf(across, { host, guests, mounts }, now));
  }
  const known: LookData[] = [];
  for (const [at, each] of all.entries()) {
    if (at % STEP_DATA === 0) yield;
    if (!isView(across, each, all)) known.push(each);
  }
  yield;
  const dataSets = known.map(({ set }) => set);
  const data = known.filter(({ host }) => across.sightOf(host) !== undefined);
  const unopened = unopenedOfLooks({ across, guests }, backups);
  yield;
  const opened =
    connected && connectedOfLooks({ across, guests, dataSets, unopened }, connected, now);
  yield;
  const copies = [...glusterCopies(across), ...data.flatMap((each) => copiesOfMount(across, each))];
  yield;
  const estate: Estate = {
    ...{ dataSets, clockSkewMax: CLOCK_SKEW_MAX, volumes: storageVolumes(across) },
    ...{ links: hostLinks(across), liveSets: liveSetsOf(across, dataSets) },
    ...(opened ?? { points: [], vaults: [], keys: [], drills: [], readers: [] }),
    found: [...(opened?.found ?? unopened.map(({ entry }) => entry)), ...copies],
  };
  return { estate, across, data, unopened, backups, guests };
}

export function dataSetName(host: string, path: ByteString): string {
  return `${host}:${pathText(path)}`;
}

/** Of an expired look it is known that there was something, and nothing more. */
function dataOf(
  across: Across,
  of: {
    readonly host: LookedHost;
    readonly guests: readonly GuestHost[];
    readonly mounts: readonly RemoteMount[];
  },
  now: UnixMs,
): readonly LookData[] {
  const { host, sight, look } = of.host;
  if (sight === undefined) return [];
  const guests = of.guests.filter((guest) => guest.host === host);
  return sight.discovery.data.map((data) => {
    const { path, kind, bytes, entries } = data;
    const name = dataSetName(host, path);
    const made = dataSetOf(sight.discovery, { name, kind, paths: [path], bytes, entries, now });
    const isStale = look === 'stale';
    const own: readonly Place[] = isStale
      ? [{ host, beneath: undefined, path }]
      : placesOf(across, sight, path);
    const moved = own.some((place) => place.host !== host) ? [{ host, path }] : [];
    const usedAs = [...moved, ...own.flatMap((place) => mountersOf(of.mounts, place))];
    const set: DataSet = {
      ...made,
      places: [...own, ...guests.flatMap(({ places }) => places)],
      usedAs: [...usedAs, ...guests.flatMap((guest) => guest.usedAs)],
      unflushed: unflushedAcross({ across, guests: of.guests }, isStale ? undefined : sight, {
        ...{ host, kind, paths: [path] },
      }),
      isSeen: made.isSeen && look === 'whole',
    };
    return { host, data, set };
  });
}

/** What is mounted from a host that was looked at too is counted there, once. */
function isView(across: Across, { host, data, set }: LookData, all: readonly LookData[]): boolean {
  const sight = across.sightOf(host);
  if (sight === undefined) return false;
  const places = placesOf(across, sight, data.path);
  return places.every(
    (place) =>
      place.host !== host &&
      place.path !== undefined &&
      all.some(
        (other) =>
          other.set !== set &&
          other.host === place.host &&
          isWithin(place.path ?? '', other.data.path),
      ),
  );
}

/** The replicas of a volume that is known by its mount. */
function copiesOfMount(across: Across, { host, data }: LookData): readonly UnopenedBackup[] {
  const sight = across.sightOf(host);
  const mount = sight && fileSystemOf(sight.discovery, data.path);
  if (mount === undefined || !/glusterfs$/.test(mount.type)) return [];
  const name = /:\/?([^/]+)/.exec(mount.device)?.[1];
  const volume = across.gluster.find((each) => each.name === name);
  const path = byteString(data.path);
  return volume === undefined ? [] : glusterCopiesOfMount(across, volume, { host, path });
}
