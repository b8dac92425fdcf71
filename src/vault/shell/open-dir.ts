import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { DirHandle, GuardedDir, Source } from '../../host/source.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { join } from './walk-item.ts';

/** A directory handle that closes when the walk and all batches have let go of it. */
export class OpenDir {
  readonly handle: DirHandle;
  /** Set where it lies on a mount that may stop answering: each thread opens it for itself. */
  readonly guard: GuardedDir | undefined;
  readonly #source: Source;
  #users = 1;

  constructor(
    source: Source,
    opened: { readonly handle: DirHandle; readonly guard: GuardedDir | undefined },
  ) {
    this.handle = opened.handle;
    this.guard = opened.guard;
    this.#source = source;
  }

  hold(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    assert(this.#users >= 0, 'a handle is let go of once by each user');
    if (this.#users === 0) this.#source.closeDir(this.handle);
  }
}

interface OpeningPorts {
  readonly source: Source;
  readonly mounts: Mounts;
}

/**
 * @param at `path` as a person named it; `place` the same with symlinks resolved
 * @throws SourceFailure
 */
export function openTop(
  { source, mounts }: OpeningPorts,
  at: { readonly path: ByteString; readonly place: ByteString },
): OpenDir {
  const guard = guardAt(mounts, at.place);
  if (guard !== undefined && source.openGuarded !== undefined) {
    return new OpenDir(source, { handle: source.openGuarded(guard), guard });
  }
  return new OpenDir(source, { handle: source.openRoot(at.path), guard: undefined });
}

/**
 * Opens a directory in another.
 *
 * @param child `place` is its absolute path: a mount may begin there
 * @throws SourceFailure
 */
export function openIn(
  { source, mounts }: OpeningPorts,
  parent: OpenDir,
  child: { readonly name: ByteString; readonly place: ByteString },
): OpenDir {
  const { name, place } = child;
  if (source.openGuarded !== undefined && mounts.at(place)?.isRemote === true) {
    const guard = { mount: place, below: byteString('') };
    return new OpenDir(source, { handle: source.openGuarded(guard), guard });
  }
  const { mount, below } = parent.guard ?? {};
  const guard =
    mount === undefined || below === undefined ? undefined : { mount, below: join(below, name) };
  return new OpenDir(source, { handle: source.openDir(parent.handle, name), guard });
}

/** By the innermost mount, where that may stop answering. @param place absolute, without symlinks */
export function guardAt(mounts: Mounts, place: ByteString): GuardedDir | undefined {
  if (mounts.holding(place)?.isRemote !== true) return undefined;
  const [mount] = mounts
    .remotes()
    .filter((each) => each === '/' || isWithin(each, place))
    .sort((one, other) => other.length - one.length);
  if (mount === undefined) return undefined;
  const below = place.slice(mount === '/' ? 1 : mount.length + 1);
  return { mount, below: byteString(below) };
}
