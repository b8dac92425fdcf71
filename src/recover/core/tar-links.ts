import type { ByteString } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import { isSameContent } from '../../manifest/core/diff.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { findEntry, type Manifest } from '../../manifest/core/walk.ts';

export interface TarLinksOptions {
  readonly manifest: Manifest;
  /** What is exported of it. */
  readonly within: ByteString;
}

/** First entries of inodes that are remembered; others are looked up in the manifest again. */
const HEADS_MAX = 50_000;

/** Which entries are further names of one that is in the archive already. */
export class TarLinks {
  readonly #options: TarLinksOptions;
  readonly #heads = new Map<ByteString, Entry>();
  /** First entries that are not in the archive, and who stands in for them, if anybody. */
  readonly #standIns = new Map<ByteString, Entry | undefined>();

  constructor(options: TarLinksOptions) {
    this.#options = options;
  }

  /**
   * The path in the manifest of the entry that this one is linked to; undefined where it is written
   * for itself: because it comes first, or because the two are not the same.
   */
  headOf(entry: Entry): ByteString | undefined {
    const { link, path } = entry;
    if (link === undefined || link === path) return undefined;
    const head = this.#find(link);
    const isSame = head !== undefined && head.type === entry.type && isSameContent(head, entry);
    return isSame ? head.path : undefined;
  }

  /** An entry was written for itself, or was to be. */
  note(entry: Entry, isWritten: boolean): void {
    const { link, path } = entry;
    if (link === undefined) return;
    if (link === path) {
      if (isWritten) this.#remember(path, entry);
      else this.#standIns.set(path, undefined);
    } else if (isWritten && this.#isOut(link)) {
      this.#standIns.set(link, entry);
    }
  }

  #find(link: ByteString): Entry | undefined {
    if (this.#isOut(link)) return this.#standIns.get(link);
    const known = this.#heads.get(link);
    if (known !== undefined) return known;
    const found = findEntry(this.#options.manifest, link);
    if (found !== undefined) this.#remember(link, found);
    return found;
  }

  #isOut(link: ByteString): boolean {
    return this.#standIns.has(link) || !isWithin(this.#options.within, link);
  }

  #remember(link: ByteString, entry: Entry): void {
    const [oldest] = this.#heads.keys();
    if (this.#heads.size >= HEADS_MAX && oldest !== undefined) this.#heads.delete(oldest);
    this.#heads.set(link, entry);
  }
}
