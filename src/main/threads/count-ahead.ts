import { Worker } from 'node:worker_threads';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import type { SizedTree } from '../sizes-below.ts';
import { threadEntry } from './thread-pool.ts';

export interface TreeCount {
  readonly entries: number;
  readonly bytes: number;
}

/** Counts trees beside the work on them; what is not counted to the end is not said. */
export class CountAhead {
  readonly #worker: Worker;
  #total: TreeCount | undefined;

  /** Undefined where a tree lies on a mount that may be dead: a thread that asks it cannot be ended. */
  static begin(trees: readonly SizedTree[]): CountAhead | undefined {
    const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
    const mayHang = trees.some(
      ({ root }) => mounts.holding(mounts.realPath(root))?.isRemote === true,
    );
    return mayHang ? undefined : new CountAhead(trees);
  }

  private constructor(trees: readonly SizedTree[]) {
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
