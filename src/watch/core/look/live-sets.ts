/** The live copies that Gluster keeps, with which of them are there as far as the looks saw. */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { trimSlashes } from '../../../base/trim-slashes.ts';
import type { DataSet, LiveMember, LiveSet } from '../estate.ts';
import { fileSystemOf } from '../locate.ts';
import { isWithin, type Place } from '../place.ts';
import { type Across, brickHost } from './across.ts';
import type { GlusterVolume, HostSight } from './host-sight.ts';

type Brick = GlusterVolume['bricks'][number];
type Is = Pick<LiveMember, 'is' | 'why' | 'isUnusable'>;

export function liveSetsOf(across: Across, dataSets: readonly DataSet[]): readonly LiveSet[] {
  return across.gluster.flatMap((volume) => setsOf(across, volume, dataSets));
}

/** How many of a dispersed volume may go, and whether one of two goes on, no look sees. */
function setsOf(
  across: Across,
  volume: GlusterVolume,
  dataSets: readonly DataSet[],
): readonly LiveSet[] {
  const { name, bricks, replicas, hasArbiter, type } = volume;
  const votes = replicas + (hasArbiter ? 1 : 0);
  if (/disperse/i.test(type) || votes < 2 || bricks.length % votes !== 0) return [];
  const count = bricks.length / votes;
  const clusters = clustersOf(across, volume);
  return Array.from({ length: count }, (_, nth): LiveSet => {
    const members = bricks.slice(nth * votes, (nth + 1) * votes).map(
      (brick, at): LiveMember => ({
        ...{ host: brickHost(across, brick.host), path: byteString(trimSlashes(brick.path)) },
        name: `${brick.host}:${brick.path}`,
        holdsData: at < replicas,
        ...memberIs(across, volume, brick),
      }),
    );
    const of = dataSets.filter(({ places }) => places.some((place) => isOn(place, members)));
    return {
      name: `Gluster volume ${name}${count === 1 ? '' : `, set ${nth + 1}`}`,
      volume: { name, ...clusters },
      members,
      // By default most of three have to be there; of two that is a setting of its own.
      needed: votes > 2 ? Math.floor(votes / 2) + 1 : undefined,
      bytes: bytesOf(of, members, count),
      dataSets: of.map((each) => each.name),
    };
  });
}

/** A volume that was told of before and after a brick came has a host in common with itself. */
function clustersOf(
  across: Across,
  volume: GlusterVolume,
): Pick<LiveSet['volume'], 'hosts' | 'othersOn'> {
  const hostsOf = ({ bricks }: GlusterVolume): readonly string[] => [
    ...new Set(bricks.map(({ host }) => brickHost(across, host))),
  ];
  const hosts = hostsOf(volume);
  const others = across.gluster
    .filter(({ name }) => name === volume.name)
    .map(hostsOf)
    .filter((all) => !all.some((host) => hosts.includes(host)));
  return { hosts, othersOn: [...new Set(others.flat())] };
}

function isOn(place: Place, members: readonly Pick<LiveMember, 'host' | 'path'>[]): boolean {
  return members.some(
    ({ host, path }) =>
      place.host === host && place.path !== undefined && isWithin(place.path, path),
  );
}

/** What was found at the fullest member, or of what is known by its mount its part. */
function bytesOf(
  dataSets: readonly DataSet[],
  members: readonly LiveMember[],
  setCount: number,
): number | undefined {
  const sum = (sets: readonly DataSet[]): number =>
    sets.reduce((bytes, each) => bytes + each.bytes, 0);
  const mounted = dataSets.filter(({ places }) => new Set(places.map((at) => at.host)).size > 1);
  const own = dataSets.filter((each) => !mounted.includes(each));
  const fullest = members.map((member) =>
    sum(own.filter(({ places }) => places.some((place) => isOn(place, [member])))),
  );
  const bytes = fullest.reduce((a, b) => Math.max(a, b), Math.floor(sum(mounted) / setCount));
  return bytes > 0 ? bytes : undefined;
}

function memberIs(across: Across, volume: GlusterVolume, brick: Brick): Is {
  const host = across.hostOf(brick.host);
  const looked = across.hosts.find((each) => each.host === host);
  if (looked === undefined) return unknown('nobody looked at it');
  // From here: one observer does not say that it is down.
  if (looked.look === 'failed') return unknown('it did not answer');
  const sight = across.sightOf(looked.host);
  if (sight === undefined) return unknown(looked.why);
  const mount = fileSystemOf(sight.discovery, brick.path);
  if (mount?.isReadOnly === true) return unusable('its file system is read-only');
  if (mount?.answer === 'not answering') return unusable('its file system does not answer');
  if (!volume.isStarted) return away('the volume is stopped');
  return byProcesses(sight, bricksOn(across, looked.host));
}

/** A brick is served by a process of its own; who serves several at once cannot be told apart. */
function byProcesses({ ports }: HostSight, brickCount: number): Is {
  const named = ports.filter(({ program }) => program !== undefined);
  if (named.length === 0) return unknown('which programs listen there was not seen');
  const serving = new Set(
    named.flatMap(({ program, port }) => (program === 'glusterfsd' ? port : [])),
  );
  if (serving.size === 0) return away('no process serves it');
  return serving.size >= brickCount
    ? { is: 'there', why: '' }
    : unknown('fewer processes than bricks serve there');
}

function bricksOn(across: Across, host: string): number {
  const all = across.gluster.filter(({ isStarted }) => isStarted).flatMap(({ bricks }) => bricks);
  const known = new Set<ByteString>();
  for (const brick of all) if (brickHost(across, brick.host) === host) known.add(brick.path);
  return known.size;
}

function away(why: string): Is {
  return { is: 'away', why };
}

function unusable(why: string): Is {
  return { ...away(why), isUnusable: true };
}

function unknown(why: string): Is {
  return { is: 'unknown', why };
}
