import { Worker } from 'node:worker_threads';
import type { ByteString } from '../../base/bytes.ts';
import { threadEntry } from './thread-pool.ts';

export interface CountedTree {
  /** Absolute. */
  readonly root: ByteString;
  readonly excludeRules: readonly string[];
}

export interface TreeCount {
  readonly entries: number;
  readonly bytes: number;
}

/** Counts trees beside the work on them; what is not counted to the end is not said. */
export class CountAhead {
  readonly #worker: Worker;
  #total: TreeCount | undefined;

  constructor(trees: readonly CountedTree[]) {
    this.#worker = new Worker(threadEntry('count-thread', import.meta.url), { workerData: trees });
    this.#worker.on('message', (count: TreeCount) => {
      this.#total = count;
    });
    this.#worker.on('error', () => undefined); // Then the total stays unknown, as it was.
    this.#worker.unref();
  }

  get total(): TreeCount | undefined {
    return this.#total;
  }

  end(): void {
    void this.#worker.terminate();
  }
}
