import { byteString } from '../../base/bytes.ts';
import { durationMs, hours, monotonicMs, type UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Discovery, NotSeen } from '../../watch/core/discovery.ts';
import type { HostSight } from '../../watch/core/look/host-sight.ts';
import { BlockStacks } from '../discovery/block-stack.ts';
import { discoverIn, homesOf } from '../discovery/discover.ts';
import { readMountTable } from '../discovery/file-systems.ts';
import { accountsOf } from './facts/accounts.ts';
import { adminKeysOf } from './facts/admin-keys.ts';
import { automationOf } from './facts/automation.ts';
import { btrfsOf } from './facts/btrfs.ts';
import { type Asked, clockOf } from './facts/clock.ts';
import { containerVolumesOf } from './facts/containers.ts';
import { diskCachesOf } from './facts/disk-caches.ts';
import { firewallOf } from './facts/firewall.ts';
import { gitTreesOf } from './facts/git-trees.ts';
import { glusterVolumesOf } from './facts/gluster.ts';
import { guestsOf } from './facts/guests.ts';
import { packagesOf, unitsOf } from './facts/installed.ts';
import { storageErrorsOf } from './facts/kernel-log.ts';
import { logicalVolumesOf } from './facts/lvm.ts';
import { machineOf } from './facts/machine.ts';
import { arraysOf } from './facts/md.ts';
import { mountsOf } from './facts/mounts.ts';
import { networkLinksOf } from './facts/network-links.ts';
import { openPortsOf } from './facts/ports.ts';
import type { Told } from './facts/told.ts';
import { upstreamsOf } from './facts/upstreams.ts';
import { webRootsOf } from './facts/web-roots.ts';
import { poolsOf } from './facts/zfs.ts';
import { RecordReader } from './read-records.ts';
import { RecordedWorld } from './recorded-world.ts';
import { recordedTrees } from './recorded-trees.ts';
import { completed, emptyRecording, keep, type Recording } from './recording.ts';
import { wordsOf } from './words.ts';

export interface SightOptions extends Asked {
  /** The name by which it was asked for. */
  readonly host: string;
  /** The command that sees what only root sees. */
  readonly asRoot: string;
}

/**
 * What the host that sends `bytes` is and holds. Returns when its last record came, its stream ended,
 * or it sent more than it may; whatever it sends, this does not throw. It rejects as `bytes` does.
 */
export async function readSight(
  bytes: AsyncIterable<Uint8Array>,
  options: SightOptions,
): Promise<HostSight> {
  const of = emptyRecording();
  const reader = new RecordReader((record) => keep(of, record));
  for await (const chunk of bytes) {
    reader.push(chunk);
    if (of.end !== undefined || reader.cut !== undefined) break;
  }
  reader.end();
  const { malformedCount, cut } = reader;
  return sightOf(completed(of), { ...options, malformedCount, stopped: cut });
}

interface Received extends SightOptions {
  readonly malformedCount: number;
  readonly stopped: string | undefined;
}

async function sightOf(of: Recording, received: Received): Promise<HostSight> {
  const world = new RecordedWorld(of);
  const told: Told = {
    world,
    printed: (name) => {
      const run = of.runs.get(name);
      return run === undefined || (run.status !== 0 && run.text.trim() === '')
        ? undefined
        : run.text;
    },
  };
  const table = readMountTable(world);
  const stacks = new BlockStacks(world);
  const machine = machineOf(told, of.begin?.nowMs);
  const storageErrors = storageErrorsOf(told, machine.bootedAt);
  const discovery = await discoveryOf(world, of, received);
  const units = unitsOf(told);
  return {
    discovery,
    machine,
    disks: diskCachesOf(world, discovery.disks),
    volumes: [
      ...logicalVolumesOf(told),
      ...arraysOf(told, storageErrors),
      ...poolsOf(told),
      ...btrfsOf(world, stacks, table),
    ],
    mounts: mountsOf(table),
    links: networkLinksOf(told),
    guests: guestsOf(told, of),
    gluster: glusterVolumesOf(told),
    containers: containerVolumesOf(told),
    webRoots: webRootsOf(told),
    gitTrees: gitTreesOf(of),
    automation: await automationOf(told, of, { homes: homesOf(world), units }),
    storageErrors,
    clock: clockOf(told, of.begin?.nowMs, received),
    adminKeys: adminKeysOf(told),
    ports: openPortsOf(told),
    units,
    besides: {
      ...{ firewall: firewallOf(told), accounts: accountsOf(world) },
      upstreams: upstreamsOf(world),
    },
    packages: packagesOf(told),
    cut: cutOf(of, world.isExhausted ? 'its files were too much to read' : received.stopped),
    malformedCount: received.malformedCount,
  };
}

function cutOf(of: Recording, stopped: string | undefined): string | undefined {
  if (stopped !== undefined) return stopped;
  if (of.end === undefined) return 'it ended before its last record';
  return of.end.cut === '' ? undefined : wordsOf(of.end.cut);
}

async function discoveryOf(
  world: RecordedWorld,
  of: Recording,
  { host, asRoot, askedAt, answeredAt }: Received,
): Promise<Discovery> {
  const trees = recordedTrees(world, of);
  const name = of.begin === undefined ? 'unknown' : wordsOf(of.begin.user);
  const user = { name, isRoot: of.begin?.uid === 0 };
  const given = [...of.trees.keys()];
  // What was sent is bounded; a look at the clock would only make the answer depend on the load.
  const options = { clock: standingClock(askedAt), host, given, limit: hours(1) };
  const seen = await discoverIn({ world, trees, user, asRoot }, options);
  const tookMs = durationMs(Math.max(0, answeredAt - askedAt));
  return {
    ...seen,
    data: seen.data.slice(0, ROWS_MAX),
    backups: seen.backups.slice(0, ROWS_MAX),
    tookMs,
    notSeen: withTold([...seen.notSeen, ...surplusOf(seen)], of),
  };
}

/** Each of its data sets is compared with each of its backups, later on. */
const ROWS_MAX = 5000;

function surplusOf({ data, backups }: Discovery): readonly NotSeen[] {
  if (Math.max(data.length, backups.length) <= ROWS_MAX) return [];
  const what = 'further data and backups';
  return [{ what, why: 'there are too many', command: undefined, path: undefined }];
}

function standingClock(at: UnixMs): Clock {
  return { now: () => at, monotonic: () => monotonicMs(0), sleep: () => Promise.resolve() };
}

/** What the script itself could not see comes first, and is not said twice. */
function withTold(ours: readonly NotSeen[], of: Recording): readonly NotSeen[] {
  const theirs = of.notSeen.map(({ what, why, command, path }) => ({
    what: wordsOf(what),
    why: wordsOf(why),
    command: command === '' ? undefined : wordsOf(command),
    path: path.startsWith('/') ? byteString(path) : undefined,
  }));
  const known = new Set(theirs.flatMap(({ what, path }) => [what, path ?? '']));
  return [
    ...theirs,
    ...ours.filter(({ what, path }) => !known.has(what) && !known.has(path ?? what)),
  ];
}
