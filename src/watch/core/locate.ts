import type { ByteString } from '../../base/bytes.ts';
import { type DurationMs, seconds, type UnixMs } from '../../base/units.ts';
import type { DataKind, Discovery, EngineSettings, FileSystem, FoundBackup } from './discovery.ts';
import type { DataSet, UnopenedBackup } from './estate.ts';
import { isLoopback } from './look/host-names.ts';
import { isWithin, type Place } from './place.ts';
import { PROOF_LIMITS } from './proof.ts';
import { fileSystemHeld, type Unflushed, unflushedFiles, widestUnflushed } from './unflushed.ts';
import { unflushedEngine } from './unflushed-engine.ts';

/** Where nothing was seen of a file system, it is taken to commit as most do. */
const COMMIT_UNSEEN: DurationMs = seconds(30);

/** The file system that `path` lies on: of those mounted above it the deepest, the last of equals. */
export function fileSystemOf(
  discovery: Pick<Discovery, 'fileSystems'>,
  path: ByteString,
): FileSystem | undefined {
  let deepest: FileSystem | undefined;
  for (const each of discovery.fileSystems) {
    if (!isWithin(path, each.mountPoint)) continue;
    if (deepest === undefined || each.mountPoint.length >= deepest.mountPoint.length)
      deepest = each;
  }
  return deepest;
}

/** The place of `path` on the machine that was looked at. A network mount lies on another host. */
export function placeOf(
  discovery: Pick<Discovery, 'fileSystems' | 'host'>,
  path: ByteString,
): Place {
  const mount = fileSystemOf(discovery, path);
  const server = mount && serverOf(mount);
  if (server !== undefined && !isLoopback(server)) {
    return { host: `server ${server}`, beneath: undefined, path: undefined };
  }
  return { host: discovery.host, beneath: mount?.beneath, path };
}

/**
 * `nas` of `nas:/export`, `//nas/share`, `ann@nas:/srv`, `nas:6789:/`; undefined where a mount is no
 * other machine's. Gluster and sshfs are mounted by FUSE, and name one all the same.
 */
function serverOf({ class: kind, device, type }: FileSystem): string | undefined {
  if (kind !== 'network' && !/^fuse\.(?:glusterfs|sshfs)$/.test(type)) return undefined;
  const address = /^(?:\/\/)?(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)/.exec(device);
  return address?.[1] ?? 'unknown';
}

/** The commit interval of its file system. */
export function unflushedOf(
  discovery: Pick<Discovery, 'fileSystems'>,
  path: ByteString,
): DurationMs {
  return fileSystemOf(discovery, path)?.unflushedMax ?? COMMIT_UNSEEN;
}

/** What of `path` may not be on disk yet. */
export function unflushedAt(discovery: SeenWrites, path: ByteString, kind: DataKind): Unflushed {
  const held = fileSystemHeld(fileSystemOf(discovery, path), discovery);
  if (kind !== 'postgres' && kind !== 'mysql') return unflushedFiles(held);
  const isIt = (of: EngineSettings): boolean => of.kind === kind && of.path === path;
  return unflushedEngine(kind, discovery.writes?.engines.find(isIt), held);
}

type SeenWrites = Pick<Discovery, 'fileSystems' | 'disks' | 'writes'>;

export function unflushedOfPaths(
  discovery: SeenWrites,
  paths: readonly ByteString[],
  kind: DataKind,
): Unflushed {
  return widestUnflushed(paths.map((path) => unflushedAt(discovery, path, kind)));
}

const ENGINE_KINDS: readonly DataKind[] = ['postgres', 'mysql', 'mongodb', 'sqlite', 'image'];

/** A data set of this machine, placed where discovery saw its paths to lie. */
export function dataSetOf(
  discovery: Discovery,
  set: {
    readonly name: string;
    readonly kind: DataKind;
    readonly paths: readonly ByteString[];
    readonly bytes: number;
    readonly entries: number | undefined;
    /** Discovery expires: after its limit it is unknown what is. */
    readonly now: UnixMs;
  },
): DataSet {
  return {
    name: set.name,
    kind: set.kind,
    places: set.paths.map((path) => placeOf(discovery, path)),
    bytes: set.bytes,
    entries: set.entries,
    needsEngine: ENGINE_KINDS.includes(set.kind),
    unflushed: unflushedOfPaths(discovery, set.paths, set.kind),
    isSeen:
      set.now - discovery.seenAt < PROOF_LIMITS.discovery &&
      !discovery.notSeen.some(
        ({ path }) => path !== undefined && set.paths.some((each) => isWithin(each, path)),
      ),
  };
}

/** The backups that were found and not opened, as exposure counts them. */
export function unopenedOf(
  discovery: Discovery,
  isOpened: (backup: FoundBackup) => boolean = () => false,
): readonly UnopenedBackup[] {
  return discovery.backups
    .filter((backup) => !isOpened(backup))
    .map(({ tool, place, holdsOnly }) => ({
      ...{ tool, place },
      ...(holdsOnly === undefined ? {} : { holdsOnly }),
    }));
}
