/** What programs have open below a directory, by /proc; what cannot be seen is not said. */
import type { ByteString } from '../../base/bytes.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { isOpenForWriting, mappedForWriting, scanProcesses } from './in-use-processes.ts';

export interface OpenThing {
  /** Absolute. */
  readonly path: ByteString;
  /** `nginx (pid 812)`. */
  readonly by: string;
  readonly isWriting: boolean;
}

/** Sorted by path. */
export function openBelow(root: ByteString): readonly OpenThing[] {
  const seen = scanProcesses({
    isWanted: (path) => isWithin(root, path),
    isHome: () => false,
  });
  const things = seen.flatMap(({ user, files }) => {
    const by = `${user.program} (pid ${user.pid})`;
    const open = files.map(({ link, path }) => ({ path, by, isWriting: isOpenForWriting(link) }));
    const mapped = mappedForWriting(user.pid).filter((path) => isWithin(root, path));
    return [...open, ...mapped.map((path) => ({ path, by, isWriting: true }))];
  });
  return things.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
