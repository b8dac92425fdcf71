/** What the walk hands to a worker, and the open directories it holds until that is done. */
import type { ByteString } from '../../base/bytes.ts';
import type { WalkedDir } from './cache-builder.ts';
import type { OpenDir } from './open-dir.ts';
import type { BatchItem } from './walk-item.ts';

const BATCH_ITEMS = 512;
/** Each directory of a batch holds a descriptor until the batch is done. */
const BATCH_DIRS = 64;

export interface Batch {
  readonly items: BatchItem[];
  /** The record each item's stat belongs to: of the directory itself, or of the one it lies in. */
  readonly records: (WalkedDir | undefined)[];
  /** What is gone, with all below it; each to be applied before the item of that number. */
  readonly removals: { readonly before: number; readonly path: ByteString }[];
  readonly dirs: OpenDir[];
}

export function emptyBatch(): Batch {
  return { items: [], records: [], removals: [], dirs: [] };
}

export function hasWork(batch: Batch): boolean {
  return batch.items.length > 0 || batch.removals.length > 0;
}

export function isFull(batch: Batch): boolean {
  return (
    batch.items.length >= BATCH_ITEMS ||
    batch.dirs.length >= BATCH_DIRS ||
    batch.removals.length >= BATCH_ITEMS
  );
}
