/**
 * Writing trees with node:fs, through directory descriptors (see syscalls-path.ts). One instance a
 * thread; descriptors are shared by all threads of the process.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import type { DirHandle, FileHandle } from '../../host/source.ts';
import type {
  Attributes,
  NodeToMake,
  Place,
  TreeWriter,
  Unset,
  WriterIdentity,
} from '../../host/tree-writer.ts';
import { ALL_SET, TreeFailure } from '../../host/tree-writer.ts';
import { errnoOf } from './errno.ts';
import { NameIds } from './name-ids.ts';
import type { Answer } from './syscalls.ts';
import { makeNode, renameExchange, renameNoReplace, type Renaming } from './syscalls-nodes.ts';
import { createAt, syncFileSystem } from './syscalls-open.ts';
import { parentOf } from './disk-make-dir.ts';
import { fsPath, pathAt, pathOfFd } from './syscalls-path.ts';
import { setTimesAtNs, setTimesNs } from './syscalls-times.ts';
import { removeXattr, removeXattrAt, setXattr, setXattrAt } from './syscalls-xattrs.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = fs.constants;
/** Names a file without opening it; node:fs knows the flag and not its name. */
const O_PATH = 0o10_000_000;
const DIR_MODE = 0o700;
const TYPE_BITS = { fifo: 0o010_000, socket: 0o140_000, char: 0o020_000, block: 0o060_000 };
const NODE_MODE = 0o600;
const SET_ID_BITS = 0o6000;
const NS_IN_MS = 1e6;

/**
 * One by one: Node's own recursion never ends where mkdir says ENOENT below a directory that is
 * there, as /proc does.
 */
function makeTop(path: ByteString): void {
  const parent = parentOf(path);
  if (fs.statSync(fsPath(parent), { throwIfNoEntry: false }) === undefined) makeTop(parent);
  try {
    fs.mkdirSync(fsPath(path));
  } catch (error) {
    const stat = fs.statSync(fsPath(path), { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true) throw error;
  }
}

export function nodeTreeWriter(): TreeWriter {
  const owners = new NameIds('passwd');
  const groups = new NameIds('group');
  const at = (dir: DirHandle, name: ByteString) => fsPath(pathAt(dir, name));
  return {
    identity: identityOf(),
    makeTop: (path) => attempt(() => makeTop(path)),
    makeDir: (dir, name) => attempt(() => fs.mkdirSync(at(dir, name), DIR_MODE)),
    createFile: (dir, name, mode) => createBelow(dir, name, mode),
    openFile: (dir, name) => attempt(() => openRegular(at(dir, name))),
    closeFile: (file) => attempt(() => fs.closeSync(file)),
    write: (file, bytes, position) => attempt(() => writeFully(file, bytes, position)),
    shareBlocks,
    truncate: (file, sizeBytes) => attempt(() => fs.ftruncateSync(file, sizeBytes)),
    makeSymlink: (dir, name, target) =>
      attempt(() => fs.symlinkSync(fsPath(target), at(dir, name))),
    makeNode: (dir, name, node) => demandDone(nodeMade(pathAt(dir, name), node)),
    makeLink: (from, to) =>
      attempt(() => fs.linkSync(at(from.dir, from.name), at(to.dir, to.name))),
    rename: renameTo,
    exchange: (one, other) => demandDone(renameExchange(renamingOf(one, other))),
    unlink: (dir, name) => attempt(() => fs.unlinkSync(at(dir, name))),
    removeDir: (dir, name) => attempt(() => fs.rmdirSync(at(dir, name))),
    setAttributes,
    setAttributesAt,
    ownerId: (name) => owners.of(name),
    groupId: (name) => groups.of(name),
    sync: (handle) => attempt(() => syncHandle(handle)),
    startSync: syncStarter(),
    syncAll,
  };
}

function identityOf(): WriterIdentity {
  // `process.umask()` changes it for a moment, in all threads; this only looks.
  const line = /^Umask:\s*([0-7]+)$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'));
  const umask = Number.parseInt(line?.[1] ?? '777', 8);
  return { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1, umask };
}

/** By the shorter way where there is one; why it was refused is named by node:fs. */
function createBelow(dir: DirHandle, name: ByteString, mode: number): FileHandle {
  const made = createAt({ directoryFd: dir, name, mode });
  if (made.ok) return made.value;
  const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
  return attempt(() => fs.openSync(fsPath(pathAt(dir, name)), flags, mode));
}

function openRegular(path: string | Buffer): FileHandle {
  const file = fs.openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  if (fs.fstatSync(file).isFile()) return file;
  fs.closeSync(file);
  throw new TreeFailure('EINVAL');
}

/** Why a file system does not share blocks between two files. */
const NOT_SHARED: ReadonlySet<string> = new Set([
  ...['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'ENOTTY', 'EACCES', 'EPERM', 'EXDEV', 'ETXTBSY'],
]);

/** Both by their descriptors: no path is walked again. */
function shareBlocks(from: FileHandle, into: FileHandle): boolean {
  try {
    const [source, target] = [from, into].map((handle) => fsPath(pathOfFd(handle)));
    if (source === undefined || target === undefined) return false;
    fs.copyFileSync(source, target, fs.constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (NOT_SHARED.has(errnoOf(error) ?? '')) return false;
    throw new TreeFailure(errnoOf(error) ?? 'EIO', { cause: error });
  }
}

/** A write may be cut short, by a signal or because the disk is nearly full. */
function writeFully(file: FileHandle, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}

function nodeMade(path: ByteString, node: NodeToMake): Answer<undefined> {
  const { type, major, minor } = node;
  // As `new_encode_dev` of the kernel: 12 bits of major, 20 of minor.
  const isDevice = type === 'char' || type === 'block';
  const device = isDevice ? ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0 : 0;
  return makeNode({ path, mode: TYPE_BITS[type] | NODE_MODE, device });
}

function renamingOf(from: Place, to: Place): Renaming {
  return { from: from.name, to: to.name, fromDir: from.dir, toDir: to.dir };
}

function renameTo(from: Place, to: Place): void {
  const done = renameNoReplace(renamingOf(from, to));
  if (done.ok) return;
  if (done.error.code !== 'EINVAL' && done.error.code !== 'ENOSYS') {
    throw new TreeFailure(done.error.code);
  }
  const names = { from: pathAt(from.dir, from.name), to: pathAt(to.dir, to.name) };
  // Without renameat2: the look before it leaves a moment, in which only our own kind is about.
  attempt(() => {
    if (fs.lstatSync(fsPath(names.to), { throwIfNoEntry: false }) !== undefined) {
      throw new TreeFailure('EEXIST');
    }
    fs.renameSync(fsPath(names.from), fsPath(names.to));
  });
}

function setAttributes(handle: number, attributes: Attributes): readonly Unset[] {
  return settle(attributes, {
    chown: (uid, gid) => fs.fchownSync(handle, uid, gid),
    remove: (name) => removeXattr(handle, name),
    set: (name, value) => setXattr(handle, name, value),
    chmod: (mode) => fs.fchmodSync(handle, mode),
    setTimes: (mtimeNs) => setTimesNs(handle, { mtimeNs }),
    setTimesRoughly: (seconds) => fs.futimesSync(handle, new Date(), seconds),
  });
}

function setAttributesAt({ dir, name }: Place, attributes: Attributes): readonly Unset[] {
  const path = pathAt(dir, name);
  return settle(attributes, {
    chown: (uid, gid) => fs.lchownSync(fsPath(path), uid, gid),
    remove: (gone) => removeXattrAt({ path, name: gone }),
    set: (key, value) => setXattrAt({ path, name: key, value }),
    chmod: (mode) => chmodAt(path, mode),
    setTimes: (mtimeNs) => setTimesAtNs(path, { mtimeNs }),
    setTimesRoughly: (seconds) => fs.lutimesSync(fsPath(path), new Date(), seconds),
  });
}

interface Setters {
  readonly chown: (uid: number, gid: number) => void;
  readonly remove: (name: ByteString) => Answer<undefined>;
  readonly set: (name: ByteString, value: Uint8Array) => Answer<undefined>;
  readonly chmod: (mode: number) => void;
  readonly setTimes: (mtimeNs: bigint) => Answer<undefined>;
  readonly setTimesRoughly: (seconds: number) => void;
}

/** Owner, attributes, mode, times: each of these may undo what stands behind it. */
function settle(attributes: Attributes, setters: Setters): readonly Unset[] {
  const { owner, xattrs = [], removeXattrs = [], mode, mtimeNs } = attributes;
  let unset = ALL_SET;
  const note = (what: string, errno: string | undefined): void => {
    if (errno !== undefined) unset = [...unset, { what, errno }];
  };
  const ownerRefused = owner && eitherOwner(setters.chown, owner);
  note('owner', ownerRefused);
  for (const name of removeXattrs) note(name, codeOf(setters.remove(name)));
  for (const { name, value } of xattrs) note(name, codeOf(setters.set(name, value)));
  if (mode !== undefined) {
    const isHeldBack = ownerRefused !== undefined && (mode & SET_ID_BITS) !== 0;
    if (isHeldBack) note('setuid', ownerRefused);
    note(
      'mode',
      tried(() => setters.chmod(isHeldBack ? mode & ~SET_ID_BITS : mode)),
    );
  }
  if (mtimeNs !== undefined) {
    const timed = setters.setTimes(mtimeNs);
    if (!timed.ok) {
      const why = tried(() => setters.setTimesRoughly(secondsOf(mtimeNs)));
      note(why === undefined ? 'times (ns)' : 'times', timed.error.code);
    }
  }
  return unset;
}

/** An ordinary user may still give a file to another of its own groups. */
function eitherOwner(
  chown: (uid: number, gid: number) => void,
  owner: { readonly uid: number; readonly gid: number },
): string | undefined {
  const why = tried(() => chown(owner.uid, owner.gid));
  if (why === undefined) return undefined;
  tried(() => chown(-1, owner.gid));
  return why;
}

/** chmod follows links; through an O_PATH descriptor of the thing itself it cannot be led away. */
function chmodAt(path: ByteString, mode: number): void {
  const fd = fs.openSync(fsPath(path), O_PATH | O_NOFOLLOW);
  try {
    fs.chmodSync(pathOfFd(fd), mode);
  } finally {
    fs.closeSync(fd);
  }
}

function syncHandle(handle: number): void {
  try {
    fs.fsyncSync(handle);
  } catch (error) {
    // A file system without such a call has nothing that waits (network file systems).
    if (errnoOf(error) !== 'EINVAL') throw error;
  }
}

/** Node has no syncfs; `sync -f` of coreutils is one. */
const SYNC = ['-f', '/proc/self/fd/3'];

function syncStarter(): TreeWriter['startSync'] {
  let isUnderWay = false;
  return (dir) => {
    if (isUnderWay) return;
    isUnderWay = true;
    const child = spawn('sync', SYNC, { stdio: ['ignore', 'ignore', 'ignore', dir] });
    const ended = (): void => {
      isUnderWay = false;
    };
    // That there is no such program, or that it failed, is said by `syncAll`.
    child.on('exit', ended).on('error', ended);
    child.unref();
  };
}

/** Without the system call by a program: 20 ms. */
function syncAll(dir: DirHandle): void {
  const called = syncFileSystem(dir);
  if (called.ok) return;
  if (called.error.code !== 'ENOSYS') throw new TreeFailure(called.error.code);
  const stdio: (number | 'ignore')[] = ['ignore', 'ignore', 'ignore', dir];
  const done = spawnSync('sync', SYNC, { stdio });
  if (done.status !== 0) throw new TreeFailure(done.error === undefined ? 'EIO' : 'ENOENT');
}

/** The moment in seconds, as node:fs takes it: it loses what is below a microsecond. */
function secondsOf(mtimeNs: bigint): number {
  return Number(mtimeNs) / NS_IN_MS / 1000;
}

function codeOf(answer: Answer<undefined>): string | undefined {
  return answer.ok ? undefined : answer.error.code;
}

function demandDone(answer: Answer<undefined>): void {
  if (!answer.ok) throw new TreeFailure(answer.error.code);
}

/** The system's error name where it refused; undefined where it did not. */
function tried(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return failureOf(error).errno;
  }
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw failureOf(error);
  }
}

/** A failed system call as a value of the port; anything else is a bug and goes on. */
function failureOf(error: unknown): TreeFailure {
  if (error instanceof TreeFailure) return error;
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return new TreeFailure(errno, { cause: error });
}
