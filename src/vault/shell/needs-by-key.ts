/**
 * What of each pack is needed, object by object: an index has all ids, and which pages are needed
 * follows from what was opened. Of what lies in several packs one is its home, once it is proven
 * that it lies there; the others need not keep it. docs/design/050-compaction.md
 */
import { hexOf } from '../../base/bytes.ts';
import { memberWords, PREFIX_WORDS } from '../core/id-words.ts';
import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS } from '../core/index-table.ts';
import type { PrefixSet } from '../core/prefix-set.ts';
import type { SealedCopies } from './sealed-copies.ts';
import type { Exploration, SurveyedPack } from './survey-vault.ts';

/** One object in one pack, as its header or an index says. */
interface Row {
  readonly words: Uint32Array;
  readonly at: number;
  /** Number of the pack. */
  readonly pack: number;
  /** Number of the group, over all packs. */
  readonly group: number;
  readonly groupSize: number;
  readonly offset: number;
  readonly member: number;
}

type EachRow = (act: (row: Row) => void) => void;

/** In place of the number of a pack. */
const NOWHERE = -1;
const UNPROVEN = -2;

export class PackNeeds {
  readonly #packs: readonly SurveyedPack[];
  readonly #numbers = new Map<string, number>();
  readonly #ids: PrefixSet;
  readonly #each: EachRow;
  /** By number of the id: number of the pack that keeps it. */
  readonly #homes: Int32Array;

  /**
   * @param explored.survey packs that stay and that an index names are looked at, of one kind
   * @param ids that are needed
   */
  constructor(explored: Exploration, state: 'names' | 'content', ids: PrefixSet) {
    this.#packs = explored.survey.packs.filter(
      (pack) => pack.fate === 'live' && pack.isIndexed && pack.state === state,
    );
    for (const [number, { name }] of this.#packs.entries()) this.#numbers.set(name, number);
    this.#ids = ids;
    const rows = state === 'names' ? namesRows : contentRows;
    this.#each = (act) => rows(explored, this.#numbers, act);
    this.#homes = new Int32Array(ids.size).fill(NOWHERE);
  }

  /** To be called once, before anything is asked. */
  async findHomes(sealed: SealedCopies): Promise<void> {
    const rank = this.#ranks();
    const isTwice = new Uint8Array(this.#ids.size);
    this.#each(({ words, at, pack }) => {
      const id = this.#ids.numberOf(words, at);
      const home = this.#homes[id];
      if (id === -1 || home === undefined || home === pack) return;
      if (home !== NOWHERE) isTwice[id] = 1;
      if (home === NOWHERE || (rank[pack] ?? 0) < (rank[home] ?? 0)) this.#homes[id] = pack;
    });
    if (!isTwice.includes(1)) return;
    const twice: Row[] = [];
    this.#each((row) => {
      if (isTwice[this.#ids.numberOf(row.words, row.at)] === 1) twice.push(row);
    });
    // The best home first, pack by pack: each is read once.
    twice.sort((a, b) => (rank[a.pack] ?? 0) - (rank[b.pack] ?? 0) || a.offset - b.offset);
    for (const row of twice) {
      const id = this.#ids.numberOf(row.words, row.at);
      const pack = this.#packs[row.pack];
      if (isTwice[id] !== 1 || pack === undefined) continue;
      if (!(await sealed.holds({ ...row, pack }, row.words, row.at))) continue;
      this.#homes[id] = row.pack;
      isTwice[id] = 0;
    }
    // What was proven nowhere has no home: all that hold it keep it.
    for (const [id, twiceStill] of isTwice.entries())
      if (twiceStill === 1) this.#homes[id] = UNPROVEN;
  }

  /** Number of the id where the pack has to keep it; else undefined. */
  neededFrom(name: string, words: Uint32Array, at: number): number | undefined {
    const id = this.#ids.numberOf(words, at);
    const home = id === -1 ? NOWHERE : this.#homes[id];
    const isNeeded = home === UNPROVEN || (home !== NOWHERE && home === this.#numbers.get(name));
    return isNeeded ? id : undefined;
  }

  /** By name of the pack; by the number of objects in each group. */
  bytes(): ReadonlyMap<string, NeededBytes> {
    const [needed, sealed] = this.#bytesNeeded(({ words, at, pack }) => {
      const id = this.#ids.numberOf(words, at);
      const home = id === -1 ? NOWHERE : this.#homes[id];
      return home === pack || home === UNPROVEN;
    });
    return new Map(
      this.#packs.map(({ name }, number) => {
        const bytes = { neededBytes: needed[number] ?? 0, sealBytes: sealed[number] ?? 0 };
        return [name, bytes];
      }),
    );
  }

  /** What is needed most of, then the largest, then the smaller name: two places choose the same. */
  #ranks(): Int32Array {
    const [needed] = this.#bytesNeeded(({ words, at }) => this.#ids.numberOf(words, at) !== -1);
    const shareOf = (number: number): number =>
      (needed[number] ?? 0) / Math.max(1, this.#packs[number]?.groupsBytes ?? 0);
    const order = [...this.#packs.entries()].sort(
      ([a, one], [b, other]) =>
        shareOf(b) - shareOf(a) ||
        other.sizeBytes - one.sizeBytes ||
        (one.name < other.name ? -1 : 1),
    );
    const ranks = new Int32Array(this.#packs.length);
    for (const [rank, [number]] of order.entries()) ranks[number] = rank;
    return ranks;
  }

  /** By number of the pack: of its groups, what is needed, and what of that lies among other things. */
  #bytesNeeded(isNeeded: (row: Row) => boolean): readonly [Float64Array, Float64Array] {
    const total: number[] = [];
    const needed: number[] = [];
    const sizes: number[] = [];
    const packs: number[] = [];
    this.#each((row) => {
      const { group } = row;
      total[group] = (total[group] ?? 0) + 1;
      needed[group] = (needed[group] ?? 0) + Number(isNeeded(row));
      sizes[group] = row.groupSize;
      packs[group] = row.pack;
    });
    const bytes = new Float64Array(this.#packs.length);
    const apart = new Float64Array(this.#packs.length);
    // Numbers of groups of other packs are left out.
    for (const group of Object.keys(packs).map(Number)) {
      const pack = packs[group] ?? NOWHERE;
      const share = (needed[group] ?? 0) / (total[group] ?? 1);
      const own = Math.ceil((sizes[group] ?? 0) * share);
      bytes[pack] = (bytes[pack] ?? 0) + own;
      if (share < 1) apart[pack] = (apart[pack] ?? 0) + own;
    }
    return [bytes, apart];
  }
}

export interface NeededBytes {
  readonly neededBytes: number;
  readonly sealBytes: number;
}

function namesRows(
  { map }: Exploration,
  numbers: ReadonlyMap<string, number>,
  act: (row: Row) => void,
): void {
  for (const [group, { pack: name, offset, sizeBytes, header }] of map.namesGroups.entries()) {
    const pack = numbers.get(name);
    if (pack === undefined) continue;
    const words = memberWords(header);
    for (let member = 0; member < header.memberCount; member++) {
      const at = member * PREFIX_WORDS;
      act({ words, at, pack, group, groupSize: sizeBytes, offset, member });
    }
  }
}

/** What indexes say; of a pack that several name, the first. */
function contentRows(
  { map }: Exploration,
  numbers: ReadonlyMap<string, number>,
  act: (row: Row) => void,
): void {
  const counted = new Set<number>();
  let before = 0;
  for (const { packs, groups, entries } of map.tables.values()) {
    const own = packs.map(({ name }) => {
      const number = numbers.get(hexOf(name)) ?? NOWHERE;
      return counted.has(number) ? NOWHERE : number;
    });
    for (let at = 0; at < entries.length; at += INDEX_ENTRY_WORDS) {
      const group = entries[at + INDEX_ENTRY_WORDS - 2] ?? 0;
      const row = group * INDEX_GROUP_WORDS;
      const pack = own[groups[row] ?? 0] ?? NOWHERE;
      if (pack === NOWHERE) continue;
      const groupSize = (groups[row + 2] ?? 0) + (groups[row + 3] ?? 0);
      const member = (entries[at + INDEX_ENTRY_WORDS - 1] ?? 0) & 0xffff;
      const offset = groups[row + 1] ?? 0;
      act({ words: entries, at, pack, group: before + group, groupSize, offset, member });
    }
    for (const number of own) counted.add(number);
    before += groups.length / INDEX_GROUP_WORDS;
  }
}
