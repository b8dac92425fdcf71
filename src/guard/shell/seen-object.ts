/** What lies under a name now, and whether it is what a plan saw there. */
import type { Op, Precondition } from '../../base/plan.ts';
import {
  kindOfMode,
  type Source,
  STAT_CTIME,
  STAT_DEV,
  STAT_GID,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
} from '../../host/source.ts';
import type { Place } from '../../host/tree-writer.ts';
import { ifThere } from './tree-errno.ts';

export interface SeenObject extends Precondition {
  readonly uid: number;
  readonly gid: number;
  readonly nlink: bigint;
}

const NS_IN_MS = 1_000_000n;

/** Undefined where nothing is there. An empty name is the directory itself. */
export function seenAt(source: Source, place: Place): SeenObject | undefined {
  const stat = new BigInt64Array(STAT_WORDS);
  return ifThere(() => {
    source.stat(place.dir, place.name, stat);
    const word = (at: number): bigint => stat[at] ?? 0n;
    return {
      ...{ inode: word(STAT_INO), device: word(STAT_DEV), mode: Number(word(STAT_MODE)) },
      ...{ size: word(STAT_SIZE), mtimeNs: word(STAT_MTIME), ctimeNs: word(STAT_CTIME) },
      ...{ uid: Number(word(STAT_UID)), gid: Number(word(STAT_GID)), nlink: word(STAT_NLINK) },
    };
  });
}

export function preconditionOf(seen: SeenObject): Precondition {
  const { inode, device, mode, size, mtimeNs, ctimeNs } = seen;
  return { inode, device, mode, size, mtimeNs, ctimeNs };
}

export function isDirMode(mode: number): boolean {
  return kindOfMode(mode) === 'dir';
}

/** The word that an operation has for it. */
export function kindWord(mode: number): Op['kind'] {
  const kind = kindOfMode(mode);
  return kind === 'file' || kind === 'dir' || kind === 'symlink' ? kind : 'other';
}

/** Whether two looks saw one object: the same inode there is not another that came later. */
export function isSameObject(
  a: Pick<Precondition, 'inode' | 'device'>,
  b: Pick<Precondition, 'inode' | 'device'>,
): boolean {
  return a.inode === b.inode && a.device === b.device;
}

/**
 * After a rename: the same inode, or all else alike. On overlayfs a file of more names than one
 * is another inode when it has left its lower layer.
 */
export function isSameMoved(a: SeenObject, b: SeenObject): boolean {
  if (isSameObject(a, b)) return true;
  const isAlike = a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
  return isAlike && !isDirMode(a.mode) && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/**
 * What is not as the plan says, for people; undefined: nothing. Of a directory only that it is the
 * same: what lies below is counted apart.
 *
 * @param isTouched its ctime was changed by an operation before: not compared
 */
export function surpriseIn(
  wanted: Precondition | undefined,
  seen: SeenObject | undefined,
  isTouched: boolean,
): string | undefined {
  if (wanted === undefined) return seen === undefined ? undefined : 'something is there now';
  if (seen === undefined) return 'it is not there any more';
  if (!isSameObject(wanted, seen)) return 'it is another one now';
  if (wanted.mode !== seen.mode) return 'its mode was changed';
  if (isDirMode(seen.mode)) return undefined;
  if (wanted.size !== seen.size || wanted.mtimeNs !== seen.mtimeNs) return 'it was written to';
  if (!isTouched && wanted.ctimeNs !== seen.ctimeNs) return 'it was changed';
  return undefined;
}

export function wholeMs(timeNs: bigint): number {
  return Number(timeNs / NS_IN_MS);
}
