import type { IndexedPack } from '../core/index-builder.ts';
import { INDEX_ENTRIES_TARGET, IndexBuilder } from '../core/index-builder.ts';

/** The packs of one run as its indexes will name them. Headers are let go of when a pack is added. */
export class PacksOfRun {
  readonly #indexes: IndexBuilder[] = [];
  count = 0;
  sizeBytes = 0;

  add(pack: IndexedPack): void {
    let index = this.#indexes.at(-1);
    if (index === undefined || index.entryCount > INDEX_ENTRIES_TARGET) {
      index = new IndexBuilder();
      this.#indexes.push(index);
    }
    index.addPack(pack);
    this.count += 1;
    this.sizeBytes += pack.sizeBytes;
  }

  /** Each once: what was given is not kept here any more. */
  *takeIndexes(): Generator<IndexBuilder> {
    for (let index = this.#indexes.shift(); index !== undefined; index = this.#indexes.shift())
      yield index;
  }
}
