/** Locks that other processes hold: all of them by /proc/locks, one file's by asking the kernel. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { arch } from 'node:os';
import type { ByteString } from '../../base/bytes.ts';
import type { FileLock, LockQuestion } from '../../vault/core/torn-layout.ts';
import { errnoOf } from './errno.ts';
import { deviceNumber } from './in-use-mounts.ts';
import { fsPath } from './syscalls-path.ts';

export interface HeldLock extends FileLock {
  /** Undefined where it belongs to an open file, or to a process without a number here. */
  readonly pid: number | undefined;
  /** Of the file system, as /proc/self/mountinfo has it. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** Waiting locks, leases and delegations are left out: they hold nothing. */
const LINE =
  /^[0-9]+: (POSIX|FLOCK|OFDLCK) +\S+ +(READ|WRITE) +(-?[0-9]+) ([0-9a-f]+):([0-9a-f]+):([0-9]+) ([0-9]+) ([0-9]+|EOF)$/;

/** Empty where the kernel has no such file: then only descriptors tell. */
export function heldLocks(): readonly HeldLock[] {
  try {
    return parseLocks(fs.readFileSync('/proc/locks', 'latin1'));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

export function parseLocks(text: string): readonly HeldLock[] {
  return text.split('\n').flatMap((line) => {
    const [, type, access, pid, major, minor, inode, start, end] = LINE.exec(line) ?? [];
    if (pid === undefined || inode === undefined) return [];
    return {
      isOfd: type === 'OFDLCK',
      isWrite: access === 'WRITE',
      pid: Number(pid) > 0 ? Number(pid) : undefined,
      device: deviceNumber({
        major: Number.parseInt(major ?? '', 16),
        minor: Number.parseInt(minor ?? '', 16),
      }),
      inode: BigInt(inode),
      start: Number(start),
      end: end === 'EOF' ? Number.POSITIVE_INFINITY : Number(end),
    };
  });
}

export interface LockInTheWay {
  readonly question: LockQuestion;
  /** Undefined as in `HeldLock`. */
  readonly pid: number | undefined;
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY, O_NOATIME } = fs.constants;
const FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const F_GETLK = 5;
const LOCK_READ = 0;
const LOCK_WRITE = 1;
const LOCK_NONE = 2;
/** `struct flock` of 64-bit Linux: type, whence, start, length, pid. */
const FLOCK_SIZE = 32;
const AT_START = 8;
const AT_LENGTH = 16;
const AT_PID = 24;

/**
 * Asks which locks of others would stand in the way; none is taken. The answer holds across
 * containers and network file systems, where /proc/locks is silent. Empty where it cannot be asked.
 */
export function locksInTheWay(
  path: ByteString,
  questions: readonly LockQuestion[],
): readonly LockInTheWay[] {
  const ask = fcntl();
  const file = ask === undefined ? undefined : openToAsk(path);
  if (ask === undefined || file === undefined) return [];
  try {
    return questions.flatMap((question) => {
      const lock = Buffer.alloc(FLOCK_SIZE);
      lock.writeInt16LE(question.asWriter ? LOCK_WRITE : LOCK_READ, 0);
      lock.writeBigInt64LE(BigInt(question.start), AT_START);
      lock.writeBigInt64LE(BigInt(question.length), AT_LENGTH);
      if (ask(file, F_GETLK, lock) !== 0 || lock.readInt16LE(0) === LOCK_NONE) return [];
      const pid = lock.readInt32LE(AT_PID);
      return { question, pid: pid > 0 ? pid : undefined };
    });
  } finally {
    fs.closeSync(file);
  }
}

/** Undefined where it is gone or may not be read; then it was not captured either. */
function openToAsk(path: ByteString): number | undefined {
  for (const flags of [FLAGS | O_NOATIME, FLAGS]) {
    try {
      return fs.openSync(fsPath(path), flags);
    } catch (error) {
      // Only the owner and root may leave atime alone.
      if (errnoOf(error) === 'EPERM') continue;
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  }
  return undefined;
}

type Fcntl = (file: number, command: number, lock: Uint8Array) => number;
let bound: { readonly fcntl: Fcntl | undefined } | undefined;

/** Undefined where native calls are not possible; /proc/locks is left then. */
function fcntl(): Fcntl | undefined {
  bound ??= { fcntl: bind() };
  return bound.fcntl;
}

function bind(): Fcntl | undefined {
  // Little-endian with 64-bit offsets: where the structure above was tried.
  const isKnown = ['x64', 'arm64', 'riscv64'].includes(arch());
  if (!isKnown || process.env.HOLDFAST_SYSCALLS === 'none') return undefined;
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    // Variadic in C; these three pass the third argument as if it were named.
    return koffi.load(null).func('fcntl', 'int', ['int', 'int', 'void *']);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
