/** What a tree is, for comparison by somebody outside: the oracle of backup and restore. */
import { createHash } from 'node:crypto';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { modeOf, XATTR_PREFIX } from './tree-source.ts';
import type { SimVolume } from './volume.ts';

/** By path below the top, which has the empty path: all that a restore must bring back. */
export type TreePicture = ReadonlyMap<ByteString, string>;

/** Contents are kept among pictures; each is hashed once. */
const digests = new WeakMap<Uint8Array, string>();

/** @param isLeftOut paths that are not the tree's; a name there is nobody's first link */
export function pictureOf(
  volume: SimVolume,
  top: ByteString,
  isLeftOut: (path: ByteString) => boolean = () => false,
): TreePicture {
  const picture = new Map<ByteString, string>();
  const firstNames = new Map<number, ByteString>();
  const visit = (number: number, path: ByteString): void => {
    const inode = volume.inode(number);
    const { mtime = 0, uid = 0, gid = 0, rdev = 0 } = inode.meta;
    const xattrs = Object.entries(inode.meta).filter(
      ([key, value]) => key.startsWith(XATTR_PREFIX) && value !== '',
    );
    const first = firstNames.get(number) ?? path;
    firstNames.set(number, first);
    const facts = {
      mode: modeOf(inode).toString(8),
      owner: `${uid}:${gid}`,
      mtime: String(mtime),
      rdev: String(rdev),
      xattrs: xattrs.sort().join(),
      target: inode.target,
      sizeBytes: inode.content.size,
      content: inode.kind === 'file' ? digestOf(inode.content.snapshot()) : '',
      linkOf: first === path ? '' : first,
    };
    picture.set(path, JSON.stringify(facts));
    for (const [name, child] of [...inode.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const below = byteString(path === '' ? name : `${path}/${name}`);
      if (!isLeftOut(below)) visit(child, below);
    }
  };
  visit(volume.find(top), byteString(''));
  return picture;
}

/** The first difference in words; undefined where there is none. */
export function differenceOf(expected: TreePicture, found: TreePicture): string | undefined {
  for (const [path, facts] of expected) {
    const other = found.get(path);
    if (other === undefined) return `'${path}' is missing`;
    if (other !== facts) return `'${path}' is ${other} and not ${facts}`;
  }
  for (const path of found.keys()) if (!expected.has(path)) return `'${path}' came from nowhere`;
  return undefined;
}

function digestOf(content: Uint8Array): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(content).digest('hex');
  digests.set(content, digest);
  return digest;
}
