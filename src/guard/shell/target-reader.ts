/** Stats of single paths below a target, by directory handles that are kept while paths come sorted. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { TreeMounts } from './apply-request.ts';
import { joined } from './target-tree.ts';
import { TreePrint } from '../core/match-renames.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import type { Precondition } from '../../base/plan.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import {
  type DirHandle,
  kindOfMode,
  type Source,
  SourceFailure,
  STAT_CTIME,
  STAT_DEV,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_SIZE,
  STAT_WORDS,
} from '../../host/source.ts';

export interface Seen {
  readonly kind: 'file' | 'dir' | 'symlink' | 'other';
  readonly precond: Precondition;
}

export interface Staying {
  /** Below the target. */
  readonly path: ByteString;
  readonly why: 'kept' | 'a mount' | 'what can be put back';
}

/** All that lies in a directory, itself included. */
export interface TreeSum {
  readonly entries: number;
  readonly bytes: number;
  /** Of what is no directory; of an empty one its own. */
  readonly newest: UnixMs;
  /** Newest change of content or attributes of what is no directory. */
  readonly newestChange: UnixMs;
  /** What it would look like elsewhere. */
  readonly print: string;
  /** The first that may not go along. */
  readonly staying: Staying | undefined;
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
const NO_NAME = byteString('');
const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

export class TargetReader {
  readonly #source: Source;
  readonly #root: DirHandle;
  /** Directories on the way to the last path asked for. */
  #open: { readonly name: string; readonly handle: DirHandle }[] = [];
  readonly #words = new BigInt64Array(STAT_WORDS);
  /** Told by the mount table: a bind mount of the same device is told by nothing else. */
  readonly #mountIn: (path: ByteString) => ByteString | undefined;
  /** Calls of lstat, for the measure of overhead. */
  stats = 0;

  /** @param root absolute, of a directory that is there */
  constructor(source: Source, root: ByteString, mounts?: TreeMounts) {
    this.#source = source;
    this.#root = source.openRoot(root);
    const above = joined(root, byteString('x')).length - 1;
    this.#mountIn = (path) => {
      const point = mounts?.anyWithin(joined(root, path));
      return point === undefined ? undefined : byteString(point.slice(above));
    };
  }

  close(): void {
    for (const { handle } of this.#open) this.#source.closeDir(handle);
    this.#open = [];
    this.#source.closeDir(this.#root);
  }

  /**
   * No symlink on the way is followed: what lies behind one is not there.
   * @throws SourceFailure for all but absence
   */
  look(path: ByteString): Seen | undefined {
    const parts = path.split('/');
    const name = byteString(parts.pop() ?? '');
    return orAbsent(() => this.#lookIn(this.#dirAt(parts), name));
  }

  /**
   * @param mayGo told of each entry below; the walk ends at the first that may not
   * @throws SourceFailure
   */
  sum(path: ByteString, mayGo: (path: ByteString) => boolean): TreeSum {
    const parts = path.split('/');
    const name = byteString(parts.pop() ?? '');
    const parent = this.#dirAt(parts);
    const own = this.#lookIn(parent, name);
    const tally = new Tally({ path, device: own.precond.device }, mayGo);
    const isOther = own.kind === 'dir' && this.#deviceOf(parent) !== own.precond.device;
    const mount = isOther ? path : this.#mountIn(path);
    if (mount !== undefined) {
      tally.staying = { path: mount, why: 'a mount' };
      return tally.end(own);
    }
    this.#walk(this.#source.openDir(parent, name), path, tally);
    return tally.end(own);
  }

  #walk(dir: DirHandle, path: ByteString, tally: Tally): void {
    try {
      for (const name of this.#source.list(dir).names) {
        if (tally.staying !== undefined) return;
        const below = byteString(path === '' ? name : `${path}/${name}`);
        const seen = this.#lookIn(dir, name);
        if (seen.kind === 'dir' && isQuarantineName(name)) {
          if (this.#holdsSomething(dir, name)) {
            tally.staying = { path: below, why: 'what can be put back' };
          }
          continue;
        }
        if (!tally.add(below, seen) || seen.kind !== 'dir') continue;
        this.#walk(this.#source.openDir(dir, name), below, tally);
      }
    } finally {
      this.#source.closeDir(dir);
    }
  }

  #holdsSomething(parent: DirHandle, name: ByteString): boolean {
    const dir = this.#source.openDir(parent, name);
    try {
      return this.#source.list(dir).names.length > 0;
    } finally {
      this.#source.closeDir(dir);
    }
  }

  #deviceOf(dir: DirHandle): bigint {
    return this.#lookIn(dir, NO_NAME).precond.device;
  }

  #lookIn(dir: DirHandle, name: ByteString): Seen {
    const words = this.#words;
    this.stats += 1;
    this.#source.stat(dir, name, words);
    const mode = Number(words[STAT_MODE]);
    const kind = kindOfMode(mode);
    return {
      kind: kind === 'file' || kind === 'dir' || kind === 'symlink' ? kind : 'other',
      precond: {
        inode: words[STAT_INO] ?? 0n,
        device: words[STAT_DEV] ?? 0n,
        mode,
        size: words[STAT_SIZE] ?? 0n,
        mtimeNs: words[STAT_MTIME] ?? 0n,
        ctimeNs: words[STAT_CTIME] ?? 0n,
      },
    };
  }

  #dirAt(parts: readonly string[]): DirHandle {
    let shared = 0;
    while (shared < parts.length && this.#open[shared]?.name === parts[shared]) shared += 1;
    for (const { handle } of this.#open.splice(shared)) this.#source.closeDir(handle);
    let handle = this.#open.at(-1)?.handle ?? this.#root;
    for (const name of parts.slice(shared)) {
      handle = this.#source.openDir(handle, byteString(name));
      this.#open.push({ name, handle });
    }
    return handle;
  }
}

class Tally {
  staying: Staying | undefined;
  readonly #mayGo: (path: ByteString) => boolean;
  readonly #top: ByteString;
  readonly #device: bigint;
  readonly #print = new TreePrint();
  #entries = 1;
  #bytes = 0;
  #mtimeNs = 0n;
  #ctimeNs = 0n;

  constructor(
    top: { readonly path: ByteString; readonly device: bigint },
    mayGo: (path: ByteString) => boolean,
  ) {
    this.#top = top.path;
    this.#device = top.device;
    this.#mayGo = mayGo;
  }

  add(path: ByteString, { kind, precond }: Seen): boolean {
    if (!this.#mayGo(path)) {
      this.staying = { path, why: 'kept' };
      return false;
    }
    if (kind === 'dir' && precond.device !== this.#device) {
      this.staying = { path, why: 'a mount' };
      return false;
    }
    this.#entries += 1;
    if (kind === 'dir') return true;
    if (kind === 'file') this.#bytes += Number(precond.size);
    this.#print.add(byteString(path.slice(this.#top.length + 1)), ...printOf(kind, precond));
    if (precond.mtimeNs > this.#mtimeNs) this.#mtimeNs = precond.mtimeNs;
    if (precond.ctimeNs > this.#ctimeNs) this.#ctimeNs = precond.ctimeNs;
    return true;
  }

  end(own: Seen): TreeSum {
    const hasMore = this.#mtimeNs !== 0n;
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      newest: msOf(hasMore ? this.#mtimeNs : own.precond.mtimeNs),
      newestChange: msOf(hasMore ? this.#ctimeNs : own.precond.ctimeNs),
      print: this.#print.text(),
      staying: this.staying,
    };
  }
}

/** Of a single thing that is no directory. */
export function printOfOne({ kind, precond }: Seen): string {
  const print = new TreePrint();
  if (precond.size > 0n) print.add(byteString(''), ...printOf(kind, precond));
  return print.text();
}

function printOf(
  kind: Seen['kind'],
  precond: Precondition,
): readonly [size: number, mtimeS: number] {
  return [kind === 'file' ? Number(precond.size) : 0, Number(precond.mtimeNs / NS_PER_S)];
}

/** Rounded up, so that nothing that was there is newer than it. */
export function msOf(ns: bigint): UnixMs {
  return unixMs(Number((ns + NS_PER_MS - 1n) / NS_PER_MS));
}

function orAbsent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof SourceFailure && ABSENT.has(error.errno)) return undefined;
    throw error;
  }
}
