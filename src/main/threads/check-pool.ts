import { assert } from '../../base/assert.ts';
import type { CheckCrew } from '../../vault/shell/check-crew.ts';
import type {
  CheckedLeaf,
  CheckedPack,
  LeavesToCheck,
  PackToCheck,
} from '../../vault/shell/check-work.ts';
import { type ReadingCrew, readingPool } from './restore-pool.ts';
import { type PoolAnswer, ThreadPool, threadEntry } from './thread-pool.ts';

export type CheckAsk =
  | { readonly kind: 'pack'; readonly task: number; readonly pack: PackToCheck }
  | { readonly kind: 'leaves'; readonly task: number; readonly leaves: LeavesToCheck };

export type CheckAnswer = PoolAnswer<CheckedPack | readonly CheckedLeaf[]>;

/** A crew of threads; more than there are cores, so that reading and computing overlap. */
export class ThreadCheckCrew implements CheckCrew {
  readonly #pool: ThreadPool<CheckAsk, CheckedPack | readonly CheckedLeaf[]>;

  constructor(of: ReadingCrew) {
    this.#pool = new ThreadPool(readingPool(of, threadEntry('check-thread', import.meta.url)));
  }

  get size(): number {
    return this.#pool.size;
  }

  async checkPack(pack: PackToCheck): Promise<CheckedPack> {
    const value = await this.#pool.ask((task) => ({ kind: 'pack', task, pack }));
    assert('damagedGroups' in value, 'a pack answers with what was seen of it');
    return value;
  }

  async checkLeaves(leaves: LeavesToCheck): Promise<readonly CheckedLeaf[]> {
    const value = await this.#pool.ask((task) => ({ kind: 'leaves', task, leaves }));
    assert(!('damagedGroups' in value), 'pages answer with what was seen of them');
    return value;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
