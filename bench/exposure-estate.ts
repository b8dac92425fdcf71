/** An invented estate for benchmarks: of a size, the same for one seed. */
import { byteString } from '../src/base/bytes.ts';
import type { Evidence } from '../src/base/evidence.ts';
import { days, durationMs, GIB, hours, seconds, type UnixMs, unixMs } from '../src/base/units.ts';
import type {
  DataSet,
  Drill,
  Estate,
  HostGroup,
  Key,
  RecoveryPoint,
  VaultCopy,
} from '../src/watch/core/estate.ts';
import type { Place } from '../src/watch/core/place.ts';
import { unflushedFiles, within } from '../src/watch/core/unflushed.ts';
import { diceFor } from './random.ts';

export interface EstateSize {
  readonly dataSets: number;
  /** Hosts, their disks, and groups of hosts; beside them each data set has its own directory. */
  readonly domains: number;
  /** Of each vault, on as many hosts. */
  readonly copies: number;
  /** Of each data set. */
  readonly points: number;
  readonly seed: number;
}

const HELD = within(40_000, ['/srv (ext4) writes what nobody flushed within 40 s']);
const HOSTS_OF_GROUP = 40;
const DISKS_OF_HOST = 2;

export function inventedEstate(size: EstateSize, now: UnixMs): Estate {
  const dice = diceFor(`exposure ${size.seed}`);
  // A host with two disks is three domains, and each forty of them are one more.
  const hostCount = Math.max(
    size.copies + 1,
    Math.floor(size.domains / (1 + DISKS_OF_HOST + 1 / HOSTS_OF_GROUP)),
  );
  const hosts = Array.from({ length: hostCount }, (_, at) => `host${at}`);
  const vaultCount = Math.max(1, Math.floor(hostCount / 10));
  const vaults = Array.from({ length: vaultCount }, (_, at) => vaultOf(at, size.copies, hosts));
  const sets = Array.from({ length: size.dataSets }, (_, at) => {
    const vault = dice.below(vaultCount);
    return dataSetOf({ at, host: hosts[dice.below(hostCount)] ?? 'host0', vault, now, size });
  });
  return {
    dataSets: sets.map(({ dataSet }) => dataSet),
    points: sets.flatMap(({ points }) => points),
    vaults: vaults.flat(),
    keys: vaults.map((_, at) => keyOf(at, hosts)),
    drills: sets.flatMap(({ drills }) => drills),
    found: [],
    readers: hosts,
    groups: groupsOf(hosts),
    clockSkewMax: seconds(1),
  };
}

function groupsOf(hosts: readonly string[]): readonly HostGroup[] {
  const count = Math.ceil(hosts.length / HOSTS_OF_GROUP);
  return Array.from({ length: count }, (_, at) => ({
    ...{ kind: 'group', of: 'site', name: `s${at}` },
    hosts: hosts.slice(at * HOSTS_OF_GROUP, (at + 1) * HOSTS_OF_GROUP),
  }));
}

function placeOn(host: string, path: string, disk: string): Place {
  return { host, beneath: { disks: [disk], failuresSurvived: 0 }, path: byteString(path) };
}

/** Copies lie far from each other: one in each part of the estate. */
function vaultOf(at: number, copies: number, hosts: readonly string[]): readonly VaultCopy[] {
  const stride = Math.max(1, Math.floor(hosts.length / copies));
  return Array.from({ length: copies }, (_, nth) => {
    const host = hosts[(at * 7 + nth * stride) % hosts.length] ?? 'host0';
    const place = placeOn(host, `/srv/vault${at}`, 'sdb');
    return { vault: `v${at}`, copy: `v${at}.${nth}`, place, openedBy: [`k${at}`] };
  });
}

function keyOf(at: number, hosts: readonly string[]): Key {
  const own = [0, 1].map((nth) => hosts[(at * 11 + nth * 5) % hosts.length] ?? 'host0');
  const places = own.map((host) => placeOn(host, '/etc/holdfast/key', 'sda'));
  return { id: `k${at}`, places, isConfirmedElsewhere: at % 2 === 0 };
}

interface Made {
  readonly dataSet: DataSet;
  readonly points: readonly RecoveryPoint[];
  readonly drills: readonly Drill[];
}

function dataSetOf(of: {
  readonly at: number;
  readonly host: string;
  readonly vault: number;
  readonly now: UnixMs;
  readonly size: EstateSize;
}): Made {
  const { at, host, vault, now, size } = of;
  const name = `data${at}`;
  const dataSet: DataSet = {
    ...{ name, kind: 'tree', places: [placeOn(host, `/srv/${name}`, 'sda')] },
    ...{ bytes: GIB * (1 + (at % 100)), entries: 1000 + at, needsEngine: false },
    ...{ unflushed: unflushedFiles({ late: HELD, flushed: HELD }), isSeen: at % 50 !== 0 },
    ...(at % 3 === 0 ? { promise: { mayLoseMs: hours(6), backWithinMs: hours(4) } } : {}),
  };
  const points = Array.from({ length: size.points }, (_, nth) => pointOf(of, nth));
  const copy = `v${vault}.${at % size.copies}`;
  const drill: Drill = {
    ...{ dataSet: name, vault: `v${vault}`, copy, point: `${name}.0`, bytes: 2 * GIB },
    ...{ entries: 1000, tookMs: durationMs(20_000 + (at % 1000)), isPastCache: true },
    ...{ target: placeOn(`host${at % 7}`, '/scratch', 'sda'), engineStarted: undefined },
    bottleneck: undefined,
    evidence: evidenceOf(now, days(1 + (at % 40))),
  };
  return { dataSet, points, drills: at % 4 === 0 ? [] : [drill] };
}

function pointOf(
  { at, vault, now, size }: Parameters<typeof dataSetOf>[0],
  nth: number,
): RecoveryPoint {
  const ageMs = hours(1 + (at % 30) + 24 * nth);
  const exists = Array.from({ length: size.copies }, (_, copy) => ({
    copy: `v${vault}.${copy}`,
    evidence: evidenceOf(now, days((at + copy * 7) % 35)),
  }));
  return {
    ...{ id: `data${at}.${nth}`, dataSet: `data${at}`, vault: `v${vault}` },
    ...{ coveredUpTo: unixMs(now - ageMs), isTorn: false, gapCount: at % 25 === 0 ? 1 : 0, exists },
  };
}

const NO_DETAIL: Evidence['detail'] = {};

function evidenceOf(now: UnixMs, ageMs: number): Evidence {
  const observedAt = unixMs(now - ageMs);
  return {
    ...{ subject: 'bench', saw: 'healthy', observedAt, receivedAt: observedAt },
    ...{ expiresAt: unixMs(observedAt + days(30)), source: 'bench', bootId: 'b', seq: 1 },
    detail: NO_DETAIL,
  };
}
