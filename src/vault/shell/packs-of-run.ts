import { hexOf } from '../../base/bytes.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { INDEX_ENTRIES_OF_RUN, IndexBuilder } from '../core/index-builder.ts';

/**
 * The packs of one run as its indexes will name them: each once it is durable, so that an index may be put
 * while the run goes on. Headers are let go of when a pack is added to one.
 */
export class PacksOfRun {
  readonly #indexes: IndexBuilder[] = [];
  /** On their way, by name: 64 hex digits. */
  readonly #underWay = new Map<string, IndexedPack>();
  /** Stored, and heard of from there sooner than from who made them. */
  readonly #early = new Set<string>();
  readonly #indexFull: number;
  sizeBytes = 0;

  /** @param indexFull an index of more ids takes no more packs */
  constructor(indexFull = INDEX_ENTRIES_OF_RUN) {
    this.#indexFull = indexFull;
  }

  /** A pack that was handed over. */
  add(pack: IndexedPack): void {
    this.sizeBytes += pack.sizeBytes;
    const name = hexOf(pack.name);
    if (this.#early.delete(name)) this.#name(pack);
    else this.#underWay.set(name, pack);
  }

  /** It is durable. @param name 64 hex digits */
  stored(name: string): void {
    const pack = this.#underWay.get(name);
    if (pack === undefined) this.#early.add(name);
    else {
      this.#underWay.delete(name);
      this.#name(pack);
    }
  }

  /** Packs that were handed over and are not known to be durable. */
  get underWayCount(): number {
    return this.#underWay.size;
  }

  #name(pack: IndexedPack): void {
    let index = this.#indexes.at(-1);
    if (index === undefined || this.#isFull(index)) {
      index = new IndexBuilder();
      this.#indexes.push(index);
    }
    index.addPack(pack);
  }

  /** Those that take no more. Each once: what was given is not kept here any more. */
  *takeFull(): Generator<IndexBuilder> {
    for (let index = this.#indexes[0]; index !== undefined && this.#isFull(index); ) {
      this.#indexes.shift();
      yield index;
      index = this.#indexes[0];
    }
  }

  /** All. Each once. */
  *takeIndexes(): Generator<IndexBuilder> {
    for (let index = this.#indexes.shift(); index !== undefined; index = this.#indexes.shift())
      yield index;
  }

  #isFull({ entryCount }: IndexBuilder): boolean {
    return entryCount > this.#indexFull;
  }
}
