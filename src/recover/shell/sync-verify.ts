/** Whether what goes is what comes under another name: every byte is read. */
import type { DirHandle, Source } from '../../host/source.ts';
import type { RenamedPair } from '../core/sync-renames.ts';
import { errnoOf } from './failures.ts';
import { type LiveEntry, LiveTree } from './live-tree.ts';
import type { SyncEqual } from './sync-equal.ts';
import { TargetPaths } from './target-paths.ts';
import type { WantedTree } from './wanted-tree.ts';

export interface SyncVerifyOptions {
  readonly source: Source;
  /** Of the target. */
  readonly top: DirHandle;
  readonly wanted: Pick<WantedTree, 'find'>;
  readonly equal: SyncEqual;
}

/** @returns for `findRenames` */
export function renameCheck(options: SyncVerifyOptions): (pairs: Iterable<RenamedPair>) => boolean {
  return (pairs) => {
    const paths = new TargetPaths(options.source, options.top);
    try {
      for (const pair of pairs) if (!isSame(options, paths, pair)) return false;
      return true;
    } catch (error) {
      errnoOf(error);
      return false;
    } finally {
      paths.close();
    }
  };
}

function isSame(
  { source, wanted, equal }: SyncVerifyOptions,
  paths: TargetPaths,
  { created, deleted }: RenamedPair,
): boolean {
  const entry = wanted.find(created.path);
  const place = paths.placeOf(deleted.path);
  const present = lookAt(source, place);
  if (entry === undefined || present === undefined || entry.type !== present.type) return false;
  const { inode, ctimeNs } = deleted.present.precond;
  if (present.identity.inode !== inode || present.identity.ctime !== ctimeNs) return false;
  const isHeld =
    entry.type === 'file' ? equal.hasContent(entry, present) : equal.isHeld(entry, present);
  return isHeld === true && equal.isAroundEqual(entry, present);
}

/** One entry, and nothing below it. Undefined where it is gone or cannot be looked at. */
export function lookAt(
  source: Source,
  place: { readonly dir: DirHandle; readonly name: LiveEntry['name'] },
): LiveEntry | undefined {
  const tree = new LiveTree(source, place);
  try {
    const found = tree.current;
    return found === undefined || 'hidden' in found ? undefined : found;
  } finally {
    tree.close();
  }
}
