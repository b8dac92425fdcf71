/**
 * The two layers of a file system: what processes see, and what is on the medium; and the changes
 * that have reached the first and not the second.
 */
import { assert } from '../src/base/assert.ts';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { Content } from './content.ts';

export type InodeKind = 'file' | 'dir' | 'symlink' | 'node';
export type Meta = Readonly<Record<string, string | number | bigint>>;

/** An inode on the medium. Data and meta are replaced, never changed in place. */
export interface StoredInode {
  readonly kind: InodeKind;
  data: Uint8Array;
  readonly entries: Map<ByteString, number>;
  /** Of a symbolic link. */
  readonly target: ByteString;
  meta: Meta;
}

export type Tree = ReadonlyMap<number, StoredInode>;

export const ROOT = 1;
/** Of what is no symbolic link. */
export const NO_TARGET = byteString('');

/** The smallest steps; one call makes one or several of them. */
export type Change =
  | {
      readonly kind: 'inode';
      readonly inode: number;
      readonly of: InodeKind;
      readonly target?: ByteString;
      readonly meta?: Meta;
    }
  | {
      readonly kind: 'write';
      readonly inode: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'resize'; readonly inode: number; readonly size: number }
  | { readonly kind: 'meta'; readonly inode: number; readonly meta: Meta }
  /** `to` undefined: the name is taken away. */
  | {
      readonly kind: 'entry';
      readonly inode: number;
      readonly name: ByteString;
      readonly to: number | undefined;
    }
  | { readonly kind: 'sync'; readonly inode: number }
  /**
   * The kernel could not write, says so once, and holds the pages for clean from now on. Names are
   * not lost so: journals that cannot be written make the whole file system read-only.
   */
  | { readonly kind: 'sync-failed'; readonly inode: number };

export type EntryChange = Extract<Change, { kind: 'entry' }>;
export type ContentChange = Extract<Change, { kind: 'write' | 'resize' }>;
export type MetaChange = Extract<Change, { kind: 'meta' }>;

export interface Pending<C extends Change = EntryChange | ContentChange | MetaChange> {
  /** Number of the call that made it: changes of one call may be atomic. */
  readonly call: number;
  readonly change: C;
  /** After a failed sync: no later sync brings it to the medium. */
  isLost: boolean;
}

export interface SeenInode {
  readonly kind: InodeKind;
  readonly content: Content;
  readonly entries: Map<ByteString, number>;
  readonly target: ByteString;
  meta: Meta;
  /** Names that lead here. */
  links: number;
}

/**
 * posix: all that POSIX allows. ext4: a journal keeps changes of names and inodes in order, and
 * each sync commits all of them.
 */
export type CrashMode = 'posix' | 'ext4';

export class Layers {
  readonly seen = new Map<number, SeenInode>();
  readonly stored = new Map<number, StoredInode>();
  readonly pending = new Map<number, Pending[]>();
  readonly #mode: CrashMode;
  usedBytes = 0;

  constructor(tree: Tree, mode: CrashMode) {
    this.#mode = mode;
    for (const [number, inode] of tree) {
      this.stored.set(number, { ...inode, entries: new Map(inode.entries) });
      const content = new Content(inode.data);
      const { kind, target, meta } = inode;
      const entries = new Map(inode.entries);
      this.seen.set(number, { kind, content, entries, target, meta, links: 0 });
      this.usedBytes += inode.data.length;
    }
    for (const { entries } of tree.values()) {
      for (const child of entries.values()) this.inode(child).links += 1;
    }
  }

  inode(number: number): SeenInode {
    const inode = this.seen.get(number);
    assert(inode !== undefined, `inode ${number} exists`);
    return inode;
  }

  storedInode(number: number): StoredInode {
    const inode = this.stored.get(number);
    assert(inode !== undefined, `inode ${number} exists`);
    return inode;
  }

  apply(change: Change, call: number): void {
    switch (change.kind) {
      case 'inode':
        this.#add(change);
        break;
      case 'sync':
        this.#sync(change.inode);
        break;
      case 'sync-failed':
        for (const each of this.pending.get(change.inode) ?? [])
          each.isLost ||= isContent(each.change);
        break;
      default:
        this.#see(change);
        this.#keep({ call, change, isLost: false });
    }
  }

  /** An inode nobody can reach yet; there is nothing to lose. */
  #add(change: Extract<Change, { kind: 'inode' }>): void {
    const { of: kind, target = NO_TARGET, meta = {} } = change;
    const data = new Uint8Array(0);
    const seen = { kind, content: new Content(data), entries: new Map(), target, meta, links: 0 };
    this.seen.set(change.inode, seen);
    this.stored.set(change.inode, { kind, data, entries: new Map(), target, meta });
  }

  #see(change: EntryChange | ContentChange | MetaChange): void {
    const inode = this.inode(change.inode);
    switch (change.kind) {
      case 'entry':
        this.#seeEntry(inode, change);
        break;
      case 'meta':
        inode.meta = { ...inode.meta, ...change.meta };
        break;
      case 'write':
      case 'resize':
        this.usedBytes -= inode.content.size;
        if (change.kind === 'write') inode.content.write(change.offset, change.bytes);
        else inode.content.resize(change.size);
        this.usedBytes += inode.content.size;
    }
  }

  #seeEntry(directory: SeenInode, change: EntryChange): void {
    const before = directory.entries.get(change.name);
    if (change.to === undefined) directory.entries.delete(change.name);
    else {
      directory.entries.set(change.name, change.to);
      const named = this.inode(change.to);
      // Two names that were swapped: for a moment the second has none.
      if (named.links === 0) this.usedBytes += named.content.size;
      named.links += 1;
    }
    if (before === undefined) return;
    const old = this.inode(before);
    old.links -= 1;
    if (old.links === 0) this.usedBytes -= old.content.size;
  }

  #keep(pending: Pending): void {
    const list = this.pending.get(pending.change.inode);
    if (list === undefined) this.pending.set(pending.change.inode, [pending]);
    else list.push(pending);
  }

  #sync(number: number): void {
    this.#commit(number);
    if (this.#mode === 'ext4') this.#commitJournal();
  }

  /** All that was changed of this inode: content and attributes, or the names in it. */
  #commit(number: number): void {
    const list = this.pending.get(number) ?? [];
    this.pending.delete(number);
    const stored = this.storedInode(number);
    const seen = this.inode(number);
    if (list.some((each) => each.isLost)) {
      const written = list.filter((each) => !each.isLost).flatMap(contentOf);
      stored.data = withChanges(stored.data, written, seen.content.size);
    } else if (list.length > 0) stored.data = seen.content.snapshot();
    stored.meta = seen.meta;
    for (const each of list) applyEntry(stored.entries, each);
  }

  #commitJournal(): void {
    for (const [number, list] of [...this.pending]) {
      const stored = this.storedInode(number);
      for (const each of list) {
        applyEntry(stored.entries, each);
        if (each.change.kind === 'meta') stored.meta = { ...stored.meta, ...each.change.meta };
      }
      const left = list.filter((each) => isContent(each.change));
      if (left.length > 0) this.pending.set(number, left);
      else this.pending.delete(number);
    }
  }
}

/** Other changes than of a name do nothing. */
export function applyEntry(entries: Map<ByteString, number>, { change }: Pending): void {
  if (change.kind !== 'entry') return;
  if (change.to === undefined) entries.delete(change.name);
  else entries.set(change.name, change.to);
}

/** @param size of the result; what no change wrote is zero */
export function withChanges(
  before: Uint8Array,
  changes: readonly ContentChange[],
  size: number,
): Uint8Array {
  const content = new Content(before);
  for (const change of changes) {
    if (change.kind === 'write') content.write(change.offset, change.bytes);
    else content.resize(change.size);
  }
  if (content.size !== size) content.resize(size);
  return content.snapshot();
}

function isContent(change: Change): change is ContentChange {
  return change.kind === 'write' || change.kind === 'resize';
}

export function contentOf(pending: Pending): readonly ContentChange[] {
  return isContent(pending.change) ? [pending.change] : [];
}
