import { constants, gunzipSync } from 'node:zlib';
import type { ByteString } from '../../base/bytes.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';
import { type EntrySeen, joinPath, type World } from './world.ts';

/** What a directory is by its layout: a repository is a backup, not data. */
export function repositoryTool(
  world: World,
  path: ByteString,
  entries: readonly EntrySeen[],
): BackupTool | undefined {
  const names = new Set<string>(entries.map((entry) => entry.name));
  const has = (...wanted: readonly string[]): boolean => wanted.every((name) => names.has(name));
  if (has('config', 'data', 'index', 'keys', 'snapshots')) return 'restic';
  if (has('README', 'config', 'data')) {
    const readme = world.read(joinPath(path, 'README'), 200) ?? '';
    if (readme.includes('Borg Backup repository')) return 'borg';
  }
  if (has('kopia.repository.f') || has('kopia.repository')) return 'kopia';
  if (has('archive', 'backup') && holdsBackupInfo(world, joinPath(path, 'backup'))) {
    return 'pgbackrest';
  }
  if (has('base', 'wals') && (has('incoming') || has('streaming'))) return 'barman';
  if (has('basebackups_005')) return 'wal-g';
  if (has('.chunks', '.lock')) return 'proxmox';
  const some = (pattern: RegExp): boolean => entries.some(({ name }) => pattern.test(name));
  if (some(/^(?:hourly|daily|weekly|monthly|alpha|beta|gamma|delta)\.0$/)) return 'rsnapshot';
  return some(/^duplicity-full\.[^/]*\.(?:manifest|vol1\.)/) ? 'duplicity' : undefined;
}

function holdsBackupInfo(world: World, backup: ByteString): boolean {
  return (world.list(backup) ?? []).some(
    ({ name }) => world.stat(joinPath(joinPath(backup, name), 'backup.info')) !== undefined,
  );
}

const DUMP_NAME = /\.(?:sql|dump|pgdump|archive|bson)(?:\.(?:gz|bz2|xz|zst|lz4|gpg|age|enc))?$/i;
const PACKED = /\.(?:gz|bz2|xz|zst|lz4|gpg|age|enc)$/i;
/** Of what cannot be looked into, only what is called a backup counts as one. */
const CALLED_BACKUP = /backup|dump|\d{4}-?\d{2}-?\d{2}/i;
const HEAD_BYTES = 4096;
const GUEST_NAME = /^vzdump-(?:qemu|lxc|openvz)-\d+-[\d_-]+\.(?:vma|tar|tgz)(?:\.(?:zst|gz|lzo))?$/;
const VOLUME_NAME = /^[A-Za-z][\w.-]*[-_]\d{3,}$/;
/** Where a block of a Bacula volume says of which version it is. */
const VOLUME_MAGIC_AT = 12;

/** Which tool wrote a file that is a backup by itself; undefined where it is none. */
export function dumpTool(world: World, path: ByteString, name: string): BackupTool | undefined {
  if (GUEST_NAME.test(name)) return 'proxmox';
  if (VOLUME_NAME.test(name)) {
    const magic = world.read(path, VOLUME_MAGIC_AT + 4)?.slice(VOLUME_MAGIC_AT);
    return magic === 'BB02' || magic === 'BB01' ? 'bacula' : undefined;
  }
  if (!DUMP_NAME.test(name)) return undefined;
  const head = world.read(path, HEAD_BYTES);
  if (head === undefined) return CALLED_BACKUP.test(path) ? 'dump file' : undefined;
  if (head.length === 0) return undefined; // An empty dump is a failed one.
  const text = /\.gz$/i.test(name) ? unzippedHead(head) : head;
  const tool = text === undefined ? undefined : toolByMagic(text);
  if (tool !== undefined) return tool;
  const isOpaque = PACKED.test(name) || /\.(?:dump|archive)$/i.test(name);
  return isOpaque && CALLED_BACKUP.test(path) ? 'dump file' : undefined;
}

function toolByMagic(text: string): 'pg_dump' | 'mysqldump' | undefined {
  if (text.startsWith('PGDMP')) return 'pg_dump';
  const head = text.slice(0, 400);
  if (/^(?:\/\*.*\n)?--[\s\S]*PostgreSQL database (?:cluster )?dump/.test(head)) return 'pg_dump';
  if (/^(?:\/\*.*\n)?-- (?:MySQL|MariaDB) dump/.test(head)) return 'mysqldump';
  return undefined;
}

/** Packed, enough for what a dump begins with. A few bytes may unpack to a thousand times as many. */
const PACKED_BYTES = 512;
const UNPACKED_BYTES_MAX = 16 * 1024;

function unzippedHead(head: string): string | undefined {
  try {
    return gunzipSync(Buffer.from(head.slice(0, PACKED_BYTES), 'latin1'), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: UNPACKED_BYTES_MAX,
    }).toString('latin1');
  } catch (error) {
    // It is called .gz and is not: then it is no dump that we know.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
