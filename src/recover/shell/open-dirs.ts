/**
 * The directories of a restore: made on the way down, held open while work in them is under way,
 * and finished (owner, attributes, mode, times) from below when all in them is done.
 */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DirHandle } from '../../host/source.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { Entry } from '../../manifest/core/entry.ts';

export interface OpenDir {
  /** In the root that is restored. */
  readonly path: ByteString;
  readonly name: ByteString;
  readonly parent: OpenDir | undefined;
  /** As parsed; undefined where its page is lost, or the root is a file. */
  readonly entry: Entry | undefined;
  handle: DirHandle | undefined;
  /** Batches, files and directories in it that are not finished. */
  pending: number;
  isLeft: boolean;
}

export interface OpenDirsPorts {
  /** Makes and opens it, or opens what is there. */
  readonly enter: (dir: Pick<OpenDir, 'path' | 'name'>, parent: DirHandle) => DirHandle;
  readonly reopen: (parent: DirHandle, name: ByteString) => DirHandle;
  /** All in it is done. */
  readonly finish: (dir: OpenDir, handle: DirHandle) => void;
  readonly close: (handle: DirHandle) => void;
}

/** Descriptors that are kept; a deeper tree opens some of its directories again. */
const OPEN_MAX = 600;
/** Of those that are opened again, how many are kept. */
const REOPENED_MAX = 300;

export class OpenDirs {
  readonly #ports: OpenDirsPorts;
  /** From the root down to where the walk is. */
  readonly #stack: OpenDir[] = [];
  /** All but the root that have a descriptor, the walk's and those that wait for a batch. */
  readonly #open = new Set<OpenDir>();

  constructor(ports: OpenDirsPorts) {
    this.#ports = ports;
  }

  /** The directory the walk is in; undefined before the root. */
  get current(): OpenDir | undefined {
    return this.#stack.at(-1);
  }

  /** @param handle of the root; it is not closed here */
  begin(root: { readonly entry: Entry | undefined; readonly handle: DirHandle }): void {
    const none = byteString('');
    const { entry, handle } = root;
    this.#stack.push({
      ...{ path: none, name: none, parent: undefined, entry, handle },
      ...{ pending: 1, isLeft: false },
    });
  }

  /** Whether the walk is in this directory, or in one below it. */
  isIn(path: ByteString): boolean {
    return this.#stack.some((dir) => dir.path === path);
  }

  /** Goes to the directory `parent`, leaving those that do not hold it. */
  leaveUntil(parent: ByteString): void {
    for (let dir = this.current; dir !== undefined && dir.path !== parent; dir = this.current) {
      if (isWithin(dir.path, parent)) throw corrupt('an entry is in no directory', parent);
      this.#stack.pop();
      this.#leave(dir);
    }
  }

  enter(dir: Pick<OpenDir, 'path' | 'name' | 'entry'>): void {
    const parent = this.current;
    assert(parent !== undefined, 'the root comes first');
    const handle = this.#ports.enter(dir, this.handleOf(parent));
    parent.pending += 1;
    const entered: OpenDir = { ...dir, parent, handle, pending: 1, isLeft: false };
    this.#stack.push(entered);
    this.#open.add(entered);
    this.#spare();
  }

  /** Leaves everything: the walk is over. */
  leaveAll(): void {
    for (let dir = this.#stack.pop(); dir !== undefined; dir = this.#stack.pop()) this.#leave(dir);
  }

  /** Lets go of everything, where the walk ended with a failure. */
  abandon(): void {
    for (const dir of this.#open) this.#close(dir);
  }

  handleOf(dir: OpenDir): DirHandle {
    const missing: OpenDir[] = [];
    let at = dir;
    for (; at.handle === undefined; at = above(at)) missing.push(at);
    let { handle } = at;
    for (let left = missing.length - 1; left >= 0; left--) {
      const each = missing[left];
      assert(each !== undefined, 'it is missing');
      const above = each.parent;
      handle = this.#ports.reopen(handle, each.name);
      each.handle = handle;
      this.#open.add(each);
      // On the way back up the nearest are needed first; the others would only be held.
      if (left >= REOPENED_MAX && above !== undefined && above !== at) this.#close(above);
    }
    return handle;
  }

  hold(dir: OpenDir): void {
    dir.pending += 1;
  }

  release(dir: OpenDir): void {
    for (let at: OpenDir | undefined = dir; at !== undefined; at = at.parent) {
      at.pending -= 1;
      if (at.pending > 0) return;
      assert(at.isLeft, 'only what was left is done');
      this.#ports.finish(at, this.handleOf(at));
      this.#close(at);
    }
  }

  #leave(dir: OpenDir): void {
    dir.isLeft = true;
    this.release(dir);
  }

  /** Of those the walk is in, the highest are needed last. Batches hold more than one each. */
  #spare(): void {
    for (let at = 1; this.#open.size > OPEN_MAX && at < this.#stack.length - 1; at++) {
      const dir = this.#stack[at];
      if (dir === undefined) break;
      // The walk is in it, and in one below it; nothing else is.
      if (dir.handle !== undefined && dir.pending <= 2) this.#close(dir);
    }
  }

  #close(dir: OpenDir): void {
    if (dir.parent === undefined || dir.handle === undefined) return;
    this.#ports.close(dir.handle);
    dir.handle = undefined;
    this.#open.delete(dir);
  }
}

function above(dir: OpenDir): OpenDir {
  assert(dir.parent !== undefined, 'the root is open');
  return dir.parent;
}
