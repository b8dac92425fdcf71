/** Which file system a path lies on, and by which device or name its own tools know it. */
import { type ByteString, byteString } from '../../base/bytes.ts';

export interface MountRow {
  /** Where it is mounted. */
  readonly place: ByteString;
  /** What of the file system is seen there: `/`, or a directory in it. */
  readonly within: ByteString;
  readonly fsType: string;
  /** `/dev/mapper/vg-lv`, `tank/home`, ... */
  readonly source: string;
}

/** Rows in the order of the kernel: of two at one place the later one covers. */
export function mountRows(mountinfo: string): readonly MountRow[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , within = '', place = ''] = left.split(' ');
    const [fsType = '', source = ''] = right.split(' ');
    if (place === '' || fsType === '') return [];
    const row = { place: unescaped(place), within: unescaped(within), fsType };
    return [{ ...row, source: Buffer.from(unescaped(source), 'latin1').toString() }];
  });
}

/** The mount that holds an absolute path without links. */
export function mountOf(rows: readonly MountRow[], path: ByteString): MountRow | undefined {
  const holding = rows.filter(({ place }) => isAtOrBelow(place, path));
  const longest = Math.max(0, ...holding.map(({ place }) => place.length));
  return holding.findLast(({ place }) => place.length === longest);
}

/** Where below an absolute path other file systems begin, relative to it. */
export function mountsBelow(rows: readonly MountRow[], path: ByteString): readonly ByteString[] {
  const below = rows.filter(({ place }) => place !== path && isAtOrBelow(path, place));
  return [...new Set(below.map(({ place }) => relativeTo(path, place)))].sort();
}

/** @param path at or below `top`; empty where it is `top` itself */
export function relativeTo(top: ByteString, path: ByteString): ByteString {
  return byteString(path.slice(top === '/' ? 1 : top.length + 1));
}

export function joined(...parts: readonly string[]): ByteString {
  const path = parts.filter((part) => part !== '' && part !== '/').join('/');
  return byteString(path.replaceAll(/\/{2,}/g, '/') || '/');
}

function isAtOrBelow(top: ByteString, path: ByteString): boolean {
  return top === '/' || path === top || path.startsWith(`${top}/`);
}

function unescaped(text: string): ByteString {
  return byteString(
    text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    ),
  );
}
