import type { ByteString } from '../../base/bytes.ts';
import type { FaultCode } from '../../base/fault.ts';
import { Fault } from '../../base/fault.ts';

const CODE_OF_ERRNO: ReadonlyMap<string, FaultCode> = new Map([
  ['ENOENT', 'HF_DISK_ABSENT'],
  ['ENOTDIR', 'HF_DISK_ABSENT'],
  ['EACCES', 'HF_DISK_DENIED'],
  ['EPERM', 'HF_DISK_DENIED'],
  ['EROFS', 'HF_DISK_DENIED'],
  ['ENOSPC', 'HF_DISK_FULL'],
  ['EDQUOT', 'HF_DISK_FULL'],
]);

/** Runs a call of node:fs; what the system refuses becomes a Fault, a bug stays what it is. */
export function onDisk<T>(path: ByteString, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === undefined) throw cause;
    throw diskFault(path, errno, cause);
  }
}

/** As `onDisk`, and undefined where nothing is there. */
export function ifThere<T>(path: ByteString, act: () => T): T | undefined {
  try {
    return act();
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    if (errno === undefined) throw cause;
    throw diskFault(path, errno, cause);
  }
}

export function diskFault(path: ByteString, errno: string, cause: unknown): Fault {
  const code = CODE_OF_ERRNO.get(errno) ?? 'HF_DISK_FAILED';
  // `path` is bytes; people see them as UTF-8.
  const shown = Buffer.from(path, 'latin1').toString();
  return new Fault(code, `${shown}: ${errno}`, { path: shown, errno }, { cause });
}

/** The system's name of the error (`ENOENT`); undefined where it was no answer of the system. */
export function errnoOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause) || !('errno' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
