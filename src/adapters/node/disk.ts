/**
 * The Disk port over node:fs. What is synced here, and in which order, is listed in
 * docs/design/003-disk-and-store.md; the simulated disk (sim/disk.ts) keeps the same promises.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import type { Disk, DiskReader, SizedName } from '../../host/disk.ts';
import { createFile } from './disk-file.ts';
import { makeDurableDir } from './disk-make-dir.ts';
import { linkFile, publishFile } from './disk-publish.ts';
import { diskFault, errnoOf, ifThere, onDisk } from './errno.ts';
import { fsPath } from './syscalls-path.ts';
import { fileSizeAt } from './syscalls-stat.ts';

const DIR_MODE = 0o700;
/** What somebody put there in place of a file, as a FIFO, is not waited for. */
const FOR_READING = constants.O_RDONLY | constants.O_NONBLOCK;
/** Of one call; the kernel takes no more than 2 GiB at once. */
const READ_SIZE_MAX = 64 * MIB;

export function nodeDisk(): Disk {
  return {
    read,
    openRead,
    size,
    list,
    listSizes,
    makeDir,
    create: createFile,
    publish: publishFile,
    link: linkFile,
    move: (from, to) => onDisk(from, () => renameSync(fsPath(from), fsPath(to))),
    unlink: (path) => onDisk(path, () => unlinkSync(fsPath(path))),
    removeDir: (path) => onDisk(path, () => rmdirSync(fsPath(path))),
    syncDir,
    space,
  };
}

function read(path: ByteString, range?: { offset: number; length: number }): Uint8Array {
  return onDisk(path, () => {
    const fd = openSync(fsPath(path), FOR_READING);
    try {
      const there = fstatSync(fd).size;
      const offset = Math.min(range?.offset ?? 0, there);
      const bytes = unzeroed(Math.min(range?.length ?? there, there - offset));
      return bytes.subarray(0, readFully(fd, bytes, offset));
    } finally {
      closeSync(fd);
    }
  });
}

/** Every byte is read into it, or cut off. */
function unzeroed(sizeBytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer, 0, sizeBytes);
}

function openRead(path: ByteString): DiskReader {
  return onDisk(path, () => {
    const fd = openSync(fsPath(path), FOR_READING);
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      closeSync(fd);
      throw diskFault(path, stat.isDirectory() ? 'EISDIR' : 'EINVAL', undefined);
    }
    return {
      sizeBytes: stat.size,
      read: (into, position) => onDisk(path, () => readFully(fd, into, position)),
      close: () => onDisk(path, () => closeSync(fd)),
    };
  });
}

/** Until `into` is full or the file ends: a signal may cut any single read short. */
function readFully(fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const length = Math.min(into.length - done, READ_SIZE_MAX);
    const count = readSync(fd, into, done, length, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function size(path: ByteString): number | undefined {
  return ifThere(path, () => {
    const stat = statSync(fsPath(path), { throwIfNoEntry: false });
    return stat?.isFile() === true ? stat.size : undefined;
  });
}

function list(path: ByteString): readonly ByteString[] | undefined {
  // As latin1 each byte is one character, and the order of characters is that of bytes.
  return ifThere(path, () =>
    readdirSync(fsPath(path), { encoding: 'latin1' }).map(byteString).sort(byBytes),
  );
}

/** With fewer, loading koffi takes longer than it spares. */
const NATIVE_COUNT_MIN = 4000;

function listSizes(path: ByteString): readonly SizedName[] | undefined {
  const names = list(path);
  if (names === undefined || names.length < NATIVE_COUNT_MIN) {
    return names?.map((name) => ({ name, sizeBytes: undefined }));
  }
  return ifThere(path, () => {
    const fd = openDir(path);
    try {
      return names.map((name) => ({ name, sizeBytes: fileSizeAt(fd, name) }));
    } finally {
      closeSync(fd);
    }
  });
}

function byBytes(a: ByteString, b: ByteString): number {
  return a < b ? -1 : Number(a > b);
}

function makeDir(path: ByteString): void {
  makeDurableDir({ isDir, makeOne, syncDir, syncFound }, path);
}

function isDir(path: ByteString): boolean {
  return ifThere(path, () => statSync(fsPath(path)).isDirectory()) === true;
}

function makeOne(path: ByteString): void {
  onDisk(path, () => {
    try {
      mkdirSync(fsPath(path), { mode: DIR_MODE });
    } catch (cause) {
      // Another process was faster.
      if (errnoOf(cause) !== 'EEXIST' || !isDir(path)) throw cause;
    }
  });
}

function syncFound(path: ByteString): void {
  onDisk(path, () => {
    try {
      syncFd(openDir(path));
    } catch (cause) {
      // What may not be read was made by somebody who does not need us to sync it.
      if (errnoOf(cause) !== 'EACCES') throw cause;
    }
  });
}

function syncDir(path: ByteString): void {
  onDisk(path, () => syncFd(openDir(path)));
}

function openDir(path: ByteString): number {
  return openSync(fsPath(path), constants.O_RDONLY | constants.O_DIRECTORY);
}

function syncFd(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (cause) {
    // A file system without such a call has nothing that waits (network file systems).
    if (errnoOf(cause) !== 'EINVAL') throw cause;
  } finally {
    closeSync(fd);
  }
}

function space(path: ByteString): { freeBytes: number; totalBytes: number } {
  const stat = onDisk(path, () => statfsSync(fsPath(path)));
  return { freeBytes: stat.bavail * stat.bsize, totalBytes: stat.blocks * stat.bsize };
}
