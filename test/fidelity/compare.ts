/**
 * Whether two trees are equal, by tools that are not ours: rsync, tar, getfattr, getfacl, find,
 * sha256sum, and a walk in Python for what they cannot see (holes, paths over 4096 bytes, files
 * over 512 MiB). Each comparer says in its docstring what it is blind to; compare.test.ts shows
 * for every aspect which of them notice.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  compareByFind,
  compareByGetfacl,
  compareByGetfattr,
  compareBySha256sum,
} from './compare-lists.ts';
import { compareByRsync } from './compare-rsync.ts';
import { compareByTar } from './compare-tar.ts';
import { type Difference, textOf } from './difference.ts';
import { compareWalks, walkTree } from './walk.ts';

export interface CompareOptions {
  /** Differences that are expected, such as owners after a restore by an ordinary user. */
  readonly ignore?: (difference: Difference) => boolean;
}

const TOOLS = ['python3', 'rsync', 'tar', 'getfattr', 'getfacl', 'find', 'sha256sum', 'xargs'];

/** What must be installed before trees can be compared, and is not. */
export function missingTools(): readonly string[] {
  const places = (process.env.PATH ?? '').split(':');
  return TOOLS.filter((tool) => !places.some((place) => existsSync(join(place, tool))));
}

/**
 * @param a the tree that is right
 * @param b the one that should be equal, its root directory included
 * @returns one line a difference and tool, none where the trees are equal
 */
export async function compareTrees(
  a: string,
  b: string,
  options: CompareOptions = {},
): Promise<string[]> {
  return (await findDifferences(a, b, options)).map(textOf);
}

export async function findDifferences(
  a: string,
  b: string,
  options: CompareOptions = {},
): Promise<Difference[]> {
  const missing = missingTools();
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
  const [left, right] = await Promise.all([walkTree(a), walkTree(b)]);
  const found = await Promise.all([
    compareWalks(left, right),
    compareByRsync(left, right),
    compareByTar(left, right),
    compareByGetfattr(left, right),
    compareByGetfacl(left, right),
    compareByFind(left, right),
    compareBySha256sum(left, right),
  ]);
  return found.flat().filter((it) => options.ignore?.(it) !== true);
}
