/** Paths below a directory, opened component by component: no symlink leads anywhere. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import type { Place } from '../../host/tree-writer.ts';
import { parentOf } from '../../manifest/core/order.ts';
import { nameOf } from '../core/entry-scan.ts';

/** The directory of the last path stays open: most of the next are in it. */
export class TargetPaths {
  readonly #source: Source;
  readonly #top: DirHandle;
  #last: { readonly path: ByteString; readonly handle: DirHandle } | undefined;

  /** @param top stays the caller's */
  constructor(source: Source, top: DirHandle) {
    this.#source = source;
    this.#top = top;
  }

  /**
   * Good until the next call.
   *
   * @param path `''` is the top itself
   * @throws SourceFailure
   */
  placeOf(path: ByteString): Place {
    if (path === '') return { dir: this.#top, name: path };
    return { dir: this.#dirOf(parentOf(path) ?? byteString('')), name: nameOf(path) };
  }

  close(): void {
    if (this.#last !== undefined) this.#source.closeDir(this.#last.handle);
    this.#last = undefined;
  }

  #dirOf(path: ByteString): DirHandle {
    if (path === '') return this.#top;
    if (this.#last?.path === path) return this.#last.handle;
    this.close();
    let dir = this.#top;
    for (const name of path.split('/')) {
      const above = dir;
      try {
        dir = this.#source.openDir(above, byteString(name));
      } finally {
        if (above !== this.#top) this.#source.closeDir(above);
      }
    }
    this.#last = { path, handle: dir };
    return dir;
  }
}
