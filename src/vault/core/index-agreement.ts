import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS, type IndexTable } from './index-table.ts';

/** Rows of a table, put in buckets, each in the order of the table. */
interface Buckets {
  /** Of bucket n the rows from `starts[n]` until before `starts[n + 1]`. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

/** What an index says of each of its packs. It is looked through once, however many are asked for. */
export class SaidOfPacks {
  readonly #table: IndexTable;
  readonly #groups: Buckets;
  /** By number of the group: which of its pack it is. */
  readonly #nth: Uint32Array;
  readonly #entries: Buckets;

  constructor(table: IndexTable) {
    const { packs, groups, entries } = table;
    this.#table = table;
    const packOf = (group: number): number => groups[group * INDEX_GROUP_WORDS] ?? 0;
    this.#groups = bucketsOf(packs.length, groups.length / INDEX_GROUP_WORDS, packOf);
    const { starts, rows } = this.#groups;
    this.#nth = new Uint32Array(rows.length);
    for (let pack = 0; pack < packs.length; pack++) {
      const start = starts[pack] ?? 0;
      for (let at = start; at < (starts[pack + 1] ?? 0); at++) {
        this.#nth[rows[at] ?? 0] = at - start;
      }
    }
    this.#entries = bucketsOf(packs.length, entries.length / INDEX_ENTRY_WORDS, (entry) =>
      packOf(entries[(entry + 1) * INDEX_ENTRY_WORDS - 2] ?? 0),
    );
  }

  /** Whether this says of its pack what the other says of its own: size, groups, and what lies in them. */
  isSame(pack: number, other: SaidOfPacks, otherPack: number): boolean {
    if (this.#table.packs[pack]?.sizeBytes !== other.#table.packs[otherPack]?.sizeBytes)
      return false;
    const [groups, entries] = [rowsOf(this.#groups, pack), rowsOf(this.#entries, pack)];
    const otherGroups = rowsOf(other.#groups, otherPack);
    const otherEntries = rowsOf(other.#entries, otherPack);
    return (
      groups.length === otherGroups.length &&
      entries.length === otherEntries.length &&
      groups.every((row, at) => this.#isSameGroup(row, other, otherGroups[at] ?? 0)) &&
      entries.every((row, at) => this.#isSameEntry(row, other, otherEntries[at] ?? 0))
    );
  }

  #isSameGroup(row: number, other: SaidOfPacks, otherRow: number): boolean {
    const [one, two] = [row * INDEX_GROUP_WORDS, otherRow * INDEX_GROUP_WORDS];
    for (let word = 1; word < INDEX_GROUP_WORDS; word++) {
      if (this.#table.groups[one + word] !== other.#table.groups[two + word]) return false;
    }
    return true;
  }

  #isSameEntry(row: number, other: SaidOfPacks, otherRow: number): boolean {
    const [one, two] = [row * INDEX_ENTRY_WORDS, otherRow * INDEX_ENTRY_WORDS];
    const [words, otherWords] = [this.#table.entries, other.#table.entries];
    for (let word = 0; word < INDEX_ENTRY_WORDS; word++) {
      const [a = 0, b = 0] = [words[one + word], otherWords[two + word]];
      const isSame = word === INDEX_ENTRY_WORDS - 2 ? this.#nth[a] === other.#nth[b] : a === b;
      if (!isSame) return false;
    }
    return true;
  }
}

function rowsOf({ starts, rows }: Buckets, bucket: number): Uint32Array {
  return rows.subarray(starts[bucket], starts[bucket + 1]);
}

function bucketsOf(count: number, rowCount: number, bucketOf: (row: number) => number): Buckets {
  const buckets = Uint32Array.from({ length: rowCount }, (_, row) => bucketOf(row));
  const starts = new Uint32Array(count + 1);
  for (const bucket of buckets) starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
  for (let at = 0; at < count; at++) starts[at + 1] = (starts[at + 1] ?? 0) + (starts[at] ?? 0);
  const next = starts.slice();
  const rows = new Uint32Array(rowCount);
  for (const [row, bucket] of buckets.entries()) {
    const at = next[bucket] ?? 0;
    next[bucket] = at + 1;
    rows[at] = row;
  }
  return { starts, rows };
}
