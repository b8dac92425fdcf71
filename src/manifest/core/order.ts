import { type ByteString, byteString } from '../../base/bytes.ts';

const SLASH = 0x2f;

/**
 * The order of entries: bytewise by component, as if `/` were the byte 0. A directory is followed
 * at once by all that lies below it.
 *
 * @returns negative, 0 or positive
 */
export function comparePaths(a: ByteString, b: ByteString): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    if (left === SLASH) return -1;
    if (right === SLASH) return 1;
    return left - right;
  }
  return a.length - b.length;
}

/** Whether `path` is `dir` or lies below it. The empty path is the root: all lies within. */
export function isWithin(dir: ByteString, path: ByteString): boolean {
  if (dir === '') return true;
  if (!path.startsWith(dir)) return false;
  return path.length === dir.length || path.charCodeAt(dir.length) === SLASH;
}

/** The path of the directory that holds `path`; undefined for the root. */
export function parentOf(path: ByteString): ByteString | undefined {
  if (path === '') return undefined;
  return byteString(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
}
