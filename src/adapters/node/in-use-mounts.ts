/** Which mount holds a path, and what that means for who can be seen using it. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { mountTable } from './mount-table.ts';

export interface MountPlace {
  readonly at: ByteString;
  /** The device that the kernel names in /proc/locks; stat names another one on btrfs. */
  readonly device: bigint;
  /** Another machine or process answers for it, perhaps never. */
  readonly isRemote: boolean;
  /** Other machines may have it mounted and write to it. */
  readonly isShared: boolean;
}

/** File systems of another machine or of several at once, that do not count as remote. */
const SHARED = /^(?:virtiofs|gfs2|ocfs2)$/;

export class MountPlaces {
  readonly #places = new Map<string, MountPlace>();

  constructor(mountinfo: string) {
    const table = mountTable(mountinfo);
    for (const line of mountinfo.split('\n')) {
      const fields = line.split(' ');
      const [major, minor] = (fields[2] ?? '').split(':');
      const at = fields[4] === undefined ? undefined : unescaped(fields[4]);
      const mount = at === undefined ? undefined : table.get(at);
      if (at === undefined || mount === undefined) continue;
      this.#places.set(at, {
        at,
        device: deviceNumber({ major: Number(major), minor: Number(minor) }),
        isRemote: mount.isRemote,
        isShared: mount.isRemote || SHARED.test(mount.fsType),
      });
    }
  }

  holding(path: ByteString): MountPlace | undefined {
    for (let place: string = path; ; place = place.slice(0, place.lastIndexOf('/'))) {
      const mount = this.#places.get(place === '' ? '/' : place);
      if (mount !== undefined || place === '') return mount;
    }
  }

  /** Of all mounts below these directories, and of those that hold them. */
  devicesOf(dirs: readonly ByteString[]): ReadonlySet<bigint> {
    const devices = new Set<bigint>();
    for (const dir of dirs) {
      const holding = this.holding(dir);
      if (holding !== undefined) devices.add(holding.device);
      for (const { at, device } of this.#places.values()) {
        if (dir === '/' || at.startsWith(`${dir}/`)) devices.add(device);
      }
    }
    return devices;
  }
}

/** As stat of the C library packs it. */
export function deviceNumber(of: { readonly major: number; readonly minor: number }): bigint {
  const major = BigInt(of.major);
  const minor = BigInt(of.minor);
  return (
    ((major & 0xfffn) << 8n) | (minor & 0xffn) | ((minor & ~0xffn) << 12n) | ((major >> 12n) << 44n)
  );
}

function unescaped(place: string): ByteString {
  return byteString(
    place.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
  );
}
