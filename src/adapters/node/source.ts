/**
 * Reading live trees with node:fs, through directory descriptors (see syscalls-path.ts). One
 * instance a thread; descriptors are shared by all threads of the process.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type {
  DirHandle,
  EntryKind,
  FileHandle,
  Listing,
  Source,
  StatWords,
  Xattrs,
} from '../../host/source.ts';
import {
  NO_XATTRS,
  STAT_BLOCKS,
  STAT_CACHED,
  STAT_CTIME,
  STAT_DEV,
  STAT_GID,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_RDEV,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
  SourceFailure,
} from '../../host/source.ts';
import { isUtf8, utf8OrEscaped } from '../../manifest/core/utf8.ts';
import { type Answer, AT_FDCWD } from './syscalls.ts';
import { dataSegments } from './syscalls-extents.ts';
import { openAt } from './syscalls-open.ts';
import { statAt, statFd } from './syscalls-stat.ts';
import { fsPath, pathAt, pathOfFd } from './syscalls-path.ts';
import { getXattr, getXattrAt, listXattrs, listXattrsAt, listXattrsIn } from './syscalls-xattrs.ts';

const { O_DIRECTORY, O_NOATIME, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_NOCTTY } = fs.constants;
const FILE_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** Node does not name it. */
const O_PATH = 0o10_000_000;
const BIG = { bigint: true } as const;
const LISTING = { withFileTypes: true, encoding: 'latin1' } as const;
/** Names of ids come from a directory service in the worst case; it may be down. */
const NAME_LOOKUP_MS = 2000;

export function nodeSource(): Source {
  const owners = new IdNames('passwd');
  const groups = new IdNames('group');
  let noAtime = O_NOATIME;
  const openFile = (dir: DirHandle, name: ByteString): FileHandle => {
    try {
      return openBelow(dir, name, FILE_FLAGS | noAtime);
    } catch (error) {
      // Only the owner and root may leave atime alone.
      const isRefused = error instanceof SourceFailure && error.errno === 'EPERM';
      if (noAtime === 0 || !isRefused) throw error;
      const file = openBelow(dir, name, FILE_FLAGS);
      noAtime = 0;
      return file;
    }
  };
  return {
    openRoot: (path) => attempt(() => fs.openSync(fsPath(path), O_RDONLY | O_DIRECTORY)),
    openDir: (parent, name) =>
      attempt(() => fs.openSync(fsPath(pathAt(parent, name)), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)),
    passDir: (parent, name) =>
      attempt(() => fs.openSync(fsPath(pathAt(parent, name)), O_PATH | O_DIRECTORY | O_NOFOLLOW)),
    closeDir: close,
    list: (dir) => attempt(() => listOf(dir)),
    stat: statBelow,
    statMany,
    openFile,
    closeFile: close,
    statFile,
    read: (file, into, position) => attempt(() => readFull(file, into, position)),
    dataSegments: segmentsOf,
    readLink: (dir, name) =>
      attempt(() => byteString(fs.readlinkSync(fsPath(pathAt(dir, name)), 'latin1'))),
    xattrsOfHandle: (handle) =>
      xattrsFrom(listXattrs(handle), (attribute) => getXattr(handle, attribute)),
    xattrsAt: (dir, name) => {
      const path = pathAt(dir, name);
      const near = listXattrsIn(dir, name);
      const listed = near.ok ? near : listXattrsAt(path);
      return xattrsFrom(listed, (attribute) => getXattrAt({ path, name: attribute }));
    },
    ownerName: (uid) => owners.of(uid),
    groupName: (gid) => groups.of(gid),
  };
}

/** By the shorter way where there is one; what that does not do is tried, and named, by node:fs. */
function openBelow(dir: DirHandle, name: ByteString, flags: number): FileHandle {
  const opened = openAt(dir, name, flags);
  if (opened.ok) return opened.value;
  return attempt(() => fs.openSync(fsPath(pathAt(dir, name)), flags));
}

/** As `openBelow`; an empty name is the directory itself. */
function statBelow(dir: DirHandle, name: ByteString, into: StatWords): void {
  if (name === '') {
    statFile(dir, into);
    return;
  }
  const done = statAt(dir, name, into);
  if (done.ok) return;
  // What is often looked for in vain is told without asking again.
  if (done.error.code === 'ENOENT') throw new SourceFailure('ENOENT');
  attempt(() => fill(fs.lstatSync(fsPath(pathAt(dir, name)), BIG), into));
}

/** As `openBelow`. */
function statFile(file: FileHandle, into: StatWords): void {
  if (!statFd(file, into).ok) attempt(() => fill(fs.fstatSync(file, BIG), into));
}

/** What was read has been checked: that a file system complains at the end changes nothing. */
function close(handle: DirHandle | FileHandle): void {
  try {
    fs.closeSync(handle);
  } catch (error) {
    if (failureOf(error).errno === 'EBADF') throw error; // Closed twice: a bug.
  }
}

function listOf(dir: DirHandle): Listing {
  const path = pathOfFd(dir);
  let found: fs.Dirent[];
  try {
    found = fs.readdirSync(path, LISTING);
  } catch (error) {
    failureOf(error);
    // Where a file system does not tell kinds, Node looks each name up, and not all names work.
    const names = fs.readdirSync(path, 'latin1').sort().map(byteString);
    return { names, kinds: names.map(() => undefined) };
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { names: found.map((entry) => byteString(entry.name)), kinds: found.map(kindOf) };
}

function kindOf(entry: fs.Dirent): EntryKind | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'dir';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'fifo';
  if (entry.isSocket()) return 'socket';
  if (entry.isCharacterDevice()) return 'char';
  return entry.isBlockDevice() ? 'block' : undefined;
}

function fill(stat: fs.BigIntStats, into: StatWords): void {
  into[STAT_INO] = stat.ino;
  into[STAT_SIZE] = stat.size;
  into[STAT_MTIME] = stat.mtimeNs;
  into[STAT_CTIME] = stat.ctimeNs;
  into[STAT_MODE] = stat.mode;
  into[STAT_UID] = stat.uid;
  into[STAT_GID] = stat.gid;
  into[STAT_NLINK] = stat.nlink;
  into[STAT_DEV] = stat.dev;
  into[STAT_BLOCKS] = stat.blocks;
  into[STAT_RDEV] = stat.rdev;
}

function statMany(dirPath: ByteString, names: readonly ByteString[], into: BigInt64Array): void {
  let at = 0;
  const words = new BigInt64Array(STAT_WORDS);
  for (const name of names) {
    if (!isStatted(byteString(`${dirPath}/${name}`), words)) words.fill(0n);
    into.set(words.subarray(0, STAT_CACHED), at);
    at += STAT_CACHED;
  }
}

function isStatted(path: ByteString, into: StatWords): boolean {
  if (statAt(AT_FDCWD, path, into).ok) return true;
  try {
    fill(fs.lstatSync(fsPath(path), BIG), into);
    return true;
  } catch (error) {
    failureOf(error); // What cannot be had is looked at properly, and named, by the walk.
    return false;
  }
}

function readFull(file: FileHandle, into: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = fs.readSync(file, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function segmentsOf(file: FileHandle, sizeBytes: number): readonly number[] {
  const found = dataSegments(file, sizeBytes);
  if (!found.ok) return sizeBytes === 0 ? [] : [0, sizeBytes];
  return found.value.flatMap((segment) => [segment.offset, segment.length]);
}

const NO_ATTRIBUTES = new Set(['ENOTSUP', 'EOPNOTSUPP']);

function xattrsFrom(
  listed: Answer<readonly ByteString[]>,
  getValue: (name: ByteString) => Answer<Uint8Array>,
): Xattrs {
  if (!listed.ok) {
    if (NO_ATTRIBUTES.has(listed.error.code)) return NO_XATTRS;
    return { values: [], notKept: [byteString(`attributes: ${listed.error.code}`)] };
  }
  if (listed.value.length === 0) return NO_XATTRS;
  const values: [ByteString, Uint8Array][] = [];
  const notKept: ByteString[] = [];
  for (const name of listed.value) {
    const value = getValue(name);
    if (value.ok) values.push([name, value.value]);
    else if (value.error.code !== 'ENODATA')
      notKept.push(byteString(`${utf8OrEscaped(name)}: ${value.error.code}`));
  }
  return { values, notKept };
}

/** Names of numeric ids: the local file first, then whatever the host is set up to ask, once each. */
class IdNames {
  readonly #database: 'passwd' | 'group';
  #names: Map<number, ByteString | undefined> | undefined;
  #isDown = false;

  constructor(database: 'passwd' | 'group') {
    this.#database = database;
  }

  of(id: number): ByteString | undefined {
    this.#names ??= namesIn(`/etc/${this.#database}`);
    if (this.#names.has(id) || this.#isDown) return this.#names.get(id);
    const asked = spawnSync('getent', [this.#database, String(id)], {
      timeout: NAME_LOOKUP_MS,
      encoding: 'latin1',
    });
    // A service that is down is not asked for each of ten thousand ids.
    this.#isDown = asked.error !== undefined;
    const name = asked.status === 0 ? asked.stdout.split(':')[0] : undefined;
    this.#names.set(id, name === undefined ? undefined : textName(name));
    return this.#names.get(id);
  }
}

function namesIn(file: string): Map<number, ByteString | undefined> {
  const names = new Map<number, ByteString | undefined>();
  if (!fs.existsSync(file)) return names;
  for (const line of fs.readFileSync(file, 'latin1').split('\n')) {
    const [name, , id] = line.split(':');
    const isEntry = name !== undefined && name !== '' && id !== undefined && /^\d+$/.test(id);
    if (isEntry && !names.has(Number(id))) names.set(Number(id), textName(name));
  }
  return names;
}

/** Only names that are text go into a manifest. */
function textName(name: string): ByteString | undefined {
  const bytes = byteString(name);
  return name === '' || !isUtf8(bytes) ? undefined : bytes;
}

function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw failureOf(error);
  }
}

/** A failed system call as a value of the port; anything else is a bug and goes on. */
function failureOf(error: unknown): SourceFailure {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    if (error.code.startsWith('E') && !error.code.startsWith('ERR_')) {
      return new SourceFailure(error.code, { cause: error });
    }
    const unnamed = /^Unknown system error -([0-9]+)$/.exec(error.code)?.[1];
    if (unnamed !== undefined) {
      return new SourceFailure(UNNAMED.get(Number(unnamed)) ?? `E${unnamed}`, { cause: error });
    }
  }
  throw error;
}

/** Errors of Linux that Node has no name for: what damaged, encrypted and remote file systems say. */
const UNNAMED: ReadonlyMap<number, string> = new Map([
  [61, 'ENODATA'],
  [74, 'EBADMSG'],
  [116, 'ESTALE'],
  [117, 'EUCLEAN'],
  [126, 'ENOKEY'],
]);
