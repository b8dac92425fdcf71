import { endianness } from 'node:os';
import type { ByteString } from '../../base/bytes.ts';
import type { StatWords } from '../../host/source.ts';
import {
  STAT_BLOCKS,
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
} from '../../host/source.ts';
import type { Answer } from './syscalls.ts';
import { doneOr, failedWith, ENOSYS, misfit, NativeString, native } from './syscalls.ts';

const AT_EMPTY_PATH = 0x1000;
/** As lstat: neither a link is followed nor a mount made. */
const AS_LSTAT = 0x900;
/** All that stat knows. */
const BASIC_STATS = 0x7ff;
const NS_PER_SECOND = 1_000_000_000n;

/** Of a mode. */
const FORMAT = 0o170000;
const REGULAR = 0o100000;

const NO_PATH = new Uint8Array(1);
const path = new NativeString();
/** struct statx, the same on every architecture but for the order of bytes. */
const memory = new ArrayBuffer(256);
const bytes = new Uint8Array(memory);
const words = new BigInt64Array(memory);
const halves = new Uint32Array(memory);
const quarters = new Uint16Array(memory);
const isLittle = endianness() === 'LE';

/**
 * Stat of an open file: 1.0 us, where node:fs makes an object of big numbers for 2.3. Fails with
 * ENOSYS where there is no statx.
 */
export function statFd(fd: number, into: StatWords): Answer<undefined> {
  if (!isLittle) return failedWith(ENOSYS);
  const done = doneOr(native('statx')(fd, NO_PATH, AT_EMPTY_PATH, BASIC_STATS, bytes));
  if (!done.ok) return done;
  fill(into);
  return done;
}

/** As `statFd`, of a name in an open directory: 1.6 us, where lstat by /proc/self/fd costs 4.5. */
export function statAt(directoryFd: number, name: ByteString, into: StatWords): Answer<undefined> {
  if (!isLittle) return failedWith(ENOSYS);
  const named = path.of(name);
  if (named === undefined) return misfit(name);
  const done = doneOr(native('statx')(directoryFd, named, AS_LSTAT, BASIC_STATS, bytes));
  if (done.ok) fill(into);
  return done;
}

/** Of a file in an open directory, in bytes: 1.5 us; undefined for whatever else, a link too. */
export function fileSizeAt(directoryFd: number, name: ByteString): number | undefined {
  const named = path.of(name);
  if (!isLittle || named === undefined) return undefined;
  const returned = native('statx')(directoryFd, named, AS_LSTAT, BASIC_STATS, bytes);
  if (Number(returned) !== 0 || ((quarters[14] ?? 0) & FORMAT) !== REGULAR) return undefined;
  return (halves[10] ?? 0) + (halves[11] ?? 0) * 2 ** 32;
}

function fill(into: StatWords): void {
  into[STAT_INO] = words[4] ?? 0n;
  into[STAT_SIZE] = words[5] ?? 0n;
  into[STAT_CTIME] = (words[12] ?? 0n) * NS_PER_SECOND + BigInt(halves[26] ?? 0);
  into[STAT_MTIME] = (words[14] ?? 0n) * NS_PER_SECOND + BigInt(halves[30] ?? 0);
  into[STAT_MODE] = BigInt(quarters[14] ?? 0);
  into[STAT_UID] = BigInt(halves[5] ?? 0);
  into[STAT_GID] = BigInt(halves[6] ?? 0);
  into[STAT_NLINK] = BigInt(halves[4] ?? 0);
  into[STAT_BLOCKS] = words[6] ?? 0n;
  into[STAT_RDEV] = deviceNumber(halves[32] ?? 0, halves[33] ?? 0);
  into[STAT_DEV] = deviceNumber(halves[34] ?? 0, halves[35] ?? 0);
}

/** As the C library packs it. */
function deviceNumber(major: number, minor: number): bigint {
  const low = BigInt((((major & 0xfff) << 8) | (minor & 0xff)) >>> 0);
  return low | (BigInt(minor >>> 8) << 20n) | (BigInt(major >>> 12) << 44n);
}
