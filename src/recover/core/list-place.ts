import { type ByteString, byteString } from '../../base/bytes.ts';
import { isWithin } from '../../manifest/core/order.ts';

/** What of a root has to be known to find a path that a person wrote. */
export interface NamedRoot {
  readonly name: ByteString;
  /** Where it lay when it was captured. */
  readonly path: ByteString;
  /** Whether its name stands before its paths: where it is one of several, or no directory. */
  readonly isNamed: boolean;
}

/** How a path of the root's manifest is shown, and where a restore puts it below its target. */
export function shownPath({ name, isNamed }: NamedRoot, path: ByteString): ByteString {
  if (!isNamed) return path;
  return path === '' ? name : byteString(`${name}/${path}`);
}

/** The top: no root in particular. */
export const TOP = 'top';

export interface RootPath<R extends NamedRoot> {
  readonly root: R;
  /** In its manifest. */
  readonly path: ByteString;
}

/**
 * What a person means by a path: as it is shown, or absolute, as it was on the captured host.
 *
 * @returns undefined where no root can hold it
 */
export function findPlace<R extends NamedRoot>(
  roots: readonly R[],
  wanted: ByteString,
): RootPath<R> | typeof TOP | undefined {
  const path = byteString(wanted.replace(/^(?:\.\/+)+/, '').replace(/(?:\/+\.?)+$/, ''));
  if (path === '' || path === '.') return topOf(roots);
  if (path.startsWith('/')) return findAbsolute(roots, path);
  for (const root of roots) {
    if (!root.isNamed) return { root, path };
    if (isWithin(root.name, path)) return { root, path: below(root.name, path) };
  }
  return undefined;
}

function topOf<R extends NamedRoot>(roots: readonly R[]): RootPath<R> | typeof TOP {
  const [root, ...others] = roots;
  if (root === undefined || root.isNamed || others.length > 0) return TOP;
  return { root, path: byteString('') };
}

/** In the innermost root that held it. */
function findAbsolute<R extends NamedRoot>(
  roots: readonly R[],
  path: ByteString,
): RootPath<R> | undefined {
  let found: RootPath<R> | undefined;
  let length = -1;
  for (const root of roots) {
    const dir = byteString(root.path.replace(/\/+$/, ''));
    if (dir.length <= length || !isWithin(dir, path)) continue;
    found = { root, path: below(dir, path) };
    length = dir.length;
  }
  return found;
}

function below(dir: ByteString, path: ByteString): ByteString {
  return byteString(path.slice(dir.length + 1));
}
