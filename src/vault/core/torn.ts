/**
 * Which files a program uses are torn, and what they belong to: rules over what was seen, nothing
 * else. Paths are absolute; docs/design/006-torn.md says why each rule is.
 */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Engine, TornFinding } from '../../host/in-use.ts';
import type { ContentMark, EngineHome, FileKind } from './torn-layout.ts';
import { databaseOf, dirOf, fileKindOf, isMariadbFile, nameOf } from './torn-layout.ts';

/** A program that has something in use; undefined members where only a lock shows somebody. */
export interface User {
  readonly pid: number | undefined;
  /** As the kernel names it, cut to 15 bytes; or `loop device`. */
  readonly program: string | undefined;
}

export interface FileUse {
  readonly path: ByteString;
  readonly how: 'written' | 'locked' | 'changed';
  readonly user: User;
  /** Of the file; of the database where it is the log or the index of an SQLite. */
  readonly content: ContentMark | undefined;
  /** The nearest directory above that an engine has laid out. */
  readonly home: EngineHome | undefined;
}

/** What is torn, wherever it lies. */
export interface TornSubject {
  readonly path: ByteString;
  readonly isDir: boolean;
  readonly engine: Engine;
  readonly why: string;
}

export const UNSEEN: User = { pid: undefined, program: undefined };
export const LOOP_DEVICE = 'loop device';

const TABLESPACE = /^(.*\/PG_[0-9]+(?:\.[0-9]+)?_[0-9]{9})(?:\/|$)/;
const RELATION = /^[0-9]+(?:_(?:fsm|vm|init))?(?:\.[0-9]+)?$/;
const WAL_SEGMENT = /^[0-9A-F]{24}(?:\.partial)?$/;

/** By the name of a process; undefined for programs that are no engine known here. */
export function engineOfProgram(program: string | undefined): Engine | undefined {
  if (program === undefined) return undefined;
  if (/^(?:postgres|postmaster|edb-postgres)$/.test(program)) return 'postgres';
  if (/^(?:mariadbd|mysqld)/.test(program)) return 'mariadb';
  if (/^mongod/.test(program)) return 'mongodb';
  // RHEL's qemu-kvm, Proxmox' kvm; kernel threads such as kvm-pit have no files.
  return /^(?:qemu|kvm$)/.test(program) ? 'qemu' : undefined;
}

/** Undefined for what is no database and no image: a log being written is none of our business. */
export function tornBy(use: FileUse): TornSubject | undefined {
  const kind = fileKindOf(nameOf(use.path));
  const isBesideSqlite = kind === 'sqlite-log' || kind === 'sqlite-shm';
  // Who only reads has these open for writing as well; who writes has the database itself.
  if (isBesideSqlite && (use.how === 'written' || use.content !== 'sqlite')) return undefined;
  if (use.content === 'sqlite')
    return fileOf(use, { path: databaseOf(use.path), engine: 'sqlite' });
  if (use.content === 'image' || kind === 'image') return image(use);
  const inHome = inEngineDir(use, kind);
  if (inHome !== undefined) return inHome;
  if (use.how === 'changed') return undefined;
  const isStore = kind === 'sqlite' || kind === 'store';
  return isStore ? fileOf(use, { path: use.path, engine: 'unknown writer' }) : undefined;
}

function image(use: FileUse): TornSubject | undefined {
  if (use.how === 'changed') return undefined;
  if (use.user.program === LOOP_DEVICE) {
    return fileOf(use, { path: use.path, engine: 'loop device' });
  }
  const isGuest = engineOfProgram(use.user.program) === 'qemu';
  return fileOf(use, { path: use.path, engine: isGuest ? 'qemu' : 'unknown writer' });
}

function inEngineDir(use: FileUse, kind: FileKind | undefined): TornSubject | undefined {
  const { path, home } = use;
  const name = nameOf(path);
  const tablespace = TABLESPACE.exec(path)?.[1];
  if (RELATION.test(name) && tablespace !== undefined) {
    return dirBy(use, { path: byteString(tablespace), owner: 'postgres' });
  }
  const isOfPostgres = RELATION.test(name) || WAL_SEGMENT.test(name) || kind === 'postgres-control';
  if (isOfPostgres && home?.engine === 'postgres') {
    return dirBy(use, { path: home.path, owner: 'postgres' });
  }
  if (isMariadbFile(name)) {
    if (home?.engine === 'mariadb') return dirBy(use, { path: home.path, owner: 'mariadb' });
    return fileOf(use, { path, engine: ownerOr(use, 'mariadb') });
  }
  if (kind === 'mongodb') {
    const dir = home?.engine === 'mongodb' ? home.path : dirOf(path);
    return dirBy(use, { path: dir, owner: 'mongodb' });
  }
  return undefined;
}

/** A known program that is not the owner (a copy, a restore) is a writer of its own. */
function ownerOr(use: FileUse, owner: Engine): Engine {
  const { program } = use.user;
  return program === undefined || engineOfProgram(program) === owner ? owner : 'unknown writer';
}

function dirBy(use: FileUse, of: { path: ByteString; owner: Engine }): TornSubject {
  return { path: of.path, isDir: true, engine: ownerOr(use, of.owner), why: whyOf(use) };
}

function fileOf(use: FileUse, of: { path: ByteString; engine: Engine }): TornSubject {
  return { ...of, isDir: false, why: whyOf(use) };
}

function whyOf(use: FileUse): string {
  const name = nameOf(use.path);
  const who = said(use.user);
  switch (use.how) {
    case 'written':
      return use.user.program === LOOP_DEVICE
        ? `a loop device writes to ${name}`
        : `${who} has ${name} open for writing`;
    case 'locked':
      return `${who} holds a lock on ${name}`;
    case 'changed':
      return `${name} changed while it was captured`;
  }
}

function said(user: User): string {
  const name = user.program === undefined ? '' : ` (${user.program})`;
  return user.pid === undefined ? `a process${name}` : `process ${user.pid}${name}`;
}

/** A process of an engine works in a directory; undefined where that is not laid out by it. */
export function tornByWorkingIn(use: {
  readonly user: User;
  readonly home: EngineHome | undefined;
}): TornSubject | undefined {
  const { home, user } = use;
  if (home === undefined || engineOfProgram(user.program) !== home.engine) return undefined;
  return { path: home.path, isDir: true, engine: home.engine, why: `${said(user)} works in it` };
}

/** What `postmaster.pid` and the machine say of the process that wrote it. */
export interface PidFileLook {
  /** Absolute, of the data directory. */
  readonly dir: ByteString;
  /** The content of the file. */
  readonly text: string;
  readonly process: (pid: number) => PidLook;
  /** The server may run where this machine does not see it. */
  readonly mayBeElsewhere: boolean;
}

/** `gone`: no such process, or a dead one that waits for its parent. */
export type PidLook =
  | { readonly is: 'gone' }
  | {
      readonly is: 'alive';
      /** Undefined where the process is hidden. */
      readonly program: string | undefined;
      readonly worksIn: 'there' | 'elsewhere' | 'unknown';
    };

/** Whether a server holds the directory. The file alone proves nothing: it outlives a crash. */
export function tornByPidFile(look: PidFileLook): TornSubject | undefined {
  const pid = parsePid(look.text);
  const torn = (why: string): TornSubject => ({
    path: look.dir,
    isDir: true,
    engine: 'postgres',
    why,
  });
  const process: PidLook = pid === undefined ? { is: 'gone' } : look.process(pid);
  if (process.is === 'alive' && process.worksIn !== 'elsewhere') {
    const isServer = engineOfProgram(process.program) === 'postgres';
    if (isServer) return torn(`postmaster.pid names ${said({ pid, program: process.program })}`);
    if (process.program === undefined) {
      return torn(`postmaster.pid names process ${pid}, which is hidden from here`);
    }
  }
  if (!look.mayBeElsewhere) return undefined;
  return torn('postmaster.pid is there, and its server may run out of sight');
}

/** PostgreSQL writes the number of a single-user backend as a negative one. */
function parsePid(text: string): number | undefined {
  const first = /^\s*-?([0-9]{1,10})\s*(?:\n|$)/.exec(text)?.[1];
  return first === undefined || Number(first) === 0 ? undefined : Number(first);
}

/** A root as it was named, and where it really lies. */
export interface WatchedRoot {
  readonly given: ByteString;
  readonly real: ByteString;
}

/** Findings by root, sorted by path; what lies inside a torn directory is not named again. */
export function findingsOf(
  roots: readonly WatchedRoot[],
  subjects: readonly TornSubject[],
): readonly TornFinding[] {
  return roots.flatMap((root) => {
    const placed = subjects
      .map((subject) => ({ subject, path: pathIn(root.real, subject) }))
      .filter((each): each is { subject: TornSubject; path: ByteString } => each.path !== undefined)
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const dirs = new Set(placed.filter((each) => each.subject.isDir).map((each) => each.path));
    const named = new Set<ByteString>();
    return placed
      .filter(({ path }) => {
        const isNew = !named.has(path) && !isBelowAny(path, dirs);
        named.add(path);
        return isNew;
      })
      .map(({ subject, path }) => ({
        root: root.given,
        path,
        engine: subject.engine,
        why: subject.why,
      }));
  });
}

function isBelowAny(path: ByteString, dirs: ReadonlySet<ByteString>): boolean {
  if (path !== '' && dirs.has(byteString(''))) return true;
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (dirs.has(byteString(path.slice(0, at)))) return true;
  }
  return false;
}

/** Relative to the root; empty where the root is the subject or lies in it. */
function pathIn(root: ByteString, subject: TornSubject): ByteString | undefined {
  if (isAtOrBelow(root, subject.path)) {
    const isAll = root === subject.path || subject.isDir;
    return isAll ? byteString('') : undefined;
  }
  if (!isAtOrBelow(subject.path, root)) return undefined;
  return byteString(subject.path.slice(root === '/' ? 1 : root.length + 1));
}

/** Whether `path` is `dir` or lies below it. */
export function isAtOrBelow(path: ByteString, dir: ByteString): boolean {
  return path === dir || path.startsWith(dir === '/' ? '/' : `${dir}/`);
}
