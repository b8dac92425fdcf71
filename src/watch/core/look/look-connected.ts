/** Repositories that were opened count for the host that a point says it is of, and no other. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { Evidence } from '../../../base/evidence.ts';
import { seconds, type UnixMs } from '../../../base/units.ts';
import { type ConnectedEstate, connectedEstate, connectedVault } from '../connected-estate.ts';
import {
  type ConnectedRepository,
  connectedStanding,
  connectionOf,
  holdingOf,
  isSameHost,
} from '../connected.ts';
import type { Discovery } from '../discovery.ts';
import type { DataSet, Drill, Estate, UnopenedBackup, VaultCopy } from '../estate.ts';
import type { Place } from '../place.ts';
import { addressOf } from '../repository-address.ts';
import type { Across } from './across.ts';
import { type GuestHost, standsOn } from './guests.ts';
import { remoteOf } from './look-backups.ts';
import type { Unopened } from './unopened.ts';

export interface ConnectedOfLooks {
  readonly repositories: readonly ConnectedRepository[];
  /** Newest evidence by subject. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly drills: readonly Drill[];
  /** The host on which they were opened: the keys lie there, and the program that reads them. */
  readonly openedOn: string;
}

interface Seen {
  readonly across: Across;
  readonly guests: readonly GuestHost[];
  readonly dataSets: readonly DataSet[];
  readonly unopened: readonly Unopened[];
}

/** The parts of an estate that come of what was opened; what is still unopened is in `found`. */
export function connectedOfLooks(
  seen: Seen,
  connected: ConnectedOfLooks,
  now: UnixMs,
): Pick<Estate, 'points' | 'drills' | 'vaults' | 'keys' | 'found' | 'readers'> {
  const { across } = seen;
  const opener = openerOf(across, connected.openedOn);
  const { vaults, keys } = estateAt(connected, { discovery: opener, dataSets: [] }, now);
  const parts = across.seen.map(({ host, sight }) => {
    const dataSets = seen.dataSets.flatMap((set) => ownPart(set, host));
    const repositories = connected.repositories.map((of) => forHost(across, opener, { of, host }));
    return estateAt({ ...connected, repositories }, { ...sight, dataSets }, now);
  });
  const names = new Set(seen.dataSets.map(({ name }) => name));
  return {
    points: parts.flatMap(({ points }) => points).filter(({ dataSet }) => names.has(dataSet)),
    drills: parts.flatMap(({ drills }) => drills).filter(({ dataSet }) => names.has(dataSet)),
    vaults: vaults.map((copy) => placed(seen, { opener, connected, copy })),
    ...{ keys, readers: [opener.host] },
    found: seen.unopened.flatMap((each) => stillUnopened(seen, { each, connected, opener }, now)),
  };
}

function estateAt(
  { repositories, evidence, drills }: Omit<ConnectedOfLooks, 'openedOn'>,
  at: { readonly discovery: Discovery; readonly dataSets: readonly DataSet[] },
  now: UnixMs,
): ConnectedEstate {
  const ids = new Set(repositories.flatMap((of) => of.points.map(({ id }) => id)));
  const own = drills.filter(({ point }) => ids.has(point));
  return connectedEstate({ ...at, repositories, evidence, drills: own, now });
}

/** The part of a data set that its host calls its own: by that a repository knows it. */
function ownPart(set: DataSet, host: string): readonly DataSet[] {
  if (!set.name.startsWith(`${host}:`)) return [];
  const own = set.places.filter((place) => place.host === host);
  return own.length === 0 ? [] : [{ ...set, places: own }];
}

/** The machine on which they were opened; where it was not looked at, nothing is known of it. */
function openerOf(across: Across, openedOn: string): Discovery {
  const sight = across.sightOf(across.hostOf(openedOn) ?? '');
  if (sight !== undefined) return sight.discovery;
  return {
    ...{ host: openedOn, seenAt: 0 as UnixMs, tookMs: seconds(0), disks: [], fileSystems: [] },
    ...{ data: [], backups: [], looked: [], notSeen: [], user: { name: '', isRoot: false } },
  };
}

/** What a repository shows of one host. What was looked for elsewhere is not known to be absent. */
function forHost(
  across: Across,
  opener: Discovery,
  { of, host }: { readonly of: ConnectedRepository; readonly host: string },
): ConnectedRepository {
  const isOpener = opener.host === host;
  const points = of.points.filter((point) =>
    point.host === undefined
      ? isOpener
      : (across.hostOf(point.host) ?? point.host) === host ||
        (isOpener && isSameHost(point.host, host)),
  );
  const holds = of.holds.filter((held) => points.some(({ id }) => id === held.point));
  return { ...of, points, holds, lookedFor: isOpener ? of.lookedFor : [] };
}

function placed(
  { across, guests }: Seen,
  of: {
    readonly opener: Discovery;
    readonly connected: ConnectedOfLooks;
    readonly copy: VaultCopy;
  },
): VaultCopy {
  const { copy, opener, connected } = of;
  const repository = connected.repositories.find((each) => connectedVault(each) === copy.vault);
  const [place] = placesOfOpened(across, opener, repository);
  return place === undefined
    ? { ...copy, standsOn: standsOn(guests, copy.place) }
    : { ...copy, place, standsOn: standsOn(guests, place) };
}

function placesOfOpened(
  across: Across,
  opener: Discovery,
  of: ConnectedRepository | undefined,
): readonly Place[] {
  if (of === undefined || of.isHere || addressOf(of.repository).kind !== 'host') return [];
  return remoteOf(across, opener.host, of.repository);
}

/** Undefined where it was not opened lately, or was found to be wrong. */
function openedAs(
  seen: Seen,
  of: {
    readonly each: Unopened;
    readonly connected: ConnectedOfLooks;
    readonly opener: Discovery;
  },
  now: UnixMs,
): ConnectedRepository | undefined {
  const { each, connected, opener } = of;
  const { tool, places } = each.backup;
  const isPlacedThere = (repository: ConnectedRepository): boolean => {
    const [there] = placesOfOpened(seen.across, opener, repository);
    return (
      repository.tool === tool &&
      there?.path !== undefined &&
      places.some(({ host, path }) => host === there.host && path === there.path)
    );
  };
  const opened =
    connectionOf(each.claim.backup, connected.repositories) ??
    connected.repositories.find(isPlacedThere);
  return opened !== undefined && connectedStanding(opened, now) === 'ok' ? opened : undefined;
}

/** Once opened it may still hold what was not looked for in it: that stays unknown, host by host. */
function stillUnopened(
  seen: Seen,
  of: {
    readonly each: Unopened;
    readonly connected: ConnectedOfLooks;
    readonly opener: Discovery;
  },
  now: UnixMs,
): readonly UnopenedBackup[] {
  const { entry } = of.each;
  const opened = openedAs(seen, of, now);
  if (opened === undefined) return [entry];
  const hosts = entry.ofHosts ?? seen.across.seen.map(({ host }) => host);
  return hosts.flatMap((host) => {
    const shown = forHost(seen.across, of.opener, { of: opened, host });
    const holdsOnly = pathsOf(seen, host).filter(
      (path) => holdingOf(shown, path).kind === 'unknown',
    );
    return holdsOnly.length === 0 ? [] : [{ ...entry, ofHosts: [host], holdsOnly }];
  });
}

function pathsOf({ dataSets, across }: Seen, host: string): readonly ByteString[] {
  const own = across.sightOf(host)?.discovery.data.map(({ path }) => path) ?? [];
  const placed = dataSets.flatMap(({ places, usedAs }) => [...places, ...(usedAs ?? [])]);
  const used = placed.flatMap((place) => (place.host === host ? (place.path ?? []) : []));
  return [...new Set([...own, ...used])].map((path) => byteString(path));
}
