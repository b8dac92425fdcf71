/**
 * The tree that a plan is about, reached component by component through directory handles that
 * never follow a symlink: whatever is swapped in meanwhile, nothing leads out of it.
 */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  type DirHandle,
  type Source,
  STAT_DEV,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { Place } from '../../host/tree-writer.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { errnoOf } from './tree-errno.ts';

const NO_NAME = byteString('');
const ROOT = byteString('/');
/** No path below a target. */
export const ABOVE = ROOT;

/** A directory of the tree that is open. */
export interface OpenedDir {
  /** Below the target; of the target itself empty. */
  readonly path: ByteString;
  readonly handle: DirHandle;
  readonly device: bigint;
  /** The highest directory of the same mount on the way to it; `ABOVE`: it begins above the target. */
  readonly mount: ByteString;
}

export class TargetTree {
  readonly target: ByteString;
  readonly #source: Source;
  readonly #mounts: Pick<Mounts, 'at'> | undefined;
  /** From the target down to the directory that was used last. */
  readonly #open: OpenedDir[] = [];
  #above: OpenedDir | undefined;
  readonly #stat: StatWords = new BigInt64Array(STAT_WORDS);

  /** @param target absolute, without symlinks in it; it need not be there yet */
  constructor(
    ports: { readonly source: Source; readonly mounts?: Pick<Mounts, 'at'> },
    target: ByteString,
  ) {
    assert(target.startsWith('/'), 'a target is absolute');
    this.target = target;
    this.#source = ports.source;
    this.#mounts = ports.mounts;
  }

  /**
   * Where `path` is named. Of the target itself: in the directory above it.
   *
   * @throws SourceFailure where a directory on the way is none (any more)
   */
  placeOf(path: ByteString): Place {
    if (path === '') return { dir: this.above().handle, name: lastOf(this.target) };
    return { dir: this.dirAt(aboveOf(path)).handle, name: lastOf(path) };
  }

  /** The directory that holds `path`. */
  parentOf(path: ByteString): OpenedDir {
    return path === '' ? this.above() : this.dirAt(aboveOf(path));
  }

  /** @throws SourceFailure where there is no such directory; a symlink is none */
  dirAt(path: ByteString): OpenedDir {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (isWithin(top.path, path)) break;
      this.#leave();
    }
    let top = this.#open.at(-1) ?? this.#enterTarget();
    while (top.path !== path) top = this.#enter(top, nextName(top.path, path));
    return top;
  }

  /** The directory that holds the target. */
  above(): OpenedDir {
    this.#above ??= this.#opened(this.#openBelowRoot(aboveOf(this.target)), NO_NAME);
    return this.#above;
  }

  /** What was at `path` is another thing now: it is not walked through by an old handle. */
  forget(path: ByteString): void {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (!isWithin(path, top.path)) return;
      this.#leave();
    }
  }

  close(): void {
    while (this.#open.length > 0) this.#leave();
    if (this.#above !== undefined) this.#source.closeDir(this.#above.handle);
    this.#above = undefined;
  }

  #enterTarget(): OpenedDir {
    const handle = this.#source.openDir(this.above().handle, lastOf(this.target));
    return this.#push(this.#opened(handle, NO_NAME, this.above()));
  }

  #enter(parent: OpenedDir, name: ByteString): OpenedDir {
    const path = byteString(parent.path === '' ? name : `${parent.path}/${name}`);
    return this.#push(this.#opened(this.#source.openDir(parent.handle, name), path, parent));
  }

  #push(dir: OpenedDir): OpenedDir {
    this.#open.push(dir);
    return dir;
  }

  #opened(handle: DirHandle, path: ByteString, parent?: OpenedDir): OpenedDir {
    this.#source.stat(handle, NO_NAME, this.#stat);
    const device = this.#stat[STAT_DEV] ?? 0n;
    if (parent === undefined) return { path, handle, device, mount: ABOVE };
    const isSame = parent.device === device && !this.#isMount(path);
    return { path, handle, device, mount: isSame ? parent.mount : path };
  }

  #isMount(path: ByteString): boolean {
    return this.#mounts?.at(joined(this.target, path)) !== undefined;
  }

  #leave(): void {
    const left = this.#open.pop();
    if (left !== undefined) this.#source.closeDir(left.handle);
  }

  /** Each component without following; they may be passed and not listed. */
  #openBelowRoot(path: ByteString): DirHandle {
    let handle = this.#source.openRoot(ROOT);
    for (const name of path.split('/').filter((each) => each !== '')) {
      const parent = handle;
      try {
        handle = this.#source.openDir(parent, byteString(name));
      } catch (error) {
        if (errnoOf(error) !== 'EACCES') throw error;
        handle = this.#source.passDir(parent, byteString(name));
      } finally {
        this.#source.closeDir(parent);
      }
    }
    return handle;
  }
}

/** `a/b` of `a/b/c`; empty of `a`. */
export function aboveOf(path: ByteString): ByteString {
  return byteString(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
}

export function lastOf(path: ByteString): ByteString {
  return byteString(path.slice(path.lastIndexOf('/') + 1));
}

export function joined(dir: ByteString, name: string): ByteString {
  if (dir === '' || name === '') return byteString(`${dir}${name}`);
  return byteString(dir.endsWith('/') ? `${dir}${name}` : `${dir}/${name}`);
}

function nextName(above: ByteString, path: ByteString): ByteString {
  const rest = above === '' ? path : path.slice(above.length + 1);
  const end = rest.indexOf('/');
  return byteString(end < 0 ? rest : rest.slice(0, end));
}
