/** Names and nodes: renames that never overwrite, and files that are neither data nor directory. */
import type { ByteString } from '../../base/bytes.ts';
import type { Answer } from './syscalls.ts';
import {
  AT_FDCWD,
  doneOr,
  EINVAL,
  ENOSYS,
  failedWith,
  misfit,
  NativeString,
  native,
  syscallNumbers,
} from './syscalls.ts';

const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;
/** The kernel takes 32 bits: 12 of major, 20 of minor. */
const DEVICE_MAX = 0xffff_ffff;

const from = new NativeString();
const to = new NativeString();

/** Paths, or names in open directories. */
export interface Renaming {
  readonly from: ByteString;
  readonly to: ByteString;
  readonly fromDir?: number;
  readonly toDir?: number;
}

/** EEXIST where `to` is taken; EINVAL where the file system cannot promise that (some FUSE, NFS). */
export function renameNoReplace(names: Renaming): Answer<undefined> {
  return rename(names, RENAME_NOREPLACE);
}

/** Swaps two existing names in one step; ENOENT where either is missing. */
export function renameExchange(names: Renaming): Answer<undefined> {
  return rename(names, RENAME_EXCHANGE);
}

/**
 * Makes a FIFO, socket, character or block device. The umask applies: chmod afterwards.
 *
 * @param node.mode type and permissions, as `st_mode` has them
 * @param node.device `st_rdev`; 0 for FIFOs and sockets. Devices need CAP_MKNOD: EPERM without
 */
export function makeNode(node: {
  readonly path: ByteString;
  readonly mode: number;
  readonly device: number;
}): Answer<undefined> {
  const numbers = syscallNumbers();
  if (numbers === undefined) return failedWith(ENOSYS);
  const at = to.of(node.path);
  if (at === undefined) return misfit(node.path);
  if (node.device < 0 || node.device > DEVICE_MAX) return failedWith(EINVAL);
  return doneOr(native('syscall')(numbers.mknodat, AT_FDCWD, at, node.mode, node.device));
}

function rename(names: Renaming, flags: number): Answer<undefined> {
  const old = from.of(names.from);
  if (old === undefined) return misfit(names.from);
  const fresh = to.of(names.to);
  if (fresh === undefined) return misfit(names.to);
  const { fromDir = AT_FDCWD, toDir = AT_FDCWD } = names;
  return doneOr(native('renameat2')(fromDir, old, toDir, fresh, flags));
}
