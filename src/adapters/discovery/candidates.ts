import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DataKind, FileSystem } from '../../watch/core/discovery.ts';
import { isWithin } from '../../watch/core/place.ts';
import { joinPath, type World } from './world.ts';

/** A tree that gets a row, before it was walked. */
export interface Candidate {
  readonly path: ByteString;
  readonly kind: DataKind;
}

/** Each of their directories is a row, as people speak of them. */
const PARENTS: readonly (readonly [string, DataKind])[] = [
  ['/srv', 'tree'],
  ['/home', 'home'],
  ['/opt', 'tree'],
  ['/var/www', 'www'],
  ['/var/opt', 'tree'],
];

/** Rows by themselves, where they are there. */
const WHOLE: readonly (readonly [string, DataKind])[] = [
  ['/etc', 'config'],
  ['/root', 'home'],
  ['/usr/local', 'tree'],
  ['/var/mail', 'tree'],
  ['/var/vmail', 'tree'],
  ['/var/spool/cron', 'config'],
  ['/var/backups', 'tree'],
  ['/var/lib/docker/volumes', 'tree'],
  ['/var/lib/containers/storage/volumes', 'tree'],
  ['/var/lib/libvirt/images', 'tree'],
  ['/var/lib/vz', 'tree'],
  ['/var/lib/grafana', 'tree'],
  ['/var/lib/gitea', 'tree'],
  ['/var/lib/forgejo', 'tree'],
  ['/var/lib/jenkins', 'tree'],
  ['/var/lib/nextcloud', 'tree'],
  ['/var/lib/redis', 'tree'],
  ['/var/lib/ldap', 'tree'],
  ['/var/lib/influxdb', 'tree'],
  ['/var/lib/prometheus', 'tree'],
  ['/var/lib/elasticsearch', 'tree'],
  ['/var/lib/rabbitmq', 'tree'],
  ['/var/lib/mysql', 'mysql'],
  ['/var/lib/postgresql', 'postgres'],
  ['/var/lib/pgsql', 'postgres'],
  ['/var/lib/mongodb', 'mongodb'],
  ['/var/lib/mongo', 'mongodb'],
];

/** Of the system itself, made anew by an installation, or of no duration. */
const SYSTEM = new Set(
  'bin boot dev etc home lib lib32 lib64 libx32 lost+found media mnt nix opt proc root run sbin snap srv sys tmp usr var'.split(
    ' ',
  ),
);

const SYSTEM_MOUNT = /^\/(?:boot|usr|var|tmp|run|dev|proc|sys|home|opt|srv|etc|snap|nix)(?:\/|$)/;
/** More directories than these in one parent are one row together. */
const ROWS_PER_PARENT_MAX = 24;

/** Where data are likely to lie: usual places, other mounts, and unusual directories of the root. */
export function candidatesOf(
  world: World,
  fileSystems: readonly FileSystem[],
  given: readonly ByteString[],
): readonly Candidate[] {
  const found = new Map<ByteString, DataKind>();
  const add = (path: ByteString, kind: DataKind): void => {
    // What is given comes first, and is a tree only where nothing below knows better.
    const isKnown = found.has(path) && found.get(path) !== 'tree';
    if (!isKnown && !world.isUntouchable(path)) found.set(path, kind);
  };
  for (const path of given) add(path, 'tree');
  for (const [path, kind] of WHOLE) {
    if (world.stat(byteString(path))?.type === 'directory') add(byteString(path), kind);
  }
  for (const [parent, kind] of PARENTS) {
    for (const path of rowsIn(world, byteString(parent))) add(path, isWeb(path) ? 'www' : kind);
  }
  for (const entry of world.list(byteString('/')) ?? []) {
    if (entry.type === 'directory' && !SYSTEM.has(entry.name))
      add(joinPath('/', entry.name), 'tree');
  }
  for (const mount of fileSystems) {
    const isData = mount.class === 'local' && mount.mountPoint !== '/';
    if (isData && !SYSTEM_MOUNT.test(mount.mountPoint)) add(mount.mountPoint, 'tree');
  }
  return [...found].map(([path, kind]) => ({ path, kind }));
}

function isWeb(path: string): boolean {
  return /^\/srv\/(?:www|http|html|htdocs|web)(?:\/|$)/.test(path);
}

/** The directories of a parent; the parent itself where files lie loose in it, or are too many. */
function rowsIn(world: World, parent: ByteString): readonly ByteString[] {
  const entries = world.list(parent);
  if (entries === undefined) return world.stat(parent) === undefined ? [] : [parent];
  const directories = entries.filter(
    ({ name, type }) => type === 'directory' && name !== 'lost+found',
  );
  const isLoose = entries.some(({ type }) => type === 'file');
  if (isLoose || directories.length > ROWS_PER_PARENT_MAX) return [parent];
  return directories.map(({ name }) => joinPath(parent, name));
}

/** What a walk of `path` leaves out: rows of their own, other mounts, and what is not to be seen. */
export function skippedBelow(
  path: ByteString,
  others: {
    readonly candidates: readonly Candidate[];
    readonly fileSystems: readonly FileSystem[];
    readonly exclude: readonly ByteString[];
  },
): ReadonlySet<string> {
  const all = [
    ...others.candidates.map((candidate) => candidate.path),
    ...others.fileSystems.map((mount) => mount.mountPoint),
    ...others.exclude,
  ];
  return new Set(all.filter((each) => each !== path && isWithin(each, path)));
}
