/** How databases and images look from outside: names, first bytes, and what their locks mean. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';

export type FileKind =
  | 'postgres-pid'
  | 'postgres-control'
  | 'mariadb'
  | 'mongodb'
  | 'sqlite'
  | 'sqlite-log'
  | 'sqlite-shm'
  | 'image'
  | 'store';

/** What the first bytes say. */
export type ContentMark = 'sqlite' | 'image';

/** A directory that an engine has laid out. */
export interface EngineHome {
  readonly path: ByteString;
  readonly engine: 'postgres' | 'mariadb' | 'mongodb';
}

/** Bytes of a file that `contentMark` wants to see. */
export const MARK_SIZE = 16;

const EXACT: ReadonlyMap<string, FileKind> = new Map([
  ['postmaster.pid', 'postgres-pid'],
  ['pg_control', 'postgres-control'],
  ['aria_log_control', 'mariadb'],
  ['mongod.lock', 'mongodb'],
  ['WiredTiger.lock', 'mongodb'],
]);

const ENDINGS: readonly (readonly [FileKind, RegExp])[] = [
  ['mariadb', /^ibdata[0-9]+$/],
  ['sqlite-log', /.-(?:wal|journal)$/],
  ['sqlite-shm', /.-shm$/],
  ['sqlite', /\.(?:db3?|sqlite3?|s3db)$/i],
  ['image', /\.(?:img|raw|qcow2?|qed|vmdk|vdi|vhdx?|hdd)$/i],
  ['mongodb', /\.wt$/],
  ['store', /\.mdb$/],
];

/** The one pass that most names fail: it runs for every name of a tree. */
const MAYBE =
  /(?:\.pid|_control|\.lock|-wal|-journal|-shm|\.wt|\.mdb|ibdata[0-9]+|\.(?:db3?|sqlite3?|s3db|img|raw|qcow2?|qed|vmdk|vdi|vhdx?|hdd))$/i;

/** By the last component of a path. */
export function fileKindOf(name: ByteString): FileKind | undefined {
  if (!MAYBE.test(name)) return undefined;
  return EXACT.get(name) ?? ENDINGS.find(([, ending]) => ending.test(name))?.[0];
}

/** Whether capture tells the detector of a file of this name. */
export function isEngineFile(name: ByteString): boolean {
  return fileKindOf(name) !== undefined;
}

const MARIADB_FILE =
  /^(?:ibdata[0-9]+|ib_logfile[0-9]+|#ib_redo[0-9]+|undo_?[0-9]+|aria_log_control|aria_log\.[0-9]+|.+\.(?:ibd|ibu|MYI|MYD|MAI|MAD))$/;

/** Also those that an open descriptor shows and that capture need not tell. */
export function isMariadbFile(name: ByteString): boolean {
  return MARIADB_FILE.test(name);
}

/** Of one directory: what its presence tells. `has` answers for a name in it. */
export function homeEngineOf(has: (name: ByteString) => boolean): EngineHome['engine'] | undefined {
  const holds = (name: string): boolean => has(byteString(name));
  // Each database of PostgreSQL has a PG_VERSION as well; only the data directory has both.
  if (holds('PG_VERSION') && holds('global')) return 'postgres';
  if (holds('ibdata1') || holds('aria_log_control')) return 'mariadb';
  return holds('WiredTiger') ? 'mongodb' : undefined;
}

const MAGICS: readonly (readonly [string, ContentMark])[] = [
  ['SQLite format 3\0', 'sqlite'],
  ['QFI\xfb', 'image'],
  ['QED\0', 'image'],
  ['KDMV', 'image'],
  ['COWD', 'image'],
  ['# Disk Descripto', 'image'],
  ['conectix', 'image'],
  ['vhdxfile', 'image'],
  ['<<< ', 'image'],
];

/** @param head the first `MARK_SIZE` bytes, or all of a shorter file */
export function contentMark(head: ByteString): ContentMark | undefined {
  return MAGICS.find(([magic]) => head.startsWith(magic))?.[1];
}

/** The database of an SQLite log or index, else the path itself. */
export function databaseOf(path: ByteString): ByteString {
  return byteString(path.replace(/-(?:wal|journal|shm)$/, ''));
}

export function nameOf(path: ByteString): ByteString {
  return byteString(path.slice(path.lastIndexOf('/') + 1));
}

export function dirOf(path: ByteString): ByteString {
  return byteString(path.slice(0, Math.max(1, path.lastIndexOf('/'))));
}

/** A lock on a range of a file, ends included. */
export interface FileLock {
  readonly isWrite: boolean;
  /** Bound to an open file, not to a process. */
  readonly isOfd: boolean;
  readonly start: number;
  /** Infinity: to the end of the file. */
  readonly end: number;
}

/** Bytes that QEMU locks, shared, while it may write to an image, and while it may resize it. */
const QEMU_WRITE = 101;
const QEMU_RESIZE = 103;

/** What somebody's lock on such a file shows. A reader's lock shows nothing. */
export function lockShows(kind: FileKind, lock: FileLock): 'writer' | 'guest' | undefined {
  switch (kind) {
    case 'image': {
      const covers = (byte: number): boolean => lock.start <= byte && byte <= lock.end;
      if (lock.isOfd && (covers(QEMU_WRITE) || covers(QEMU_RESIZE))) return 'guest';
      return lock.isWrite ? 'writer' : undefined;
    }
    case 'sqlite-shm':
      // Readers and writers hold it alike; who has it and cannot be seen may be either.
      return 'writer';
    case 'mariadb':
    case 'mongodb':
    case 'sqlite':
    case 'store':
      return lock.isWrite ? 'writer' : undefined;
    case 'postgres-pid':
    case 'postgres-control':
    case 'sqlite-log':
      return undefined;
  }
}

/** A lock to ask the kernel for: what stands in its way is somebody's. */
export interface LockQuestion {
  /** A lock for writing meets all locks, one for reading only those for writing. */
  readonly asWriter: boolean;
  readonly start: number;
  /** 0: to the end of the file. */
  readonly length: number;
  readonly shows: 'writer' | 'guest';
}

const ANY_WRITER: LockQuestion = { asWriter: false, start: 0, length: 0, shows: 'writer' };

export function lockQuestions(kind: FileKind): readonly LockQuestion[] {
  switch (kind) {
    case 'image':
      return [
        { asWriter: true, start: QEMU_WRITE, length: 1, shows: 'guest' },
        { asWriter: true, start: QEMU_RESIZE, length: 1, shows: 'guest' },
        ANY_WRITER,
      ];
    case 'sqlite-shm':
      return [{ ...ANY_WRITER, asWriter: true }];
    case 'mariadb':
    case 'mongodb':
    case 'sqlite':
    case 'store':
      return [ANY_WRITER];
    case 'postgres-pid':
    case 'postgres-control':
    case 'sqlite-log':
      return [];
  }
}
