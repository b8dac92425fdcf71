/** Small file systems of the kernel, for who is root. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const SMALL_MIB = 24;
const LARGE_MIB = 160;

export interface SmallDisk {
  /** Makes a small file system and mounts it at `at`. */
  readonly make: (at: string, scratch: string) => void;
  readonly grow: (at: string) => void;
  readonly remove: (at: string) => void;
}

function quietly(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export const TMPFS: SmallDisk = {
  make: (at) => quietly('mount', '-t', 'tmpfs', '-o', `size=${SMALL_MIB}m`, 'tmpfs', at),
  grow: (at) => quietly('mount', '-o', `remount,size=${LARGE_MIB}m`, at),
  remove: (at) => quietly('umount', at),
};

export const EXT4: SmallDisk = {
  make(at, scratch) {
    const image = path.join(scratch, 'image');
    fs.writeFileSync(image, '');
    fs.truncateSync(image, LARGE_MIB << 20);
    quietly('mkfs.ext4', '-q', '-m', '0', image);
    quietly('mount', '-o', 'loop', image, at);
    // What takes the room is somebody else's, and goes away later.
    quietly('fallocate', '-l', `${LARGE_MIB - SMALL_MIB - 16}M`, path.join(at, 'others'));
  },
  grow: (at) => fs.unlinkSync(path.join(at, 'others')),
  remove: (at) => quietly('umount', at),
};
