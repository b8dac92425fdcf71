/** Times to the nanosecond; node:fs takes doubles, which lose them. */
import type { ByteString } from '../../base/bytes.ts';
import type { Answer } from './syscalls.ts';
import { AT_FDCWD, doneOr, EINVAL, failedWith, misfit, NativeString, native } from './syscalls.ts';

/** Nanoseconds since 1970, negative before. Left out: stays as it is. */
export interface Times {
  readonly atimeNs?: bigint;
  readonly mtimeNs?: bigint;
}

const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = 0x3ffffffen;
const NS_PER_SECOND = 1_000_000_000n;
const SECONDS_MAX = 2n ** 63n - 1n;

const path = new NativeString();
/** struct timespec[2]: seconds and nanoseconds of access, then of modification. */
const timespecs = new BigInt64Array(4);

/**
 * File systems round and clamp in silence (ext4 ends in 2446, old ext4 and XFS in 2038, NFS and
 * FAT are coarser): who must be sure looks again with lstat.
 */
export function setTimesNs(fd: number, times: Times): Answer<undefined> {
  if (!write(times)) return failedWith(EINVAL);
  return doneOr(native('futimens')(fd, timespecs));
}

/** As `setTimesNs`, of `file` itself even where it is a symbolic link. */
export function setTimesAtNs(file: ByteString, times: Times): Answer<undefined> {
  const at = path.of(file);
  if (at === undefined) return misfit(file);
  if (!write(times)) return failedWith(EINVAL);
  return doneOr(native('utimensat')(AT_FDCWD, at, timespecs, AT_SYMLINK_NOFOLLOW));
}

function write(times: Times): boolean {
  return writeOne(0, times.atimeNs) && writeOne(2, times.mtimeNs);
}

/** False for what 64 bits of seconds cannot hold: stored it would silently be another time. */
function writeOne(at: 0 | 2, ns: bigint | undefined): boolean {
  if (ns === undefined) {
    timespecs[at] = 0n;
    timespecs[at + 1] = UTIME_OMIT;
    return true;
  }
  // Nanoseconds count forward from the second, also before 1970: -1 ns is second -1, 999999999.
  let seconds = ns / NS_PER_SECOND;
  let rest = ns % NS_PER_SECOND;
  if (rest < 0n) {
    seconds -= 1n;
    rest += NS_PER_SECOND;
  }
  if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX) return false;
  timespecs[at] = seconds;
  timespecs[at + 1] = rest;
  return true;
}
