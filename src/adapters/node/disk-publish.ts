/**
 * Giving a finished file its name, unless that is taken, atomically. There is one good way and two
 * for file systems without hard links (FAT, some FUSE and network file systems):
 *
 * 1. link, then unlink the old name. Fails with EEXIST, whoever else tries at the same time.
 * 2. renameat2 with RENAME_NOREPLACE: as good; needs koffi and a file system that knows it.
 * 3. Under a lock file beside the old name, look whether the name is free, then rename. Holds
 *    among processes that all do so, which is all that write to a vault.
 */
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { diskFault, errnoOf, ifThere, onDisk } from './errno.ts';
import { renameNoReplace } from './syscalls-nodes.ts';
import { fsPath } from './syscalls-path.ts';

/** Each way answers undefined where this file system cannot go it. */
type Published = 'published' | 'exists';

/** A file system without hard links says one of these. */
const NO_LINKS = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EMLINK']);
/** And one that cannot rename without replacing. ENOSYS also: no koffi, an old kernel. */
const NO_NOREPLACE = new Set(['EINVAL', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS']);
/** The lock is held for microseconds; so old, its owner was killed. */
const LOCK_AGE_MAX_MS = 60_000;

export function publishFile(from: ByteString, to: ByteString): Published {
  assert(from !== to, 'a file is published under another name than its own');
  return byLink(from, to) ?? byRename(from, to) ?? byLock(from, to);
}

function byLink(from: ByteString, to: ByteString): Published | undefined {
  return onDisk(to, () => {
    try {
      linkSync(fsPath(from), fsPath(to));
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno !== undefined && NO_LINKS.has(errno) && isFile(from)) return undefined;
      // A network file system may repeat a request whose answer got lost, and then see itself.
      if (errno !== 'EEXIST') throw cause;
      if (!isSameFile(from, to)) return 'exists';
    }
    unlinkSync(fsPath(from));
    return 'published';
  });
}

/** A second name, where the file system has such. */
export function linkFile(from: ByteString, to: ByteString): 'linked' | 'unsupported' {
  const [first, second] = [fsPath(from), fsPath(to)];
  return onDisk(to, () => {
    try {
      linkSync(first, second);
      return 'linked';
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno !== undefined && NO_LINKS.has(errno) && isFile(from)) return 'unsupported';
      throw cause;
    }
  });
}

/** Directories have no second names anywhere; that says nothing about the file system. */
function isFile(path: ByteString): boolean {
  return lstatSync(fsPath(path)).isFile();
}

function isSameFile(a: ByteString, b: ByteString): boolean {
  const [first, second] = [a, b].map((path) => lstatSync(fsPath(path), { bigint: true }));
  return first?.ino === second?.ino && first?.dev === second?.dev;
}

export function byRename(from: ByteString, to: ByteString): Published | undefined {
  const answer = renameNoReplace({ from, to });
  if (answer.ok) return 'published';
  const { code } = answer.error;
  if (code === 'EEXIST') return 'exists';
  if (NO_NOREPLACE.has(code)) return undefined;
  throw diskFault(to, code, answer.error);
}

/** @throws Fault HF_DISK_FAILED (EEXIST) while another process holds the lock */
export function byLock(from: ByteString, to: ByteString): Published {
  const lock = lockOf(from, to);
  onDisk(lock, () => takeLock(lock, from));
  try {
    if (ifThere(to, () => lstatSync(fsPath(to))) !== undefined) return 'exists';
    onDisk(to, () => renameSync(fsPath(from), fsPath(to)));
    return 'published';
  } finally {
    onDisk(lock, () => unlinkSync(fsPath(lock)));
  }
}

/** Beside `from`, where nobody lists objects: all that publish `to` share that directory. */
function lockOf(from: ByteString, to: ByteString): ByteString {
  const dir = from.slice(0, from.lastIndexOf('/') + 1);
  return byteString(`${dir}${to.slice(to.lastIndexOf('/') + 1)}.lock`);
}

function takeLock(lock: ByteString, fresh: ByteString): void {
  try {
    makeLock(lock);
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw cause;
    // By the clock of the file system: `fresh` was written just now.
    const ageMs = statSync(fsPath(fresh)).mtimeMs - statSync(fsPath(lock)).mtimeMs;
    if (ageMs <= LOCK_AGE_MAX_MS) throw cause;
    unlinkSync(fsPath(lock));
    makeLock(lock);
  }
}

function makeLock(lock: ByteString): void {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  closeSync(openSync(fsPath(lock), O_WRONLY | O_CREAT | O_EXCL, 0o600));
}
