/**
 * Extended attributes, POSIX ACLs (`system.posix_acl_access`, `system.posix_acl_default`) and file
 * capabilities (`security.capability`): all are attributes to the kernel, names and values bytes.
 *
 * By descriptor where the file is open; `At` by path, never following a last symbolic link, for
 * links, FIFOs, sockets and devices, which must not be opened (and for O_PATH descriptors, where
 * the kernel answers EBADF). `trusted.*` is listed for root only. chown drops
 * `security.capability`, and chmod rewrites the ACL: set owner, mode, attributes in this order.
 */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Answer } from './syscalls.ts';
import {
  doneOr,
  ENOSYS,
  ERANGE,
  failedNow,
  failedWith,
  misfit,
  type Native,
  NativeString,
  native,
  processFunction,
} from './syscalls.ts';

/** XATTR_LIST_MAX and XATTR_SIZE_MAX. */
const SIZE_MAX = 65_536;
/** First try. The kernel allocates what it is told the buffer holds; more costs 0.5 us a call. */
const SIZE_USUAL = 4096;

const path = new NativeString();
const name = new NativeString();
const scratch = Buffer.alloc(SIZE_MAX);
const NONE: Answer<readonly ByteString[]> = { ok: true, value: [] };

type Fill = (size: number) => number | bigint;

/** Names, sorted by bytes: file systems list them in any order. */
export function listXattrs(fd: number): Answer<readonly ByteString[]> {
  const flistxattr = native('flistxattr');
  // Nearly every file has none: this one call is the whole cost then.
  const size = Number(flistxattr(fd, scratch, SIZE_USUAL));
  if (size === 0) return NONE;
  return namesFilled(size, (sizeMax) => flistxattr(fd, scratch, sizeMax));
}

/** As `listXattrs`, of `file` itself even where it is a symbolic link. */
export function listXattrsAt(file: ByteString): Answer<readonly ByteString[]> {
  const at = path.of(file);
  if (at === undefined) return misfit(file);
  const llistxattr = native('llistxattr');
  const size = Number(llistxattr(at, scratch, SIZE_USUAL));
  if (size === 0) return NONE;
  return namesFilled(size, (sizeMax) => llistxattr(at, scratch, sizeMax));
}

/**
 * As `listXattrs`, of a name in an open directory: 1.4 us, where the way through /proc/self/fd costs 4.
 * Linux has it since 6.13; ENOSYS before, and where koffi is missing.
 */
export function listXattrsIn(directoryFd: number, file: ByteString): Answer<readonly ByteString[]> {
  const call = listxattrat();
  if (call === undefined) return failedWith(ENOSYS);
  const at = path.of(file);
  if (at === undefined) return misfit(file);
  const list: Fill = (sizeMax) =>
    call(LISTXATTRAT, directoryFd, at, AT_SYMLINK_NOFOLLOW, scratch, sizeMax);
  const size = Number(list(SIZE_USUAL));
  if (size === 0) return NONE;
  const found = namesFilled(size, list);
  // What filters system calls may say EPERM of one that it does not know.
  if (!found.ok && ABSENT.has(found.error.code)) isListxattratAbsent = true;
  return found;
}

/** The same number on every architecture. */
const LISTXATTRAT = 465;
const AT_SYMLINK_NOFOLLOW = 0x100;
const ABSENT: ReadonlySet<string> = new Set(['ENOSYS', 'EPERM']);
let isListxattratAbsent = false;
let bound: Native | undefined;

function listxattrat(): Native | undefined {
  if (isListxattratAbsent) return undefined;
  bound ??= processFunction('syscall', [
    'int64_t',
    ['int64_t', 'int64_t', 'const void *', 'int64_t', 'void *', 'int64_t'],
  ]);
  isListxattratAbsent = bound === undefined;
  return bound;
}

/** ENODATA where the file has no such attribute. The bytes are the caller's own. */
export function getXattr(fd: number, attribute: ByteString): Answer<Uint8Array> {
  const named = name.of(attribute);
  if (named === undefined) return misfit(attribute);
  const fgetxattr = native('fgetxattr');
  return valueFilled((sizeMax) => fgetxattr(fd, named, scratch, sizeMax));
}

export function getXattrAt(of: {
  readonly path: ByteString;
  readonly name: ByteString;
}): Answer<Uint8Array> {
  const at = path.of(of.path);
  if (at === undefined) return misfit(of.path);
  const named = name.of(of.name);
  if (named === undefined) return misfit(of.name);
  const lgetxattr = native('lgetxattr');
  return valueFilled((sizeMax) => lgetxattr(at, named, scratch, sizeMax));
}

/** Makes or replaces. An empty value is a value. */
export function setXattr(fd: number, attribute: ByteString, value: Uint8Array): Answer<undefined> {
  const named = name.of(attribute);
  if (named === undefined) return misfit(attribute);
  return doneOr(native('fsetxattr')(fd, named, value, value.length, 0));
}

export function setXattrAt(of: {
  readonly path: ByteString;
  readonly name: ByteString;
  readonly value: Uint8Array;
}): Answer<undefined> {
  const at = path.of(of.path);
  if (at === undefined) return misfit(of.path);
  const named = name.of(of.name);
  if (named === undefined) return misfit(of.name);
  return doneOr(native('lsetxattr')(at, named, of.value, of.value.length, 0));
}

export function removeXattr(fd: number, attribute: ByteString): Answer<undefined> {
  const named = name.of(attribute);
  if (named === undefined) return misfit(attribute);
  return doneOr(native('fremovexattr')(fd, named));
}

export function removeXattrAt(of: {
  readonly path: ByteString;
  readonly name: ByteString;
}): Answer<undefined> {
  const at = path.of(of.path);
  if (at === undefined) return misfit(of.path);
  const named = name.of(of.name);
  if (named === undefined) return misfit(of.name);
  return doneOr(native('lremovexattr')(at, named));
}

function namesFilled(firstSize: number, list: Fill): Answer<readonly ByteString[]> {
  const size = sizeFilled(firstSize, list);
  if (!size.ok) return size;
  if (size.value === 0) return NONE;
  const names = scratch.toString('latin1', 0, size.value).split('\0');
  names.pop(); // Each name ends in NUL, so the last part is empty.
  return { ok: true, value: names.sort().map(byteString) };
}

function valueFilled(fill: Fill): Answer<Uint8Array> {
  const size = sizeFilled(Number(fill(SIZE_USUAL)), fill);
  if (!size.ok) return size;
  return { ok: true, value: new Uint8Array(scratch.subarray(0, size.value)) };
}

/** Tries once more with all the room there can be when the usual room was too small. */
function sizeFilled(firstSize: number, fill: Fill): Answer<number> {
  if (firstSize >= 0) return { ok: true, value: firstSize };
  const failure = failedNow();
  if (failure.error.errno !== ERANGE) return failure;
  const size = Number(fill(SIZE_MAX));
  return size >= 0 ? { ok: true, value: size } : failedNow();
}
