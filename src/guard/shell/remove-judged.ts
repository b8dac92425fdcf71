/**
 * Takes away for good what was judged, where nothing can be set aside and persons approved it. By
 * directory handles: no link is followed, and what was not looked at is not taken along.
 */
import type { ByteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import type { DirHandle } from '../../host/source.ts';
import type { Place } from '../../host/tree-writer.ts';
import type { ApplyPorts } from './apply-request.ts';
import { isDirMode, seenAt, type SeenObject, wholeMs } from './seen-object.ts';
import { Surprise } from './surprise.ts';
import { refusalOf } from './tree-errno.ts';

type RemovePorts = Pick<ApplyPorts, 'source' | 'tree'>;

const CAME = 'something came into it while it was removed';

/** What lies below a directory, each by its inode, in one file system. */
export type Known = ReadonlySet<bigint>;

/** To be asked before it is counted: what comes later is in none of both. */
export function knownBelow({ source }: RemovePorts, place: Place): Known {
  const known = new Set<bigint>();
  walk(source, place, {
    look: (each) => {
      const seen = seenAt(source, each);
      if (seen !== undefined) known.add(seen.inode);
      return seen;
    },
  });
  return known;
}

/**
 * Deepest first.
 *
 * @throws Surprise at what is not in `known`, or was written to; what lay before it is gone then
 */
export function removeJudged(ports: RemovePorts, place: Place, of: { op: Op; known: Known }): void {
  const { source, tree } = ports;
  const look = (each: Place): SeenObject | undefined => {
    const seen = seenAt(source, each);
    if (seen !== undefined) demandJudged(seen, of);
    return seen;
  };
  walk(source, place, {
    look,
    file: ({ dir, name }) => tree.unlink(dir, name),
    dir: ({ dir, name }) => {
      const why = refusalOf(() => tree.removeDir(dir, name));
      if (why === 'ENOTEMPTY') throw new Surprise(CAME);
      if (why !== undefined) tree.removeDir(dir, name);
    },
  });
}

function demandJudged(seen: SeenObject, { op, known }: { op: Op; known: Known }): void {
  if (!known.has(seen.inode)) throw new Surprise(CAME);
  if (isDirMode(seen.mode)) return;
  const { newest = Number.POSITIVE_INFINITY, newestChange = Number.POSITIVE_INFINITY } = op;
  const isChanged = seen.nlink === 1n && wholeMs(seen.ctimeNs) > newestChange;
  if (isChanged || wholeMs(seen.mtimeNs) > newest) throw new Surprise(CAME);
}

interface Frame extends Place {
  readonly handle: DirHandle;
  readonly names: ByteString[];
}

interface Visit {
  /** At an entry, before anything is done with it; undefined: it is gone. */
  readonly look: (place: Place) => SeenObject | undefined;
  readonly file?: (place: Place) => void;
  /** When all below it is done. */
  readonly dir?: (place: Place) => void;
}

function walk(source: RemovePorts['source'], top: Place, { look, file, dir }: Visit): void {
  const stack: Frame[] = [];
  const enter = (place: Place): void => {
    const handle = source.openDir(place.dir, place.name);
    const frame: Frame = { ...place, handle, names: [] };
    stack.push(frame);
    for (const name of source.list(handle).names) frame.names.push(name);
  };
  try {
    enter(top);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const name = frame.names.pop();
      if (name === undefined) {
        stack.pop();
        source.closeDir(frame.handle);
        dir?.(frame);
        continue;
      }
      const place = { dir: frame.handle, name };
      const seen = look(place);
      if (seen === undefined) continue;
      if (isDirMode(seen.mode)) enter(place);
      else file?.(place);
    }
  } finally {
    for (const { handle } of stack) source.closeDir(handle);
  }
}
