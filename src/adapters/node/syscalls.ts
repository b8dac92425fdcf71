/**
 * System calls that node:fs does not have, through koffi to the C library of this process.
 *
 * Everything answers with a value: what a file system cannot do (ENOTSUP, ENODATA, EPERM) is
 * expected, and so is a machine where koffi or a symbol is missing (ENOSYS; `syscallsReport` says
 * why). koffi is loaded by the first call, not by importing this: it costs about 7 ms, and another
 * 0.1 ms to bind. No descriptor is opened here, so node's tracking of descriptors is not disturbed.
 *
 * Each thread has its own buffers and its own koffi; the calls are synchronous and never nest.
 * `HOLDFAST_SYSCALLS=none` does without koffi, to see what would then not be kept.
 *
 * Cost of a call, warm, ext4, 2 cores (EPYC):
 *   list where there are no attributes  0.4 us by descriptor, 1.2 us by path, 2.5 us by /proc path
 *   value of an attribute               0.9 us absent, 1.3 us present; set 2.0 us
 *   dataSegments                        1.1 us for one segment, 1.2 us for each further one
 *   setTimesNs                          1.2 us; by path 2.1 us (fs.futimesSync: 1.2 us)
 *   renameNoReplace, renameExchange     9 us; makeNode with the unlink 30 us
 *   dropCached 0.4 us, punchHole 2.7 us, setIdleIoPriority 1.0 us
 */
import { createRequire } from 'node:module';
import { arch, constants, endianness } from 'node:os';
import type { ByteString } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';

/** Why a call did not do it. `code` is the name node:fs would use, such as `ENOTSUP` for 95. */
export interface SyscallFailure {
  readonly errno: number;
  readonly code: string;
}

export type Answer<T> = Result<T, SyscallFailure>;

export interface SyscallsReport {
  readonly isLoaded: boolean;
  /** Why nothing is loaded; empty where `isLoaded`. */
  readonly reason: string;
  /** What this C library or this architecture does not have; callers get ENOSYS for it. */
  readonly missing: readonly string[];
}

/** Type of the result, types of the arguments, as koffi writes them. */
export type Signature = readonly [result: string, parameters: readonly string[]];

type NativeArgument = number | bigint | Uint8Array | Int32Array | BigInt64Array | null;
/** The result is a number where it is a safe integer, else a bigint. */
export type Native = (...args: readonly NativeArgument[]) => number | bigint;

interface Libc {
  readonly bind: (name: string, signature: Signature) => Native;
  readonly errno: (value?: number) => number;
}

const SIGNATURES = {
  flistxattr: ['int64_t', ['int', 'void *', 'size_t']],
  llistxattr: ['int64_t', ['const void *', 'void *', 'size_t']],
  fgetxattr: ['int64_t', ['int', 'const void *', 'void *', 'size_t']],
  lgetxattr: ['int64_t', ['const void *', 'const void *', 'void *', 'size_t']],
  fsetxattr: ['int', ['int', 'const void *', 'const void *', 'size_t', 'int']],
  lsetxattr: ['int', ['const void *', 'const void *', 'const void *', 'size_t', 'int']],
  fremovexattr: ['int', ['int', 'const void *']],
  lremovexattr: ['int', ['const void *', 'const void *']],
  // Without a mode: it opens what is there, and never makes anything.
  openat: ['int', ['int', 'const void *', 'int']],
  // With a mode, for what is made.
  openat64: ['int', ['int', 'const void *', 'int', 'uint32_t']],
  // The path is a C string, and empty for the descriptor itself.
  statx: ['int', ['int', 'const void *', 'int', 'uint32_t', 'void *']],
  pipe2: ['int', ['void *', 'int']],
  poll: ['int', ['void *', 'uint64_t', 'int']],
  lseek: ['int64_t', ['int', 'int64_t', 'int']],
  syncfs: ['int', ['int']],
  flock: ['int', ['int', 'int']],
  futimens: ['int', ['int', 'const void *']],
  utimensat: ['int', ['int', 'const void *', 'const void *', 'int']],
  renameat2: ['int', ['int', 'const void *', 'int', 'const void *', 'uint32_t']],
  fallocate: ['int', ['int', 'int', 'int64_t', 'int64_t']],
  posix_fadvise: ['int', ['int', 'int64_t', 'int64_t', 'int']],
  // Declared with the arguments that are used: the C library passes six on, whatever they are.
  syscall: ['int64_t', ['int64_t', 'int64_t', 'const void *', 'int64_t', 'int64_t']],
} as const;

export type NativeName = keyof typeof SIGNATURES;

/** Numbers of calls without a wrapper in every C library: mknod is inline before glibc 2.33. */
const NUMBERS: Readonly<Record<string, { readonly mknodat: number; readonly ioprioSet: number }>> =
  {
    x64: { mknodat: 259, ioprioSet: 251 },
    arm64: { mknodat: 33, ioprioSet: 30 },
    riscv64: { mknodat: 33, ioprioSet: 30 },
  };

export const ENOSYS = 38;
export const ENXIO = 6;
export const ERANGE = 34;
export const EINVAL = 22;
const ENAMETOOLONG = 36;
/** With its NUL: the kernel takes no longer path in one call. */
const PATH_SIZE_MAX = 4096;

export const AT_FDCWD = -100;

const DONE: Answer<undefined> = { ok: true, value: undefined };
const bound = new Map<NativeName, Native>();
const failures = new Map<number, { readonly ok: false; readonly error: SyscallFailure }>();
let libc: Libc | { readonly reason: string } | undefined;

/** The native function, or one that always fails with ENOSYS. */
export function native(name: NativeName): Native {
  const known = bound.get(name);
  if (known !== undefined) return known;
  const library = opened();
  const made = 'bind' in library ? library.bind(name, SIGNATURES[name]) : absent;
  bound.set(name, made);
  return made;
}

/** A function of this process that is no system call; undefined where it has none of that name. */
export function processFunction(name: string, signature: Signature): Native | undefined {
  const library = opened();
  const made = 'bind' in library ? library.bind(name, signature) : absent;
  return made === absent ? undefined : made;
}

/** What this machine offers. Loads koffi. */
export function syscallsReport(): SyscallsReport {
  const library = opened();
  if (!('bind' in library)) return { isLoaded: false, reason: library.reason, missing: [] };
  const names = Object.keys(SIGNATURES).filter(isNativeName);
  const missing: string[] = names.filter((name) => native(name) === absent);
  if (syscallNumbers() === undefined) missing.push('mknodat', 'ioprio_set');
  return { isLoaded: true, reason: '', missing };
}

/** Undefined on an architecture whose numbers are not known here. */
export function syscallNumbers(): (typeof NUMBERS)[string] | undefined {
  return NUMBERS[arch()];
}

/** For calls that return 0 or -1. */
export function doneOr(returned: number | bigint): Answer<undefined> {
  return Number(returned) === -1 ? failedNow() : DONE;
}

/** The failure of the native call just made; read at once, before anything else can set errno. */
export function failedNow(): { readonly ok: false; readonly error: SyscallFailure } {
  const library = opened();
  return failedWith('errno' in library ? library.errno() : ENOSYS);
}

export function failedWith(errno: number): {
  readonly ok: false;
  readonly error: SyscallFailure;
} {
  const known = failures.get(errno);
  if (known !== undefined) return known;
  const made = { ok: false, error: { errno, code: nameOf(errno) } } as const;
  failures.set(errno, made);
  return made;
}

/** A C string in a buffer that is used again; undefined when it cannot be one (see `misfit`). */
export class NativeString {
  readonly #bytes = Buffer.alloc(PATH_SIZE_MAX);

  of(text: ByteString): Uint8Array | undefined {
    if (text.length >= PATH_SIZE_MAX || text.includes('\0')) return undefined;
    const length = this.#bytes.write(text, 0, 'latin1');
    this.#bytes[length] = 0;
    return this.#bytes;
  }
}

/** Why `NativeString` refused: too long, or with a NUL inside, which C would silently cut. */
export function misfit(text: ByteString): { readonly ok: false; readonly error: SyscallFailure } {
  return failedWith(text.includes('\0') ? EINVAL : ENAMETOOLONG);
}

function opened(): NonNullable<typeof libc> {
  libc ??= open();
  return libc;
}

function open(): NonNullable<typeof libc> {
  if (process.env.HOLDFAST_SYSCALLS === 'none') return { reason: 'HOLDFAST_SYSCALLS is none' };
  // Times and offsets are written as two 64-bit words; a 32-bit C library would read other fields.
  if (!['x64', 'arm64', 'riscv64', 'ppc64', 's390x', 'loong64'].includes(arch())) {
    return { reason: `not tried on ${arch()} (${endianness()})` };
  }
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    // null is this process itself: its C library, whichever that is (glibc or musl).
    const library = koffi.load(null);
    const bind: Libc['bind'] = (name, [result, parameters]) => {
      try {
        return library.func(name, result, [...parameters]);
      } catch (error) {
        if (error instanceof Error) return absent;
        throw error;
      }
    };
    return { bind, errno: (value) => (value === undefined ? koffi.errno() : koffi.errno(value)) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function absent(): number {
  const library = opened();
  if ('errno' in library) library.errno(ENOSYS);
  return -1;
}

function isNativeName(name: string): name is NativeName {
  return name in SIGNATURES;
}

function nameOf(errno: number): string {
  // Two names share 95; node:fs says ENOTSUP, and callers compare codes from both sources.
  if (errno === constants.errno.ENOTSUP) return 'ENOTSUP';
  const entry = Object.entries(constants.errno).find(([, value]) => value === errno);
  return entry === undefined ? `errno ${errno}` : entry[0];
}
