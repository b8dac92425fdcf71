import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isMirrorThere } from './debian-mirror.ts';

/** What the machine under the tests must allow. No package brings it, so its absence is no fault. */
export interface Feature {
  readonly name: string;
  readonly purpose: string;
  /** Tries it, leaving nothing behind. */
  readonly isThere: () => boolean;
}

const succeeds = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;

/** In a mount namespace of its own, so that nothing is seen outside and all of it ends with it. */
const inOwnMounts = (script: string): boolean =>
  succeeds('unshare', '--mount', '--propagation', 'private', 'sh', '-euc', script);

const SCRATCH = 'd=$(mktemp -d); trap \'umount "$d" 2>/dev/null || true; rm -rf "$d"\' EXIT; ';

function hasFileSystem(name: string): boolean {
  if (new RegExp(`\\b${name}$`, 'm').test(fs.readFileSync('/proc/filesystems', 'utf8')))
    return true;
  return succeeds('modprobe', '--dry-run', name);
}

function hasLoop(): boolean {
  const image = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'loop-')), 'image');
  try {
    fs.writeFileSync(image, new Uint8Array(1 << 20));
    const attached = spawnSync('losetup', ['--find', '--show', image], { encoding: 'utf8' });
    if (attached.status !== 0) return false;
    return succeeds('losetup', '--detach', attached.stdout.trim());
  } finally {
    fs.rmSync(path.dirname(image), { recursive: true });
  }
}

function hasFuse(): boolean {
  try {
    fs.closeSync(fs.openSync('/dev/fuse', 'r+'));
    return true;
  } catch {
    return false; // Absent, or forbidden by the container.
  }
}

export const FEATURES = [
  {
    name: 'root',
    purpose: 'owners, device nodes, mounts',
    isThere: () => process.getuid?.() === 0,
  },
  {
    name: 'mount',
    purpose: 'full disks and mount points',
    isThere: () => inOwnMounts(`${SCRATCH} mount -t tmpfs none "$d"`),
  },
  { name: 'loop', purpose: 'images as block devices', isThere: hasLoop },
  { name: 'fuse', purpose: 'a mount that hangs', isThere: hasFuse },
  {
    name: 'overlay',
    purpose: 'a tree below another',
    isThere: () =>
      inOwnMounts(
        `${SCRATCH} mount -t tmpfs none "$d"; mkdir "$d/l" "$d/u" "$d/w" "$d/m"; ` +
          `mount -t overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w" none "$d/m"; umount "$d/m"`,
      ),
  },
  {
    name: 'netns',
    purpose: 'a network of its own for a server',
    isThere: () => succeeds('unshare', '--net', 'ip', 'link', 'add', 'type', 'veth'),
  },
  { name: 'debian-mirror', purpose: 'a bare Debian to rescue in', isThere: isMirrorThere },
  { name: 'btrfs', purpose: 'subvolumes', isThere: () => hasFileSystem('btrfs') },
  { name: 'xfs', purpose: 'fidelity on XFS', isThere: () => hasFileSystem('xfs') },
] as const satisfies readonly Feature[];

/** What the kernels of our tests do not have: its tools are played from what their manuals print. */
export const RECORDED = [
  { name: 'lvm', purpose: 'snapshots of volumes: src/adapters/fs-snapshot/lvm-zfs.test.ts' },
  { name: 'zfs', purpose: 'snapshots of datasets: src/adapters/fs-snapshot/lvm-zfs.test.ts' },
] as const;

export type FeatureName = (typeof FEATURES)[number]['name'];
