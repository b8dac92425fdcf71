/** Entries of a snapshot that were read once and are asked for again: reading pages costs more than they do. */
import type { ByteString } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import type { WantedTree } from './wanted-tree.ts';

/** Some 20 MB. */
const KEPT_MAX = 30_000;

export class KnownEntries implements Pick<WantedTree, 'find'> {
  readonly #wanted: Pick<WantedTree, 'find'>;
  readonly #entries = new Map<ByteString, Entry>();

  constructor(wanted: Pick<WantedTree, 'find'>) {
    this.#wanted = wanted;
  }

  /** What comes when there are too many is read again. */
  note(entry: Entry): void {
    if (this.#entries.size < KEPT_MAX) this.#entries.set(entry.path, entry);
  }

  find(path: ByteString): Entry | undefined {
    return this.#entries.get(path) ?? this.#wanted.find(path);
  }
}
