import { assert } from '../../base/assert.ts';
import type { RestoreTally } from '../../recover/core/restore-tally.ts';
import type { VerifyBatch, VerifyResult } from '../../recover/shell/verify-work.ts';
import type { RestoreCrew } from '../../recover/shell/restore-crew.ts';
import type {
  EntryBatch,
  PartBatch,
  PartResult,
  RestoreSetup,
} from '../../recover/shell/restore-setup.ts';
import type { VaultAccess } from '../../vault/shell/vault-access.ts';
import type { PacksShare } from './read-packs.ts';
import { type PoolAnswer, ThreadPool, threadEntry, type ThreadPoolOptions } from './thread-pool.ts';

/** What a thread needs to read a vault. It holds keys: threads only. */
export interface VaultShare {
  readonly packs: PacksShare;
  readonly access: VaultAccess;
}

/** What a crew of such threads is made of. */
export interface ReadingCrew {
  readonly sharePacks: () => PacksShare;
  readonly access: VaultAccess;
  readonly size: number;
}

export function readingPool(
  { sharePacks, access, size }: ReadingCrew,
  entry: URL,
): ThreadPoolOptions {
  const dataFor = (): ReturnType<ThreadPoolOptions['dataFor']> => {
    const packs = sharePacks();
    const workerData: VaultShare = { packs, access };
    return { workerData, transferList: packs.kind === 'remote' ? [packs.port] : [] };
  };
  return { entry, size, dataFor };
}

export type RestoreAsk =
  | { readonly kind: 'begin'; readonly setup: RestoreSetup }
  | { readonly kind: 'restore'; readonly task: number; readonly batch: EntryBatch }
  | { readonly kind: 'parts'; readonly task: number; readonly batch: PartBatch }
  | { readonly kind: 'compare'; readonly task: number; readonly batch: VerifyBatch };

type RestoreValue = RestoreTally | PartResult | VerifyResult;
export type RestoreAnswer = PoolAnswer<RestoreValue>;

/** A crew of threads that read, verify and write. */
export class ThreadRestoreCrew implements RestoreCrew {
  readonly #pool: ThreadPool<RestoreAsk, RestoreValue>;

  /** Threads start at once, since that takes a while. */
  constructor(of: ReadingCrew) {
    this.#pool = new ThreadPool(readingPool(of, threadEntry('restore-thread', import.meta.url)));
  }

  get size(): number {
    return this.#pool.size;
  }

  begin(setup: RestoreSetup): void {
    this.#pool.tellAll({ kind: 'begin', setup });
  }

  async restore(batch: EntryBatch): Promise<RestoreTally> {
    const value = await this.#pool.ask((task) => ({ kind: 'restore', task, batch }));
    assert('failureCount' in value, 'a batch answers with its tally');
    return value;
  }

  async writeParts(batch: PartBatch): Promise<PartResult> {
    const value = await this.#pool.ask((task) => ({ kind: 'parts', task, batch }));
    assert('isWhole' in value, 'parts answer with their result');
    return value;
  }

  async compare(batch: VerifyBatch): Promise<VerifyResult> {
    const value = await this.#pool.ask((task) => ({ kind: 'compare', task, batch }));
    assert('differences' in value, 'a comparison answers with differences');
    return value;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
