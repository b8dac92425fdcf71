import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import type { DiskFile } from '../../host/disk.ts';
import { directSize } from './aligned-buffer.ts';
import { errnoOf, onDisk } from './errno.ts';
import { fsPath } from './syscalls-path.ts';

const FILE_MODE = 0o600;
/** Of one call; the kernel takes no more than 2 GiB at once. */
const WRITE_SIZE_MAX = 256 * MIB;

/**
 * A new file. Large shared buffers go past the page cache by a second descriptor of the same file,
 * which spares a copy and the user's cache (first backup: 7.1 s against 10.7, research/speed.md);
 * the unaligned end, and all that the file system does not take so, goes through the first. One
 * `sync` covers both: it is a matter of the file, not of the descriptor.
 */
export function createFile(path: ByteString): DiskFile {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const fd = onDisk(path, () => openSync(fsPath(path), O_WRONLY | O_CREAT | O_EXCL, FILE_MODE));
  let directFd: number | undefined;
  let isDirectRefused = false;
  let position = 0;

  const openDirect = (): number | undefined => {
    directFd ??= openIfTaken(path);
    isDirectRefused = directFd === undefined;
    return directFd;
  };

  const writeDirect = (bytes: Uint8Array): void => {
    const length = isDirectRefused ? 0 : directSize(bytes, position);
    const through = length > 0 ? openDirect() : undefined;
    if (through === undefined) return;
    try {
      position += writeFully(through, bytes.subarray(0, length), position);
    } catch (cause) {
      if (errnoOf(cause) !== 'EINVAL') throw cause;
      isDirectRefused = true; // `position` stands where it was: all is written through the cache.
    }
  };

  return {
    write(bytes: Uint8Array): void {
      onDisk(path, () => {
        const start = position;
        writeDirect(bytes);
        position += writeFully(fd, bytes.subarray(position - start), position);
      });
    },
    sync: () => onDisk(path, () => fsyncSync(fd)),
    close(): void {
      onDisk(path, () => {
        if (directFd !== undefined) closeSync(directFd);
        closeSync(fd);
      });
    },
  };
}

/** Undefined where the file system knows no O_DIRECT. */
function openIfTaken(path: ByteString): number | undefined {
  try {
    return openSync(fsPath(path), constants.O_WRONLY | constants.O_DIRECT);
  } catch (cause) {
    if (errnoOf(cause) === 'EINVAL') return undefined;
    throw cause;
  }
}

/** A write may be cut short, by a signal or because the disk is nearly full. */
function writeFully(fd: number, bytes: Uint8Array, position: number): number {
  let done = 0;
  while (done < bytes.length) {
    const length = Math.min(bytes.length - done, WRITE_SIZE_MAX);
    done += writeSync(fd, bytes, done, length, position + done);
  }
  return done;
}
