/** Clusters that pgBackRest holds: matched with data directories here, restored, started. */
import fs from 'node:fs';
import { startOnce } from '../../adapters/pgbackrest/scratch-cluster.ts';
import type { BackedCluster } from '../../adapters/pgbackrest/pgbackrest-repository.ts';
import { wordsOf } from '../../adapters/backup-tool/tool-fault.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { formatBytes } from '../../base/say-quantity.ts';
import { durationMs } from '../../base/units.ts';
import type { ConnectedRepository, HeldPath } from '../../watch/core/connected.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { ClusterDrill, ConnectAsked, ConnectParts, Looked } from './connect-parts.ts';
import type { OpenedRepository } from './open-repository.ts';
import { partOf } from './own-part.ts';
import { recordCluster } from './record-connected.ts';
import { roomOf } from './scratch-room.ts';

type OpenedClusters = Extract<OpenedRepository, { readonly kind: 'clusters' }>;

interface Matched {
  readonly cluster: BackedCluster;
  readonly path: ByteString | undefined;
}

/** @throws Fault HF_CONNECT_* */
export async function lookIntoClusters(
  parts: ConnectParts,
  asked: ConnectAsked,
  opened: OpenedClusters,
): Promise<Looked> {
  const { discovery } = parts;
  const { listing } = opened;
  const found = discovery.data.filter(({ kind }) => kind === 'postgres');
  const ids = new Map(found.map(({ path }) => [systemIdOf(path), path]));
  const matched = listing.clusters.map((cluster) => ({
    cluster,
    path: pathOf(discovery, cluster, ids),
  }));
  const repository: ConnectedRepository = {
    ...(await partOf(parts, asked, opened)),
    keyFile: undefined,
    points: matched
      .flatMap(({ cluster, path }) =>
        cluster.points.map(({ bytes: _, ...point }) => ({
          ...point,
          paths: path === undefined ? point.paths : [path],
        })),
      )
      .sort((one, other) => one.time - other.time),
    lookedFor: found.map(({ path }) => path),
    holds: matched.flatMap(heldOf),
    untelling: whyUntelling(ids),
    liveLookedFor: 0,
    liveMissing: 0,
  };
  const clusters: ClusterDrill[] = [];
  let whyNotDrilled: string | undefined;
  for (const each of asked.sample === undefined ? [] : matched) {
    const drill = await drillCluster(parts, opened, each);
    if (typeof drill === 'string') whyNotDrilled = drill;
    else clusters.push(drill);
  }
  for (const drill of clusters) await recordCluster(parts, repository, drill);
  return { repository, missing: [], sample: undefined, clusters, whyNotDrilled };
}

function heldOf({ cluster, path }: Matched): readonly HeldPath[] {
  const newest = cluster.points.at(-1);
  if (path === undefined || newest === undefined) return [];
  return [{ path, point: newest.id, entries: 1, bytes: newest.bytes }];
}

function pathOf(
  discovery: Discovery,
  { systemId, named }: BackedCluster,
  ids: ReadonlyMap<string | undefined, ByteString>,
): ByteString | undefined {
  const same = systemId === undefined ? undefined : ids.get(systemId);
  if (same !== undefined) return same;
  // What can be read is another cluster; where nothing could, its configuration is believed.
  const isHere = discovery.data.some(({ path }) => path === named);
  const isUnread = named !== undefined && systemIdOf(named) === undefined;
  return isHere && isUnread ? named : undefined;
}

function whyUntelling(ids: ReadonlyMap<string | undefined, ByteString>): string | undefined {
  return ids.has(undefined) ? 'which cluster lies here could not be read' : undefined;
}

const ID_BYTES = 8;

/** What `initdb` gave it; its copies have the same. */
function systemIdOf(data: ByteString): string | undefined {
  try {
    const fd = fs.openSync(fsPath(byteString(`${data}/global/pg_control`)), 'r');
    try {
      const bytes = Buffer.alloc(ID_BYTES);
      if (fs.readSync(fd, bytes, 0, ID_BYTES, 0) < ID_BYTES) return undefined;
      return String(bytes.readBigUInt64LE());
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return undefined; // Not to be read by this user: unknown.
  }
}

async function drillCluster(
  parts: ConnectParts,
  { repository, place }: OpenedClusters,
  { cluster, path }: Matched,
): Promise<ClusterDrill | string> {
  const { cli, limit, scratch } = parts;
  const point = cluster.points.at(-1);
  if (point === undefined) return `${cluster.stanza} has no backup`;
  const roomBytes = roomOf(parts);
  if (point.bytes > roomBytes) {
    return `all of ${cluster.stanza}, ${formatBytes(point.bytes)}, is more than may be restored to scratch here (${formatBytes(roomBytes, 'down')})`;
  }
  parts.step(`restoring ${cluster.stanza} to a scratch place, by pgBackRest`);
  const target = scratch.make('cluster');
  const label = point.id.slice(cluster.stanza.length + 1);
  const startedAt = cli.clock.now();
  const startedMs = cli.clock.monotonic();
  const end = await repository.restore({ stanza: cluster.stanza, label, target, limit });
  const base = {
    ...{ stanza: cluster.stanza, point: point.id, dataSet: path, startedAt },
    ...countIn(target),
  };
  const tookMs = durationMs(Math.max(0, cli.clock.monotonic() - startedMs));
  if (end.isTimedOut || end.code !== 0) {
    const fault = repository.fault(end);
    if (end.isTimedOut && fault instanceof Fault) throw fault;
    return { ...base, tookMs, isRestored: false, isStarted: false, said: wordsOf(end.said) };
  }
  parts.step(`starting PostgreSQL ${cluster.version} on it`);
  const engine = await startOnce({ place, data: target, version: cluster.version, limit });
  return {
    ...base,
    tookMs: durationMs(Math.max(0, cli.clock.monotonic() - startedMs)),
    isRestored: true,
    isStarted: engine.isMissing ? undefined : engine.isStarted,
    said: engine.said,
  };
}

function countIn(target: string): { readonly files: number; readonly bytes: number } {
  const files = fs
    .readdirSync(target, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile());
  const bytes = files.reduce(
    (sum, entry) => sum + fs.statSync(`${entry.parentPath}/${entry.name}`).size,
    0,
  );
  return { files: files.length, bytes };
}
