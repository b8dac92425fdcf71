export interface MountHere {
  readonly mountPoint: string;
  readonly type: string;
  readonly class: string;
  /** `major:minor`: a file system that is seen at several places is one. */
  readonly number: string | undefined;
}

/** The mounts whose space and state are looked at where nothing is configured: one of each device. */
export function mountsToWatch(mounts: readonly MountHere[]): readonly MountHere[] {
  const byDevice = new Map<string, MountHere>();
  for (const mount of mounts) {
    if (!isWatched(mount)) continue;
    const id = mount.number ?? mount.mountPoint;
    const known = byDevice.get(id);
    if (known === undefined || mount.mountPoint.length < known.mountPoint.length) {
      byDevice.set(id, mount);
    }
  }
  return [...byDevice.values()];
}

/** Layers of containers come and go, and lie on what is watched already. */
function isWatched({ class: kind, type, mountPoint }: MountHere): boolean {
  if (kind === 'overlay') return mountPoint === '/';
  if (kind === 'memory') return /^\/(?:tmp|run|var\/tmp)$/.test(mountPoint);
  // Whoever mounts for himself lets nobody else look, root included.
  if (kind === 'fuse' && mountPoint.startsWith('/run/user/')) return false;
  if (kind === 'fuse') {
    return !/^fuse\.(?:portal|gvfsd-fuse|lxcfs|snapfuse)$/.test(type) && type !== 'autofs';
  }
  return kind === 'local' || kind === 'network';
}
