import type { DirHandle, GuardedDir, Source } from '../../host/source.ts';
import { SourceFailure } from '../../host/source.ts';
import type { BatchItem } from './walk-item.ts';

/**
 * This thread's own handles of directories that the walk's thread opened on guarded mounts. Items
 * come directory by directory, so the last one is kept.
 */
export class GuardedDirs {
  readonly #source: Source;
  #last: (GuardedDir & { readonly handle: DirHandle }) | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The item, to be looked at from a handle that is valid here. @throws SourceFailure */
  own(item: BatchItem): BatchItem {
    const { guard } = item;
    return guard === undefined ? item : { ...item, dir: this.#handleOf(guard) };
  }

  #handleOf(guard: GuardedDir): DirHandle {
    const { mount, below } = guard;
    if (this.#last?.mount === mount && this.#last.below === below) return this.#last.handle;
    this.close();
    const handle = this.#source.openGuarded?.(guard);
    if (handle === undefined) throw new SourceFailure('ENOSYS');
    this.#last = { ...guard, handle };
    return handle;
  }

  close(): void {
    if (this.#last !== undefined) this.#source.closeDir(this.#last.handle);
    this.#last = undefined;
  }
}
