import type { Source } from '../../host/source.ts';

/** Whether those who read may go on, for all threads that share it. */
export class Gate {
  readonly #word: Int32Array;

  /** @param share of another thread's gate; a new one, open, without it */
  constructor(share: SharedArrayBuffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#word = new Int32Array(share);
  }

  get share(): SharedArrayBuffer {
    const { buffer } = this.#word;
    if (buffer instanceof SharedArrayBuffer) return buffer;
    throw new TypeError('a gate is shared');
  }

  set(isOpen: boolean): void {
    Atomics.store(this.#word, 0, isOpen ? OPEN : CLOSED);
    if (isOpen) Atomics.notify(this.#word, 0);
  }

  /** Blocks the thread while it is closed; a keeper that does not come back is not waited for. */
  pass(): void {
    if (Atomics.load(this.#word, 0) === CLOSED) Atomics.wait(this.#word, 0, CLOSED, WAIT_MS_MAX);
  }
}

const OPEN = 0;
const CLOSED = 1;
const WAIT_MS_MAX = 2000;

/** A source that waits at a gate before it asks the disk for anything that takes long. */
export function gatedSource<S extends Source>(source: S, gate: Gate): S {
  return {
    ...source,
    statMany(dirPath, names, into) {
      gate.pass();
      source.statMany(dirPath, names, into);
    },
    openFile(dir, name) {
      gate.pass();
      return source.openFile(dir, name);
    },
    read(file, into, position) {
      gate.pass();
      return source.read(file, into, position);
    },
  };
}
