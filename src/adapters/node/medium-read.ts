/** Whole files read past the page cache: a read out of memory proves no medium. docs/format/scrub-ledger.md. */
import { closeSync, constants, fstatSync, openSync, readSync, statfsSync, statSync } from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { GIB, MIB } from '../../base/units.ts';
import { alignedBuffer, DIRECT_ALIGNMENT } from './aligned-buffer.ts';
import { diskFault, errnoOf, onDisk } from './errno.ts';
import { dropCached } from './syscalls-extents.ts';
import { fsPath } from './syscalls-path.ts';

/**
 * File systems on which O_DIRECT goes to the device. Not ZFS, which has a cache of its own, and
 * nothing that hands the question on: overlay, FUSE, NFS, SMB, 9p; nor tmpfs, which has no medium.
 */
const ON_A_MEDIUM: ReadonlySet<number> = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0xca451a4e],
]);
/** Of one call. */
const READ_SIZE_MAX = 64 * MIB;
const ROOM_SIZE_MIN = 64 * MIB;
const FILE_SIZE_MAX = GIB;
const FOR_READING = constants.O_RDONLY | constants.O_NONBLOCK;

export interface WholeRead {
  /** Good until the next file is read. */
  readonly bytes: Uint8Array;
  /** Each byte came from the device, as far as this machine can see. */
  readonly isFromMedium: boolean;
}

/** One for each thread: its memory is used again. @returns undefined of a file that is too large for it */
export function mediumReader(): (path: ByteString) => WholeRead | undefined {
  let room: Uint8Array = new Uint8Array(0);
  /** One block more than the file has: by O_DIRECT its end is seen only so. */
  const roomFor = (sizeBytes: number): Uint8Array => {
    const wanted = (Math.floor(sizeBytes / DIRECT_ALIGNMENT) + 1) * DIRECT_ALIGNMENT;
    if (room.length < wanted) room = alignedBuffer(Math.max(ROOM_SIZE_MIN, wanted));
    return room.subarray(0, wanted);
  };
  return (path) =>
    onDisk(path, () => {
      const fd = openSync(fsPath(path), FOR_READING);
      try {
        const { size, isFile } = sizeOf(fd);
        if (!isFile) throw diskFault(path, 'EINVAL', undefined);
        if (size > FILE_SIZE_MAX) return undefined;
        const into = roomFor(size);
        dropCached(fd); // Where that is not to be had, O_DIRECT alone does it.
        if (readDirect(path, into) === size) {
          const { type } = statfsSync(fsPath(path));
          return { bytes: into.subarray(0, size), isFromMedium: ON_A_MEDIUM.has(type) };
        }
        const bytes = into.subarray(0, readFully(fd, into.subarray(0, size)));
        return { bytes, isFromMedium: false };
      } finally {
        closeSync(fd);
      }
    });
}

function sizeOf(fd: number): { readonly size: number; readonly isFile: boolean } {
  const stat = fstatSync(fd);
  return { size: stat.size, isFile: stat.isFile() };
}

/** @returns undefined where the file system does not take it so */
function readDirect(path: ByteString, into: Uint8Array): number | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(fsPath(path), FOR_READING | constants.O_DIRECT);
    return readFully(fd, into, DIRECT_ALIGNMENT);
  } catch (cause) {
    if (errnoOf(cause) === 'EINVAL') return undefined;
    throw cause;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Until `into` is full or the file ends. @param block what is read is whole such blocks, but at the end */
function readFully(fd: number, into: Uint8Array, block = 1): number {
  let done = 0;
  while (done < into.length) {
    const length = Math.min(into.length - done, READ_SIZE_MAX);
    const count = readSync(fd, into, done, length, done);
    done += count;
    if (count === 0 || done % block !== 0) break;
  }
  return done;
}

/** What tells one medium at a place from another: a copy that is put there is another directory. */
export function mediumAt(directory: ByteString): string {
  return onDisk(directory, () => {
    const { ino, birthtimeNs } = statSync(fsPath(directory), { bigint: true });
    return `${ino}.${birthtimeNs}`;
  });
}
