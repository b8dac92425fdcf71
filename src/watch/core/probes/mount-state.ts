import { type Found, found, quoted } from './found.ts';

export interface MountSeen {
  /** Of the mount, and of the file system behind it: the kernel makes only the latter read-only. */
  readonly isMountReadOnly: boolean;
  readonly isSuperReadOnly: boolean;
  readonly hasErrorFlag: boolean;
  readonly type: string;
  readonly device: string;
}

/** The mount that is seen at `mountPoint`: the last one there covers the others. */
export function mountIn(mountinfo: string, mountPoint: string): MountSeen | undefined {
  let seen: MountSeen | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , , place, options = ''] = left.split(' ');
    const [type = '', device = '', superOptions = ''] = right.split(' ');
    if (place === undefined || type === '' || unescaped(place) !== mountPoint) continue;
    const [of, behind] = [options.split(','), superOptions.split(',')];
    seen = {
      isMountReadOnly: of.includes('ro'),
      isSuperReadOnly: behind.includes('ro'),
      hasErrorFlag: behind.some((word) => /^(?:emergency_ro|shutdown)$/.test(word)),
      type,
      device: unescaped(device),
    };
  }
  return seen;
}

/** The kernel writes space, tab, newline and backslash as `\040` and the like. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
  );
}

export interface FstabLine {
  readonly mountPoint: string;
  readonly type: string;
  readonly isReadOnly: boolean;
  /** Mounted when the machine starts. */
  readonly isAutomatic: boolean;
}

/** Lines of /etc/fstab that mount something. */
export function fstabLines(text: string): readonly FstabLine[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', place = '', type = '', options = ''] = line.trim().split(/\s+/);
    if (device === '' || device.startsWith('#') || !place.startsWith('/')) return [];
    if (type === 'swap' || type === 'proc') return [];
    const words = options.split(',');
    const isAutomatic = !words.includes('noauto') && !words.includes('x-systemd.automount');
    return {
      mountPoint: unescaped(place),
      type,
      isReadOnly: words.includes('ro'),
      isAutomatic,
    };
  });
}

export interface MountWanted {
  /** It was writable when it was seen first, or /etc/fstab wants it so. */
  readonly isWritable: boolean;
}

/** Whether it is mounted, and as it should be. */
export function judgeMount(seen: MountSeen | undefined, wanted: MountWanted): Found {
  if (seen === undefined) return found('broken', 'nothing is mounted there');
  const what = `${seen.type} of ${quoted(seen.device, 80)}`;
  const isReadOnly = seen.isMountReadOnly || seen.isSuperReadOnly;
  const detail = { isReadOnly, type: seen.type, device: quoted(seen.device) };
  if (seen.hasErrorFlag) {
    return found('broken', `the kernel shut ${what} down after an error`, detail);
  }
  if (seen.isSuperReadOnly && !seen.isMountReadOnly) {
    const why = `the kernel made ${what} read-only, as it does after an error`;
    return found('broken', why, detail);
  }
  if (isReadOnly && wanted.isWritable) {
    return found('broken', `${what} is read-only, and should be writable`, detail);
  }
  const how = isReadOnly ? 'read-only, as it should be' : 'writable';
  return found('healthy', `${what} is mounted, ${how}`, detail);
}
