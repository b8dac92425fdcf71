import { setImmediate } from 'node:timers/promises';
import type { ByteString } from '../../base/bytes.ts';
import {
  type BackupInside,
  directoryThing,
  type FoundInside,
  fileThing,
  type Thing,
  versionControlOf,
} from './things.ts';
import { type EntrySeen, joinPath, type StatSeen, type World } from './world.ts';

/** What a bounded walk of one tree saw. Figures of an incomplete one are "at least". */
export interface Walked {
  readonly bytes: number;
  readonly entries: number;
  readonly directories: number;
  readonly newestMs: number | undefined;
  /** Why it is not complete, in words; undefined where it is. */
  readonly cut: string | undefined;
  readonly unreadable: number;
  /** Version-controlled trees in it, by tool. */
  readonly repositories: ReadonlyMap<'git' | 'svn' | 'hg', number>;
  /** Data of their own kind, not counted here. */
  readonly found: readonly FoundInside[];
  readonly backups: readonly BackupInside[];
}

export interface WalkOptions {
  /** Not entered and not counted: rows of their own, mounts, Holdfast's own directories. */
  readonly skip: ReadonlySet<string>;
  readonly entriesMax: number;
}

interface Frame {
  readonly path: ByteString;
  readonly depth: number;
  /** What is left of it; undefined before it was opened. */
  entries: EntrySeen[] | undefined;
}

const DEPTH_MAX = 64;
const ENTRIES_AT_ONCE = 500;

/**
 * The bounded walk of one tree, without leaving its mount. It goes on where it was interrupted, so
 * that many trees take turns and a huge one does not keep the others from being seen.
 */
export class Walk {
  readonly #world: World;
  readonly #options: WalkOptions;
  readonly #stack: Frame[];
  #bytes = 0;
  #entries = 0;
  #directories = 0;
  #newestMs: number | undefined;
  #cut: string | undefined;
  #unreadable = 0;
  readonly #repositories = new Map<'git' | 'svn' | 'hg', number>();
  readonly #found: FoundInside[] = [];
  readonly #backups: BackupInside[] = [];

  constructor(world: World, root: ByteString, options: WalkOptions) {
    this.#world = world;
    this.#options = options;
    this.#stack = [{ path: root, depth: 0, entries: undefined }];
  }

  get isDone(): boolean {
    return this.#stack.length === 0 || this.#cut === this.#tooMany();
  }

  /** Walks until `isOver` or the end. */
  goOn(isOver: () => boolean): void {
    while (!this.isDone && !isOver()) {
      const directory = this.#stack.at(-1);
      if (directory === undefined) return;
      directory.entries ??= this.#open(directory.path);
      const some = directory.entries.splice(-ENTRIES_AT_ONCE);
      // Popped first: what is pushed below goes on top of it.
      if (directory.entries.length === 0) this.#stack.pop();
      for (const entry of some) this.#visit(directory, entry);
      this.#entries += some.length;
      if (this.#entries >= this.#options.entriesMax) this.#cut = this.#tooMany();
    }
  }

  #tooMany(): string {
    return `stopped after ${this.#options.entriesMax} entries`;
  }

  /** The entries that are to be counted: none of what is a thing of its own. */
  #open(path: ByteString): EntrySeen[] {
    const entries = this.#world.list(path);
    if (entries === undefined) {
      this.#unreadable += 1;
      return [];
    }
    this.#directories += 1;
    if (this.#isThingOfItsOwn(path, entries)) return [];
    this.#noteRepositories(entries);
    return [...entries];
  }

  #visit(directory: Frame, entry: EntrySeen): void {
    const path = joinPath(directory.path, entry.name);
    if (this.#options.skip.has(path) || this.#world.isUntouchable(path)) return;
    if (entry.type !== 'directory') this.#countFile(path, entry);
    else if (directory.depth < DEPTH_MAX) {
      this.#stack.push({ path, depth: directory.depth + 1, entries: undefined });
    } else this.#cut = `not below ${DEPTH_MAX} levels`;
  }

  #isThingOfItsOwn(path: ByteString, entries: readonly EntrySeen[]): boolean {
    const thing = directoryThing(this.#world, path, entries);
    if (thing !== undefined) this.#note(thing);
    return thing !== undefined;
  }

  #note(thing: Thing): void {
    if (thing.is === 'data') this.#found.push(thing.found);
    else this.#backups.push(thing.backup);
  }

  #noteRepositories(entries: readonly EntrySeen[]): void {
    for (const { name, type } of entries) {
      const tool = versionControlOf(name);
      if (tool === undefined || type === 'link' || type === 'other') continue;
      this.#repositories.set(tool, (this.#repositories.get(tool) ?? 0) + 1);
    }
  }

  #countFile(path: ByteString, entry: EntrySeen): void {
    const stat = this.#world.stat(path);
    if (stat === undefined) {
      this.#unreadable += 1;
      return;
    }
    if (entry.type === 'file' && this.#isRow(path, stat)) return;
    this.#bytes += entry.type === 'file' ? stat.bytes : 0;
    if (stat.changedMs > (this.#newestMs ?? 0)) this.#newestMs = stat.changedMs;
  }

  /** A dump is a backup and also a file of this tree: it is counted as both. */
  #isRow(path: ByteString, stat: StatSeen): boolean {
    const thing = fileThing(this.#world, path, stat);
    if (thing !== undefined) this.#note(thing);
    return thing?.is === 'data';
  }

  /** What was seen so far. */
  result(): Walked {
    const isCut = this.#stack.length > 0 && this.#cut === undefined;
    return {
      bytes: this.#bytes,
      entries: this.#entries,
      directories: this.#directories,
      newestMs: this.#newestMs,
      cut: isCut ? 'stopped at its time limit' : this.#cut,
      unreadable: this.#unreadable,
      repositories: this.#repositories,
      found: this.#found,
      backups: this.#backups,
    };
  }
}

/** Size and newest change of a directory that is a row by itself, whatever it holds. */
export async function sizeOf(
  world: World,
  root: ByteString,
  options: { readonly isOver: () => boolean; readonly entriesMax: number },
): Promise<Pick<Walked, 'bytes' | 'entries' | 'newestMs' | 'cut' | 'unreadable'>> {
  let bytes = 0;
  let entries = 0;
  let unreadable = 0;
  let newestMs: number | undefined;
  const stack: ByteString[] = [root];
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    if (options.isOver() || entries >= options.entriesMax) {
      return { bytes, entries, newestMs, unreadable, cut: 'stopped at its time limit' };
    }
    const listed = world.list(path);
    if (listed === undefined) unreadable += 1;
    for (const entry of listed ?? []) {
      const child = joinPath(path, entry.name);
      if (world.isUntouchable(child)) continue;
      if (entry.type === 'directory') {
        stack.push(child);
        continue;
      }
      const stat = world.stat(child);
      bytes += stat?.bytes ?? 0;
      if (stat !== undefined && stat.changedMs > (newestMs ?? 0)) newestMs = stat.changedMs;
    }
    entries += listed?.length ?? 0;
    await setImmediate();
  }
  return { bytes, entries, newestMs, unreadable, cut: undefined };
}
