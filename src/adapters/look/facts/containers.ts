import { byteString } from '../../../base/bytes.ts';
import type { ContainerVolume } from '../../../watch/core/look/host-sight.ts';
import { joinPath } from '../../discovery/world.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

const RUNTIMES = [
  { runtime: 'docker', folder: byteString('/var/lib/docker/volumes') },
  { runtime: 'podman', folder: byteString('/var/lib/containers/storage/volumes') },
] as const;
const LXC = byteString('/var/lib/lxc');

/** What containers keep outside themselves, and the roots of those that are machines. */
export function containerVolumesOf(told: Told): readonly ContainerVolume[] {
  const found = new Map<string, ContainerVolume>();
  for (const { runtime, folder } of RUNTIMES) {
    for (const volume of mountsOf(told, runtime)) found.set(`${runtime} ${volume.path}`, volume);
    for (const { name, type } of told.world.list(folder) ?? []) {
      const path = joinPath(joinPath(folder, name), '_data');
      const id = `${runtime} ${path}`;
      if (type === 'directory' && !found.has(id)) {
        found.set(id, { runtime, container: undefined, path });
      }
    }
  }
  for (const { name, type } of told.world.list(LXC) ?? []) {
    if (type !== 'directory') continue;
    const config = told.world.read(byteString(`${LXC}/${name}/config`)) ?? '';
    const set = /^lxc\.rootfs(?:\.path)?\s*=\s*(?:dir:)?(\/\S+)/m.exec(config)?.[1];
    const path = byteString(set ?? `${LXC}/${name}/rootfs`);
    found.set(`lxc ${path}`, { runtime: 'lxc', container: wordsOf(name), path });
  }
  return [...found.values()];
}

/** `NAME<tab>TYPE:PATH<tab>TYPE:PATH`, one container a line. */
function mountsOf(told: Told, runtime: 'docker' | 'podman'): readonly ContainerVolume[] {
  return linesOf(told.printed(`${runtime} mounts`)).flatMap((line) => {
    const [name = '', ...mounts] = line.split('\t');
    return mounts.flatMap((mount) => {
      const path = /^(?:bind|volume):(\/.+)$/.exec(mount.trim())?.[1];
      // What a container sees of its host (a socket, /proc) is no data of its own.
      if (
        path === undefined ||
        /^\/(?:proc|sys|dev|run|var\/run|etc\/localtime)(?:\/|$)/.test(path)
      )
        return [];
      return { runtime, container: wordsOf(name.replace(/^\//, '')), path: byteString(path) };
    });
  });
}
