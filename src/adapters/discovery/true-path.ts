/** Where a path of this machine leads, and what else leads there: links and bind mounts. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isWithin } from '../../watch/core/place.ts';
import { mountOf, readMountTable, untouchable } from './file-systems.ts';
import { LocalWorld } from './local-world.ts';
import type { MountLine } from './mount-table.ts';
import type { World } from './world.ts';

export interface TruePath {
  /** Without links, so far as these could be followed without touching what may hang. */
  readonly path: ByteString;
  /** Under which the same directory is seen too: it is deleted by whichever path it is deleted. */
  readonly alsoAt: readonly ByteString[];
  /** It lies where nothing in this process may look. */
  readonly mayHang: boolean;
}

const LINKS_MAX = 40;

export function truePathHere(given: ByteString): TruePath {
  const world = new LocalWorld('/');
  return truePath(world, readMountTable(world), given);
}

export function truePath(
  world: Pick<World, 'stat' | 'link'>,
  table: readonly MountLine[],
  given: ByteString,
): TruePath {
  const avoided = untouchable(table);
  const mayHangAt = (path: string): boolean => avoided.some((each) => isWithin(path, each));
  const path = withoutLinks(world, given, mayHangAt);
  return { path, alsoAt: otherPaths(table, path), mayHang: mayHangAt(path) };
}

function withoutLinks(
  world: Pick<World, 'stat' | 'link'>,
  given: ByteString,
  mayHangAt: (path: string) => boolean,
): ByteString {
  const left = given.split('/');
  let at = '';
  for (let links = 0; left.length > 0; ) {
    const part = left.shift() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = byteString(`${at}/${part}`);
    const target = mayHangAt(next) ? undefined : linkAt(world, next);
    if (target === undefined || ++links > LINKS_MAX) {
      at = next;
      continue;
    }
    if (target.startsWith('/')) at = '';
    left.unshift(...target.split('/'));
  }
  return byteString(at === '' ? '/' : at);
}

function linkAt(world: Pick<World, 'stat' | 'link'>, path: ByteString): string | undefined {
  return world.stat(path)?.type === 'link' ? world.link(path) : undefined;
}

/** A mount shows a directory of a file system; another of the same one may show it too. */
function otherPaths(table: readonly MountLine[], path: ByteString): readonly ByteString[] {
  const mount = mountOf(table, path);
  if (mount?.root === undefined || mount.number === undefined) return [];
  const inside = below(mount.root, path, mount.mountPoint);
  const found = table.flatMap((each): readonly ByteString[] => {
    if (each.number !== mount.number || each.root === undefined) return [];
    if (!isWithin(inside, each.root)) return [];
    const other = below(each.mountPoint, inside, each.root);
    // Another mount may lie over it.
    return mountOf(table, other) === each ? [other] : [];
  });
  return [...new Set(found)].filter((other) => other !== path);
}

/** `path`, which lies below `from`, as it is called below `to`. */
function below(to: string, path: string, from: string): ByteString {
  const rest = from === '/' ? path : path.slice(from.length);
  if (rest === '' || rest === '/') return byteString(to);
  return byteString(to === '/' ? rest : `${to}${rest}`);
}
