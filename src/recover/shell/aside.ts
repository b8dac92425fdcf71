import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import type { Place, TreeWriter } from '../../host/tree-writer.ts';
import { errnoOf } from './failures.ts';

export interface AsidePorts {
  readonly tree: TreeWriter;
  readonly source: Source;
}

/** Tries for a free name where something of that name was moved aside before. */
const TRIES_MAX = 100;

/** Keeps what is replaced: under its own path, below one directory at the top of the target. */
export class Aside {
  readonly #ports: AsidePorts;
  readonly #at: { readonly top: DirHandle; readonly aside: ByteString };

  constructor(ports: AsidePorts, at: { readonly top: DirHandle; readonly aside: ByteString }) {
    this.#ports = ports;
    this.#at = at;
  }

  /** @param path below the target, of what lies at `place` */
  move(place: Place, path: ByteString): void {
    const names = [this.#at.aside, ...path.split('/').map(byteString)];
    const last = names.pop() ?? path;
    let dir = this.#at.top;
    try {
      for (const name of names) {
        const below = this.#enter(dir, name);
        this.#leave(dir);
        dir = below;
      }
      this.#rename(place, { dir, name: last });
    } finally {
      this.#leave(dir);
    }
  }

  #rename(from: Place, to: Place): void {
    for (let count = 1; ; count++) {
      const name = count === 1 ? to.name : byteString(`${to.name}.${count}`);
      try {
        this.#ports.tree.rename(from, { dir: to.dir, name });
        return;
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST' || count >= TRIES_MAX) throw error;
      }
    }
  }

  #enter(dir: DirHandle, name: ByteString): DirHandle {
    try {
      this.#ports.tree.makeDir(dir, name);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    return this.#ports.source.openDir(dir, name);
  }

  #leave(dir: DirHandle): void {
    if (dir !== this.#at.top) this.#ports.source.closeDir(dir);
  }
}
