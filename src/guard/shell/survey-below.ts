/** All that a directory holds, counted, before it goes as a whole. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import { type DirHandle, type Source, STAT_DEV, STAT_WORDS } from '../../host/source.ts';
import type { Place } from '../../host/tree-writer.ts';
import { isDirMode, seenAt, wholeMs } from './seen-object.ts';

export interface Survey {
  /** Itself included; quarantines are not. */
  readonly entries: number;
  /** Newest modification of what is no directory, whole milliseconds; undefined: there is none. */
  readonly newestMs: number | undefined;
  /**
   * Newest change of content or attributes of what has one name only, whole milliseconds: another
   * name of a file may be changed by the same plan.
   */
  readonly newestChangeMs: number | undefined;
  /** Of another mount, or a quarantine in which something is kept. */
  readonly inTheWay: string | undefined;
}

export const MOUNTED = 'another file system is mounted in it';

interface Frame {
  readonly dir: DirHandle;
  readonly dirs: ByteString[];
}

/**
 * @param place of a directory; nothing is followed and no other mount entered
 * @param withTimes each file is looked at, which takes most of the time
 */
export function surveyBelow(source: Source, place: Place, withTimes: boolean): Survey {
  let entries = 1;
  let newestMs: number | undefined;
  let newestChangeMs: number | undefined;
  let inTheWay: string | undefined;
  const stat = new BigInt64Array(STAT_WORDS);
  const deviceOf = (dir: DirHandle): bigint => {
    source.stat(dir, byteString(''), stat);
    return stat[STAT_DEV] ?? 0n;
  };
  const stack: Frame[] = [];
  const enter = (parent: DirHandle, name: ByteString): bigint => {
    const dir = source.openDir(parent, name);
    const frame: Frame = { dir, dirs: [] };
    stack.push(frame);
    const { names, kinds } = source.list(dir);
    for (const [at, each] of names.entries()) {
      let isDir = kinds[at] === 'dir';
      if (kinds[at] === undefined || (!isDir && withTimes)) {
        const seen = seenAt(source, { dir, name: each });
        isDir = seen !== undefined && isDirMode(seen.mode);
        const time = seen === undefined || isDir ? undefined : wholeMs(seen.mtimeNs);
        if (time !== undefined) newestMs = Math.max(newestMs ?? time, time);
        const hasOneName = seen !== undefined && !isDir && seen.nlink === 1n;
        const change = hasOneName ? wholeMs(seen.ctimeNs) : undefined;
        if (change !== undefined) newestChangeMs = Math.max(newestChangeMs ?? change, change);
      }
      if (isDir) frame.dirs.push(each);
      else entries += 1;
    }
    return deviceOf(dir);
  };
  try {
    const device = enter(place.dir, place.name);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.dirs.pop();
      if (next === undefined) {
        stack.pop();
        source.closeDir(top.dir);
        continue;
      }
      if (isQuarantineName(next)) {
        if (holdsSomething(source, top.dir, next)) inTheWay = 'what can be put back lies in it';
        continue;
      }
      entries += 1;
      if (enter(top.dir, next) !== device) inTheWay = MOUNTED;
    }
  } finally {
    for (const { dir } of stack) source.closeDir(dir);
  }
  return { entries, newestMs, newestChangeMs, inTheWay };
}

function holdsSomething(source: Source, parent: DirHandle, name: ByteString): boolean {
  const dir = source.openDir(parent, name);
  try {
    return source.list(dir).names.length > 0;
  } finally {
    source.closeDir(dir);
  }
}
