import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';

/** Where a store lies on the other side. */
export interface FarPlace {
  /** For people, as `ssh://host/path`. */
  readonly where: string;
  /** As the server takes it, without a slash at its end. */
  readonly root: ByteString;
}

/** @param path `/absolute`, or `~/below the directory in which the server begins` */
export function farPlace(where: string, path: ByteString): FarPlace {
  const bare = path.replace(/^~\/+/, '').replace(/\/+$/, '');
  const begin = path.startsWith('/') ? '/' : '.';
  return { where, root: byteString(bare === '' || bare === '~' ? begin : bare) };
}

/** @param name of an object or a folder; empty: the root */
export function pathIn({ root }: FarPlace, name: string): ByteString {
  if (name === '') return root;
  return byteString(root === '/' ? `/${name}` : `${root}/${name}`);
}

/** The place, and what lies below it; bytes are shown as UTF-8. */
export function sayPath(place: FarPlace, path: ByteString): string {
  const { where, root } = place;
  if (path === root) return where;
  const isBelow = path.startsWith(`${root}/`);
  const rest = isBelow ? path.slice(root.length) : ` (${path})`;
  return where + Buffer.from(rest, 'latin1').toString();
}
