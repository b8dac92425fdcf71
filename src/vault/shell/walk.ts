/**
 * Walks a tree in path order and cuts it into batches for the capture workers. With a cache it
 * visits only directories in which something differs; what is gone becomes a removal.
 */
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { EntryKind, Listing } from '../../host/source.ts';
import { kindOfMode, STAT_DEV, STAT_INO, STAT_MODE, STAT_WORDS } from '../../host/source.ts';
import { textField } from '../../manifest/core/entry-line.ts';
import { pathOf } from '../core/stat-cache.ts';
import type { WalkedDir } from './cache-builder.ts';
import { countOf } from './count-left-out.ts';
import { oldFiles } from './old-files.ts';
import type { OldFiles } from './old-files.ts';
import { type OpenDir, openIn, openTop } from './open-dir.ts';
import { stopAfterOpening, stopBeforeOpening } from './stop-sign.ts';
import type { Batch } from './walk-batch.ts';
import { emptyBatch, hasWork, isFull } from './walk-batch.ts';
import type { ItemMark } from './walk-item.ts';
import { errnoOf, join, placeOf } from './walk-item.ts';
import type { WalkOptions } from './walk-options.ts';

/** As a line of a manifest writes it, which has 1 MiB in all. */
const DIR_PATH_TEXT_MAX = 262_144;

type ItemKind = EntryKind | 'unknown' | 'gone';

interface Frame {
  readonly dir: OpenDir;
  readonly path: ByteString;
  readonly record: WalkedDir;
  readonly names: readonly ByteString[];
  readonly kinds: readonly ItemKind[];
  readonly oldDir: number | undefined;
  readonly old: OldFiles | undefined;
  next: number;
}

/** A directory in another; `oldDir` is its number in the old cache. */
interface Child {
  readonly name: ByteString;
  readonly path: ByteString;
  readonly oldDir: number | undefined;
}

export class Walk {
  readonly #options: WalkOptions;
  readonly #words = new BigInt64Array(STAT_WORDS);
  readonly #stack: Frame[] = [];
  #batch = emptyBatch();
  #rootDevice: bigint | undefined;
  /** Known once the walk has begun: a root may be a single file. */
  isDirectory = true;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** Batches in path order. Whoever takes one releases its directories when it is done with it. */
  *batches(): Generator<Batch> {
    const { root, place } = this.#options;
    const dir = this.#openRoot({ path: root, place });
    try {
      if (dir === undefined) yield* this.#loneFile();
      else yield* this.#tree(dir);
      if (hasWork(this.#batch)) yield this.#takeBatch();
    } finally {
      // Nothing is left here unless the run failed.
      for (const frame of this.#stack) frame.dir.release();
      for (const held of this.#batch.dirs) held.release();
      dir?.release();
    }
  }

  *#tree(dir: OpenDir): Generator<Batch> {
    const { old } = this.#options;
    this.#rootDevice = this.#deviceOf(dir);
    if (old === undefined || old.changed[0] === 0) {
      dir.hold();
      const opened = { dir, path: byteString(''), oldDir: old === undefined ? undefined : 0 };
      if (this.#enter(opened)) yield* this.#drain();
    } else {
      // The root itself is as it was: its files need no look, but its directories may.
      this.#options.builder.keepDirs(0, 1);
      yield* this.#changedWithin({ top: dir, from: 1, to: old.cache.dirCount });
    }
  }

  #deviceOf(dir: OpenDir): bigint | undefined {
    const { source, root } = this.#options;
    try {
      source.stat(dir.handle, byteString(''), this.#words);
    } catch (error) {
      throw absent(root, errnoOf(error));
    }
    return this.#words[STAT_DEV];
  }

  /** Undefined where the root is no directory. @throws Fault HF_SOURCE_ABSENT */
  #openRoot(at: { path: ByteString; place: ByteString }): OpenDir | undefined {
    try {
      return openTop(this.#options, at);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOTDIR') return undefined;
      throw absent(at.path, errno);
    }
  }

  /** A root that is a single file: one entry with the empty path. */
  *#loneFile(): Generator<Batch> {
    this.isDirectory = false;
    const { root, place } = this.#options;
    const parent = this.#openRoot({ path: parentOf(root), place: parentOf(place) });
    assert(parent !== undefined, 'what holds a file is a directory');
    const name = byteString(root.slice(root.lastIndexOf('/') + 1));
    // A directory may have stood here last time.
    if (this.#options.old !== undefined) this.#remove(byteString(''));
    this.#push(parent, { path: byteString(''), name, mark: undefined }, undefined);
    parent.release();
    yield this.#takeBatch();
  }

  *#drain(): Generator<Batch> {
    const depth = this.#stack.length - 1;
    while (this.#stack.length > depth) {
      const frame = this.#stack.at(-1);
      assert(frame !== undefined, 'the stack is not empty');
      if (frame.next >= frame.names.length) {
        this.#stack.pop();
        frame.dir.release();
        continue;
      }
      const at = frame.next++;
      const name = frame.names[at];
      const kind = frame.kinds[at];
      assert(name !== undefined && kind !== undefined, 'names and kinds go together');
      yield* this.#visit(frame, { name, kind });
      if (isFull(this.#batch)) yield this.#takeBatch();
    }
  }

  *#visit(frame: Frame, entry: { name: ByteString; kind: ItemKind }): Generator<Batch> {
    const { name } = entry;
    const path = join(frame.path, name);
    if (entry.kind === 'gone') {
      this.#remove(path);
      return;
    }
    const kind = entry.kind === 'unknown' ? this.#kindOf(frame, name) : entry.kind;
    const rule = this.#options.excludes.ruleFor(path, kind === 'dir');
    if (rule !== undefined) {
      this.#exclude(frame, { name, path, rule, isDir: kind === 'dir' });
      return;
    }
    if (kind !== 'dir') {
      this.#file(frame, { name, path, kind });
      return;
    }
    const oldDir = frame.old?.dirs.get(name);
    if (oldDir === undefined) {
      if (frame.old?.has(name) === true) this.#remove(path);
      this.#openChild(frame, { name, path, oldDir: undefined });
    } else yield* this.#visitOldDir(frame, { name, path, oldDir });
  }

  /** A directory that was there last time: entered only where something in it differs. */
  *#visitOldDir(
    frame: Frame,
    child: { name: ByteString; path: ByteString; oldDir: number },
  ): Generator<Batch> {
    const { old, builder } = this.#options;
    assert(old !== undefined, 'an old directory comes from an old cache');
    const end = old.cache.treeEnd[child.oldDir] ?? child.oldDir + 1;
    if (isChanged(old.changed, child.oldDir)) {
      this.#openChild(frame, child);
      return;
    }
    builder.keepDirs(child.oldDir, child.oldDir + 1);
    if (firstChanged(old.changed, child.oldDir + 1) >= end) {
      builder.keepDirs(child.oldDir + 1, end);
      return;
    }
    yield* this.#changedWithin({ top: frame.dir, from: child.oldDir + 1, to: end, base: frame });
  }

  /** Visits each changed directory of a range whose own parent is unchanged. */
  *#changedWithin(range: {
    top: OpenDir;
    from: number;
    to: number;
    base?: Frame;
  }): Generator<Batch> {
    const { old, builder, codec } = this.#options;
    assert(old !== undefined, 'a range of an old cache');
    let at = range.from;
    for (;;) {
      const next = Math.min(firstChanged(old.changed, at), range.to);
      builder.keepDirs(at, next);
      if (next >= range.to) return;
      const path = pathOf(old.cache, next, codec);
      at = old.cache.treeEnd[next] ?? next + 1;
      const opened = this.#openBelow(range, { path, oldDir: next });
      if (opened === undefined) continue;
      if (this.#enter({ dir: opened, path, oldDir: next })) yield* this.#drain();
      if (isFull(this.#batch)) yield this.#takeBatch();
    }
  }

  /** Opens a directory by its path from `top`, one component after the other. */
  #openBelow(
    range: { top: OpenDir; base?: Frame },
    wanted: { path: ByteString; oldDir: number },
  ): OpenDir | undefined {
    const base = range.base?.path ?? byteString('');
    const names = (base === '' ? wanted.path : wanted.path.slice(base.length + 1)).split('/');
    let dir = range.top;
    dir.hold();
    let path = base;
    for (const name of names.map(byteString)) {
      path = join(path, name);
      const next =
        path === wanted.path
          ? this.#tryOpen(dir, { name, path, oldDir: wanted.oldDir, isParentKept: true })
          : this.#openAbove(dir, { name, path, wanted: wanted.path });
      dir.release();
      if (next === undefined) return undefined;
      dir = next;
    }
    return dir;
  }

  /**
   * Opens a directory that is as it was, on the way to one that differs. Where it cannot be opened
   * all the same, it keeps what is known of it: only `wanted` says that it was not reached.
   */
  #openAbove(
    parent: OpenDir,
    { name, path, wanted }: { name: ByteString; path: ByteString; wanted: ByteString },
  ): OpenDir | undefined {
    const { builder, report } = this.#options;
    try {
      return openIn(this.#options, parent, { name, place: placeOf(this.#options.place, path) });
    } catch (error) {
      const unreadable = errnoOf(error);
      this.#remove(wanted);
      builder.addDir(wanted); // Without words: to be looked for next time.
      if (unreadable === 'ENOENT' || isReplaced(unreadable)) return undefined;
      report.gap(wanted, unreadable);
      const mark = { unreadable, untouched: true } as const;
      this.#push(parent, { path: wanted, name, mark }, undefined);
      return undefined;
    }
  }

  #openChild(frame: Frame, child: Child): void {
    if (isPathTooLong(child.path)) {
      const unreadable = 'ENAMETOOLONG';
      this.#options.report.gap(child.path, unreadable);
      this.#closed(frame.dir, { ...child, mark: { unreadable } });
      return;
    }
    const dir = this.#tryOpen(frame.dir, child);
    if (dir !== undefined) this.#enter({ dir, path: child.path, oldDir: child.oldDir });
  }

  /** Undefined where it could not or must not be opened; its entry then says why. */
  #tryOpen(parent: OpenDir, child: Child & { isParentKept?: true }): OpenDir | undefined {
    const { report, builder } = this.#options;
    const mark = stopBeforeOpening(this.#options, child.path);
    if (mark !== undefined) {
      if (mark.unreadable !== undefined) report.gap(child.path, mark.unreadable);
      this.#closed(parent, { ...child, mark });
      return undefined;
    }
    try {
      const place = placeOf(this.#options.place, child.path);
      return openIn(this.#options, parent, { name: child.name, place });
    } catch (error) {
      const unreadable = errnoOf(error);
      if (unreadable === 'ENOENT' || isReplaced(unreadable)) {
        if (child.oldDir !== undefined) this.#remove(child.path);
        // Its directory is not listed, and so would not tell that it came back.
        if (child.isParentKept === true) builder.addDir(child.path);
        if (unreadable === 'ENOENT') return undefined; // Gone, as if never seen.
        this.#push(parent, { ...child, mark: SEEN_FROM_OUTSIDE }, undefined);
        return undefined;
      }
      report.gap(child.path, unreadable);
      this.#closed(parent, { ...child, mark: { unreadable } });
      return undefined;
    }
  }

  /** A directory that is recorded and not entered. What was below it last time is gone from view. */
  #closed(parent: OpenDir, child: Child & { mark: ItemMark }): void {
    if (child.oldDir !== undefined) this.#remove(child.path);
    this.#options.builder.addDir(child.path);
    const mark = { ...child.mark, isDir: true } as const;
    this.#push(parent, { path: child.path, name: child.name, mark }, undefined);
  }

  /** True where its names are now on the stack. */
  #enter(opened: { dir: OpenDir; path: ByteString; oldDir: number | undefined }): boolean {
    const { builder, report } = this.#options;
    const record = builder.addDir(opened.path);
    const looked = this.#lookInto(opened);
    const { mark, listing } = looked;
    if (mark !== undefined) {
      // What is left out now may have been kept last time.
      if (opened.oldDir !== undefined) this.#remove(opened.path);
      if (mark.unreadable !== undefined) report.gap(opened.path, mark.unreadable);
      this.#push(opened.dir, { path: opened.path, name: byteString(''), mark }, undefined);
      opened.dir.release();
      return false;
    }
    this.#push(opened.dir, { path: opened.path, name: byteString(''), mark: undefined }, record);
    const old = this.#options.old;
    const oldNames =
      old === undefined || opened.oldDir === undefined
        ? undefined
        : oldFiles(this.#options, {
            cache: old.cache,
            dir: opened.oldDir,
            path: opened.path,
          });
    const merged = withGone(listing, oldNames);
    this.#stack.push({ ...opened, record, ...merged, old: oldNames, next: 0 });
    return true;
  }

  #lookInto(opened: { dir: OpenDir; path: ByteString }): {
    mark?: ItemMark;
    listing: Listing;
  } {
    const nothing = { names: [], kinds: [] };
    try {
      const mark = this.#markOf(opened);
      if (mark !== undefined) return { mark, listing: nothing };
      return { listing: this.#options.source.list(opened.dir.handle) };
    } catch (error) {
      return { mark: { unreadable: errnoOf(error) }, listing: nothing };
    }
  }

  /** Why an opened directory is not entered. */
  #markOf(opened: { dir: OpenDir; path: ByteString }): ItemMark | undefined {
    const { source } = this.#options;
    source.stat(opened.dir.handle, byteString(''), this.#words);
    const device = this.#words[STAT_DEV] ?? 0n;
    return stopAfterOpening(this.#options, {
      path: opened.path,
      handle: opened.dir.handle,
      identity: `${device}:${this.#words[STAT_INO]}`,
      isForeign: device !== this.#rootDevice,
    });
  }

  #file(frame: Frame, file: { name: ByteString; path: ByteString; kind: ItemKind }): void {
    const { name, path } = file;
    const kept = frame.old?.unchanged(name);
    if (kept !== undefined) {
      frame.record.addFile(name, kept);
      this.#options.report.kept(kept);
      return;
    }
    if (frame.old?.dirs.has(name) === true) this.#remove(path);
    // Opening a device can do things, and opening a FIFO wakes who waits for a reader.
    const mark = file.kind === 'file' ? undefined : SEEN_FROM_OUTSIDE;
    this.#push(frame.dir, { name, path, mark }, frame.record);
  }

  #exclude(
    frame: Frame,
    left: { name: ByteString; path: ByteString; rule: string; isDir: boolean },
  ): void {
    const { report, place: root } = this.#options;
    const { name, path, rule, isDir } = left;
    const entry = { dir: frame.dir.handle, name, isDir, place: placeOf(root, path) };
    report.excluded(rule, countOf(this.#options, entry));
    frame.record.excluded.push({ name, rule, isDir });
    if (frame.old?.has(name) === true) this.#remove(path);
  }

  #kindOf(frame: Frame, name: ByteString): EntryKind {
    try {
      this.#options.source.stat(frame.dir.handle, name, this.#words);
    } catch (error) {
      errnoOf(error); // The worker looks again and names the failure.
      return 'file';
    }
    return kindOfMode(Number(this.#words[STAT_MODE])) ?? 'file';
  }

  #push(
    dir: OpenDir,
    item: { path: ByteString; name: ByteString; mark: ItemMark | undefined },
    record: WalkedDir | undefined,
  ): void {
    const batch = this.#batch;
    if (batch.dirs.at(-1) !== dir) {
      dir.hold();
      batch.dirs.push(dir);
    }
    const { path, name, mark } = item;
    const { handle, guard } = dir;
    batch.items.push({ path, name, mark, dir: handle, ...(guard === undefined ? {} : { guard }) });
    batch.records.push(record);
  }

  #remove(path: ByteString): void {
    this.#batch.removals.push({ before: this.#batch.items.length, path });
  }

  #takeBatch(): Batch {
    const batch = this.#batch;
    this.#batch = emptyBatch();
    return batch;
  }
}

const SEEN_FROM_OUTSIDE: ItemMark = {};

/** What opening a directory says of what is none, or none any more. */
function isReplaced(errno: string): boolean {
  return errno === 'ENOTDIR' || errno === 'ELOOP';
}

/** Below it, a name and the path of a first hard link would still fit into a line. */
function isPathTooLong(path: ByteString): boolean {
  if (path.length * 6 <= DIR_PATH_TEXT_MAX) return false;
  return textField('path', path).length > DIR_PATH_TEXT_MAX;
}

function parentOf(path: ByteString): ByteString {
  return byteString(path.slice(0, path.lastIndexOf('/')) || '/');
}

function absent(root: ByteString, errno: string): Fault {
  return new Fault('HF_SOURCE_ABSENT', `${root} cannot be opened (${errno})`, { path: root });
}

/** The names to visit: those that are there, and those that only the last run saw. */
function withGone(
  listing: {
    readonly names: readonly ByteString[];
    readonly kinds: readonly (EntryKind | undefined)[];
  },
  old: OldFiles | undefined,
): { names: readonly ByteString[]; kinds: readonly ItemKind[] } {
  const kinds: ItemKind[] = listing.kinds.map((kind) => kind ?? 'unknown');
  if (old === undefined) return { names: listing.names, kinds };
  const here = new Set<string>(listing.names);
  const all = listing.names.map((name, at) => ({ name, kind: kinds[at] ?? 'unknown' }));
  for (const name of old.names) if (!here.has(name)) all.push({ name, kind: 'gone' });
  for (const name of old.dirs.keys()) if (!here.has(name)) all.push({ name, kind: 'gone' });
  all.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { names: all.map((entry) => entry.name), kinds: all.map((entry) => entry.kind) };
}

function isChanged(changed: Uint32Array, dir: number): boolean {
  return firstChanged(changed, dir) === dir;
}

/** The first changed directory at or after `dir`; a number beyond all where there is none. */
function firstChanged(changed: Uint32Array, dir: number): number {
  let low = 0;
  let high = changed.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changed[middle] ?? 0) < dir) low = middle + 1;
    else high = middle;
  }
  return changed[low] ?? Number.MAX_SAFE_INTEGER;
}
