/** What a sync would do to a target that lies as it was the day before. */
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import type { Op } from '../../src/base/plan.ts';
import { hours, type UnixMs, unixMs } from '../../src/base/units.ts';
import type { Day, DayFile } from './days.ts';

/** Files and the directories that their paths imply, the top left out. */
export interface Tree {
  readonly files: ReadonlyMap<string, DayFile>;
  readonly dirs: ReadonlySet<string>;
}

const RECENT = hours(24);

export function treeOf({ files }: Day): Tree {
  const dirs = new Set<string>();
  for (const name of files.keys()) {
    for (let dir = parentOf(name); dir !== ''; dir = parentOf(dir)) dirs.add(dir);
  }
  return { files, dirs };
}

export function entriesOf({ files, dirs }: Tree): number {
  return files.size + dirs.size;
}

/**
 * Without a look for renames: those are asked about more, not less. What was written at the source
 * in the last day counts as in use.
 */
export function opsOfDay(before: Tree, after: Tree, at: UnixMs): readonly Op[] {
  const ops: Omit<Op, 'n'>[] = [];
  for (const dir of after.dirs) if (!before.dirs.has(dir)) ops.push(created(dir, 'dir', 0));
  for (const [name, file] of after.files) {
    const was = before.files.get(name);
    if (was === undefined) ops.push(created(name, 'file', file.size));
    else if (was.digest !== file.digest || was.size !== file.size) ops.push(updated(name, was));
  }
  for (const [top, gone] of goneBelow(before, after)) ops.push(deleted(top, gone, at));
  return ops.map((op, n) => ({ ...op, n }));
}

interface Gone {
  readonly kind: 'file' | 'dir';
  entries: number;
  bytes: number;
  newest: number;
}

/** By the topmost that goes: a directory that goes as a whole is one. */
function goneBelow(before: Tree, after: Tree): ReadonlyMap<string, Gone> {
  const gone = new Map<string, Gone>();
  const add = (name: string, file?: DayFile): void => {
    const top = topmostGone(name, after);
    const kind = top === name && file !== undefined ? 'file' : 'dir';
    const sum = gone.get(top) ?? { kind, entries: 0, bytes: 0, newest: 0 };
    sum.entries += 1;
    sum.bytes += file?.size ?? 0;
    sum.newest = Math.max(sum.newest, file?.mtime ?? 0);
    gone.set(top, sum);
  };
  for (const [name, file] of before.files) if (!after.files.has(name)) add(name, file);
  for (const dir of before.dirs) if (!after.dirs.has(dir)) add(dir);
  return gone;
}

function topmostGone(name: string, after: Tree): string {
  let top = name;
  for (let dir = parentOf(name); dir !== '' && !after.dirs.has(dir); dir = parentOf(dir)) top = dir;
  return top;
}

const COMMON = {
  owner: 'pipeline',
  cascade: 'expanded',
  cls: 'data',
  live: { state: 'idle' },
  undo: { kind: 'quarantine', verified: true, fidelity: 'exact' },
} as const satisfies Partial<Op>;

function created(name: string, kind: string, bytes: number): Omit<Op, 'n'> {
  return { ...COMMON, op: 'create', kind, path: pathOf(name), entries: 1, bytes, cause: 'new' };
}

function updated(name: string, was: DayFile): Omit<Op, 'n'> {
  const path = pathOf(name);
  return {
    ...COMMON,
    op: 'update',
    kind: 'file',
    path,
    entries: 1,
    bytes: was.size,
    cause: 'differs',
  };
}

function deleted(name: string, { kind, entries, bytes, newest }: Gone, at: UnixMs): Omit<Op, 'n'> {
  const isRecent = newest > at - RECENT;
  return {
    ...COMMON,
    op: 'delete',
    kind,
    path: pathOf(name),
    entries,
    bytes,
    cause: 'absent-in-source',
    live: isRecent ? { state: 'in-use', evidence: 'written today' } : { state: 'idle' },
    ...(newest > 0 && { newest: unixMs(newest) }),
  };
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function pathOf(name: string): ByteString {
  return byteString(Buffer.from(name).toString('latin1'));
}
