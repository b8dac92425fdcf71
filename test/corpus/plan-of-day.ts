/** What a sync would do to a target that lies as it was the day before. */
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import type { Op } from '../../src/base/plan.ts';
import { unixMs } from '../../src/base/units.ts';
import { matchRenames, TreePrint } from '../../src/guard/core/match-renames.ts';
import type { WrappedCreate } from '../../src/guard/core/wrapped.ts';
import { comparePaths } from '../../src/manifest/core/order.ts';
import type { Day, DayFile } from './days.ts';

/** Files and the directories that their paths imply, the top left out. */
export interface Tree {
  readonly files: ReadonlyMap<string, DayFile>;
  readonly dirs: ReadonlySet<string>;
}

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

type Open = ReadonlySet<string> | undefined;

/**
 * What the pipeline put there itself is in use where somebody has it open, and not for being new. A
 * rename is told as a wrapped command tells it.
 */
export function opsOfDay(before: Tree, after: Tree, open: Open): readonly Op[] {
  const ops: Omit<Op, 'n'>[] = [];
  for (const dir of after.dirs) if (!before.dirs.has(dir)) ops.push(created(dir, 'dir', 0));
  for (const [name, file] of after.files) {
    const was = before.files.get(name);
    if (was === undefined) ops.push(created(name, 'file', file.size));
    else if (!isSame(was, file)) ops.push(updated(name, was));
  }
  const gone = goneBelow(before, after);
  const renamed = renamedIn(gone, before, after);
  for (const [top, sum] of gone) {
    const cause = renamed.has(top) ? 'replaced' : 'absent-in-source';
    ops.push({ ...deleted(top, sum, open), cause });
  }
  return ops.map((op, n) => ({ ...op, n }));
}

function isSame(one: DayFile, other: DayFile): boolean {
  return one.digest === other.digest && one.size === other.size;
}

/** Tops that lie under another name now. */
function renamedIn(
  gone: ReadonlyMap<string, Gone>,
  before: Tree,
  after: Tree,
): ReadonlySet<string> {
  const going = [...gone].map(([top, { kind, names }]) => {
    const print = new TreePrint();
    for (const name of names) {
      const file = before.files.get(name);
      if (file === undefined || (kind === 'file' && file.size === 0)) continue;
      print.add(pathOf(name.slice(top.length + 1)), file.size, numberOf(file.digest));
    }
    return { path: pathOf(top), isDir: kind === 'dir', print: print.text() };
  });
  const renamed = new Set<string>(
    matchRenames(going, comingOf(before, after)).map(({ from }) => from),
  );
  return new Set([...gone.keys()].filter((top) => renamed.has(pathOf(top))));
}

function comingOf(before: Tree, after: Tree): readonly WrappedCreate[] {
  const coming: WrappedCreate[] = [];
  for (const dir of after.dirs) {
    if (before.dirs.has(dir)) continue;
    coming.push({ what: 'create', path: pathOf(dir), isDir: true, size: 0, mtimeS: undefined });
  }
  for (const [name, { size, digest }] of after.files) {
    if (before.files.has(name)) continue;
    const mtimeS = numberOf(digest);
    coming.push({ what: 'create', path: pathOf(name), isDir: false, size, mtimeS });
  }
  return coming.toSorted((a, b) => comparePaths(a.path, b.path));
}

/** In place of the time, which a rename keeps as it keeps the content. */
function numberOf(digest: string): number {
  let number = 0;
  for (let at = 0; at < digest.length; at++) {
    number = (Math.imul(number, 31) + digest.charCodeAt(at)) >>> 0;
  }
  return number;
}

interface Gone {
  readonly kind: 'file' | 'dir';
  entries: number;
  bytes: number;
  newest: number;
  /** Of files. */
  readonly names: string[];
}

/** By the topmost that goes: a directory that goes as a whole is one. */
function goneBelow(before: Tree, after: Tree): ReadonlyMap<string, Gone> {
  const gone = new Map<string, Gone>();
  const add = (name: string, file?: DayFile): void => {
    const top = topmostGone(name, after);
    const kind = top === name && file !== undefined ? 'file' : 'dir';
    const sum = gone.get(top) ?? { kind, entries: 0, bytes: 0, newest: 0, names: [] };
    sum.entries += 1;
    sum.bytes += file?.size ?? 0;
    sum.newest = Math.max(sum.newest, file?.mtime ?? 0);
    if (file !== undefined) sum.names.push(name);
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

/** Who reads what another file replaces by a rename reads on: the recorded ones only read. */
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

function deleted(name: string, gone: Gone, open: Open): Omit<Op, 'n' | 'cause'> {
  const { kind, entries, bytes, newest, names } = gone;
  return {
    ...COMMON,
    op: 'delete',
    kind,
    path: pathOf(name),
    entries,
    bytes,
    live: liveOf(names, open),
    ...(newest > 0 && { newest: unixMs(newest) }),
  };
}

function liveOf(names: readonly string[], open: Open): Op['live'] {
  const isOpen = open !== undefined && names.some((name) => open.has(name));
  return isOpen ? { state: 'in-use', evidence: 'open in nginx (pid 812)' } : { state: 'idle' };
}

function parentOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function pathOf(name: string): ByteString {
  return byteString(Buffer.from(name).toString('latin1'));
}
