/** Backups that were found and not opened, by whose data may be in them. */
import type { DataSet, UnopenedBackup } from './estate.ts';
import { mayHoldSet } from './may-hold.ts';

const NONE: readonly never[] = [];

export class FoundLists {
  /** Of which nobody said whose they are. */
  readonly #ofAny: readonly UnopenedBackup[];
  readonly #ofHost = new Map<string, UnopenedBackup[]>();

  constructor(found: readonly UnopenedBackup[]) {
    this.#ofAny = found.filter(({ ofHosts }) => ofHosts === undefined);
    for (const backup of found) {
      for (const host of new Set(backup.ofHosts)) {
        const known = this.#ofHost.get(host);
        if (known === undefined) this.#ofHost.set(host, [backup]);
        else known.push(backup);
      }
    }
  }

  /** Those that may hold it. */
  of(dataSet: DataSet): readonly UnopenedBackup[] {
    const { places, usedAs = [] } = dataSet;
    const hosts = new Set([...places, ...usedAs].map(({ host }) => host));
    const own = [...hosts].flatMap(
      (host): readonly UnopenedBackup[] => this.#ofHost.get(host) ?? [],
    );
    if (own.length === 0 && this.#ofAny.length === 0) return NONE;
    return [...new Set([...this.#ofAny, ...own])].filter((each) => mayHoldSet(each, dataSet));
  }
}
