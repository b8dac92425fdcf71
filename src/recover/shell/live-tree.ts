/** A live tree entry by entry, in the order of manifests, looked at only where somebody asks. */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  type DirHandle,
  type EntryKind,
  kindOfMode,
  type Source,
  STAT_CTIME,
  STAT_DEV,
  STAT_GID,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_RDEV,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import { errnoOf } from './failures.ts';
import type { ListedAhead, ListedDir } from './listed-dir.ts';

/** Where the tree hangs: `name` in an open directory, or this itself where `name` is empty. */
export interface LiveTop {
  readonly dir: DirHandle;
  readonly name: ByteString;
}

/** An entry by its place; `path` is below the top, which has the empty path. */
export interface EntryAt extends LiveTop {
  readonly path: ByteString;
}

export interface LiveEntry extends EntryAt {
  readonly type: EntryKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: bigint;
  readonly size: bigint;
  readonly device: { readonly major: number; readonly minor: number };
  /** What it is on, which of it, and when it changed in any way last. */
  readonly identity: LiveIdentity;
  /** First path of the same inode, where it is another one. */
  readonly link: ByteString | undefined;
  /** It has no attributes at all, as is known already. */
  readonly isBare?: true;
}

export interface LiveIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly ctime: bigint;
  /** With the bits of the type. */
  readonly mode: number;
}

/** A name that was listed and cannot be looked at. */
export interface HiddenEntry {
  readonly path: ByteString;
  readonly hidden: string;
}

interface Frame {
  readonly dir: DirHandle;
  readonly path: ByteString;
  readonly names: readonly ByteString[];
  /** Where it was read ahead. */
  readonly listed: ListedDir | undefined;
  at: number;
}

const PERMISSIONS = 0o7777n;

/**
 * A cursor through a live tree, without following symlinks. It stands at an entry and goes on
 * beside it or, if it is told to, into it. Memory: one list of names for each level.
 */
export class LiveTree {
  readonly #source: Source;
  readonly #top: LiveTop;
  readonly #ahead: ListedAhead | undefined;
  readonly #frames: Frame[] = [];
  readonly #stat: StatWords = new BigInt64Array(STAT_WORDS);
  readonly #links = new Map<string, { readonly path: ByteString; left: bigint }>();
  #current: LiveEntry | HiddenEntry | undefined;

  /** @param top its directory stays the caller's */
  constructor(source: Source, top: LiveTop, ahead?: ListedAhead) {
    this.#source = source;
    this.#top = top;
    this.#ahead = ahead;
    this.#current = this.#look(top, byteString(''));
  }

  get current(): LiveEntry | HiddenEntry | undefined {
    return this.#current;
  }

  /** Goes to what comes next beside the entry, or above it. */
  next(): void {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const index = frame.at++;
      const name = frame.names[index];
      if (name === undefined) {
        this.#leave();
        continue;
      }
      const path = byteString(frame.path === '' ? name : `${frame.path}/${name}`);
      const at = { dir: frame.dir, name };
      this.#current = this.#ofListed(frame, { ...at, path, index }) ?? this.#look(at, path);
      if (this.#current !== undefined) return;
    }
    this.#current = undefined;
  }

  /** Goes into the directory it stands at. @returns the error name where that cannot be */
  enter(): string | undefined {
    const entry = this.#current;
    assert(entry !== undefined && 'dir' in entry, 'what was looked at is entered');
    const isTop = entry.name === '';
    try {
      const dir = isTop ? entry.dir : this.#source.openDir(entry.dir, entry.name);
      try {
        const listed = this.#listedAhead(entry.path, dir);
        const { names } = listed ?? this.#source.list(dir);
        this.#frames.push({ dir, path: entry.path, names, listed, at: 0 });
      } catch (error) {
        if (!isTop) this.#source.closeDir(dir);
        throw error;
      }
    } catch (error) {
      const errno = errnoOf(error);
      this.next();
      return errno;
    }
    this.next();
    return undefined;
  }

  close(): void {
    while (this.#frames.length > 0) this.#leave();
    this.#current = undefined;
  }

  #leave(): void {
    const frame = this.#frames.pop();
    if (frame !== undefined && frame.dir !== this.#top.dir) this.#source.closeDir(frame.dir);
  }

  /** Only where it is this very directory that was read. */
  #listedAhead(path: ByteString, dir: DirHandle): ListedDir | undefined {
    const listed = this.#ahead?.take(path);
    if (listed === undefined) return undefined;
    this.#source.stat(dir, byteString(''), this.#stat);
    const isSame = this.#stat[STAT_DEV] === listed.device && this.#stat[STAT_INO] === listed.inode;
    return isSame ? listed : undefined;
  }

  /** Undefined where it has to be looked at. */
  #ofListed(
    { listed }: Frame,
    { index, ...at }: EntryAt & { readonly index: number },
  ): LiveEntry | undefined {
    if (listed === undefined) return undefined;
    const stat = this.#stat;
    for (let word = 0; word < STAT_WORDS; word++) {
      stat[word] = listed.words[index * STAT_WORDS + word] ?? 0n;
    }
    const type = kindOfMode(Number(stat[STAT_MODE]));
    if (type === undefined) return undefined;
    return this.#entryOf(at, type, listed.bare[index] === 1);
  }

  /** Undefined where it is gone since it was listed. */
  #look(at: LiveTop, path: ByteString): LiveEntry | HiddenEntry | undefined {
    const stat = this.#stat;
    try {
      this.#source.stat(at.dir, at.name, stat);
    } catch (error) {
      const errno = errnoOf(error);
      return errno === 'ENOENT' ? undefined : { path, hidden: errno };
    }
    const type = kindOfMode(Number(stat[STAT_MODE]));
    if (type === undefined) return { path, hidden: 'of an unknown type' };
    return this.#entryOf({ ...at, path }, type, false);
  }

  /** By the words of the last stat. */
  #entryOf({ dir, name, path }: EntryAt, type: EntryKind, isBare: boolean): LiveEntry {
    const stat = this.#stat;
    return {
      ...{ dir, name, path, type },
      mode: Number((stat[STAT_MODE] ?? 0n) & PERMISSIONS),
      uid: Number(stat[STAT_UID]),
      gid: Number(stat[STAT_GID]),
      mtime: stat[STAT_MTIME] ?? 0n,
      size: stat[STAT_SIZE] ?? 0n,
      device: deviceOf(stat[STAT_RDEV] ?? 0n),
      identity: {
        device: stat[STAT_DEV] ?? 0n,
        inode: stat[STAT_INO] ?? 0n,
        ctime: stat[STAT_CTIME] ?? 0n,
        mode: Number(stat[STAT_MODE]),
      },
      link: type === 'dir' ? undefined : this.#firstOf(path),
      ...(isBare ? { isBare } : {}),
    };
  }

  /** Forgotten when every name of the inode was seen: memory holds those that wait for one. */
  #firstOf(path: ByteString): ByteString | undefined {
    const stat = this.#stat;
    const count = stat[STAT_NLINK] ?? 1n;
    if (count <= 1n) return undefined;
    const key = `${stat[STAT_DEV]}:${stat[STAT_INO]}`;
    const known = this.#links.get(key);
    if (known === undefined) {
      this.#links.set(key, { path, left: count - 1n });
      return undefined;
    }
    known.left -= 1n;
    if (known.left <= 0n) this.#links.delete(key);
    return known.path;
  }
}

const NO_DEVICE = { major: 0, minor: 0 };

/** As Linux packs device numbers. */
function deviceOf(rdev: bigint): { readonly major: number; readonly minor: number } {
  if (rdev === 0n) return NO_DEVICE;
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
