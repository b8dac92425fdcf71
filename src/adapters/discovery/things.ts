import type { ByteString } from '../../base/bytes.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';
import { dumpTool, repositoryTool } from './backup-files.ts';
import { type EntrySeen, joinPath, type StatSeen, type World } from './world.ts';

/** Data that are a row by themselves, wherever they lie. */
export interface FoundInside {
  readonly kind: 'postgres' | 'mysql' | 'mongodb' | 'sqlite' | 'image';
  readonly path: ByteString;
  readonly bytes: number;
  readonly changedMs: number;
}

export interface BackupInside {
  readonly tool: BackupTool;
  /** The repository, or the dump itself. */
  readonly path: ByteString;
  /** A dump, one of many in its directory perhaps; not a repository. */
  readonly isFile: boolean;
  readonly changedMs: number;
}

export type Thing =
  | { readonly is: 'data'; readonly found: FoundInside }
  | { readonly is: 'backup'; readonly backup: BackupInside };

const IMAGE_NAME = /\.(?:qcow2?|raw|img|vmdk|vdi|vhdx?)$/i;
const IMAGE_BYTES_MIN = 64 * 1024 * 1024;
const SQLITE_NAME = /\.(?:sqlite3?|db3?)$/i;
const SQLITE_MAGIC = 'SQLite format 3\0';
/** Every browser cache is an SQLite: only what is large enough to be somebody's data gets a row. */
const SQLITE_BYTES_MIN = 16 * 1024 * 1024;

/** A repository of a backup tool or the directory of a database: a row of its own, or none. */
export function directoryThing(
  world: World,
  path: ByteString,
  entries: readonly EntrySeen[],
): Thing | undefined {
  const tool = repositoryTool(world, path, entries);
  if (tool !== undefined) {
    const at = tool === 'restic' ? joinPath(path, 'snapshots') : path;
    const changedMs = world.stat(at)?.changedMs ?? 0;
    return { is: 'backup', backup: { tool, path, isFile: false, changedMs } };
  }
  const kind = engineOf(entries);
  if (kind === undefined) return undefined;
  const changedMs = world.stat(path)?.changedMs ?? 0;
  return { is: 'data', found: { kind, path, bytes: 0, changedMs } };
}

/** The engine whose data directory this is, by its layout. */
function engineOf(entries: readonly EntrySeen[]): 'postgres' | 'mysql' | 'mongodb' | undefined {
  const names = new Set<string>(entries.map((entry) => entry.name));
  if (names.has('PG_VERSION') && names.has('base') && names.has('global')) return 'postgres';
  if (names.has('ibdata1')) return 'mysql';
  if (names.has('WiredTiger') && names.has('WiredTiger.wt')) return 'mongodb';
  return undefined;
}

/** An image, a database in one file, or a dump. */
export function fileThing(
  world: World,
  path: ByteString,
  { bytes, changedMs }: Pick<StatSeen, 'bytes' | 'changedMs'>,
): Thing | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (IMAGE_NAME.test(name) && bytes >= IMAGE_BYTES_MIN) {
    return { is: 'data', found: { kind: 'image', path, bytes, changedMs } };
  }
  if (SQLITE_NAME.test(name) && bytes >= SQLITE_BYTES_MIN) {
    if (world.read(path, SQLITE_MAGIC.length) !== SQLITE_MAGIC) return undefined;
    return { is: 'data', found: { kind: 'sqlite', path, bytes, changedMs } };
  }
  const tool = dumpTool(world, path, name);
  if (tool === undefined) return undefined;
  return { is: 'backup', backup: { tool, path, isFile: true, changedMs } };
}

/** By the name that holds its history. A `.git` file is a worktree or a submodule: a tree as well. */
export function versionControlOf(name: string): 'git' | 'svn' | 'hg' | undefined {
  if (name === '.git') return 'git';
  if (name === '.hg') return 'hg';
  return name === '.svn' ? 'svn' : undefined;
}
