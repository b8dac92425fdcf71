/**
 * Packs of which nothing is needed any more, since all that is lies in others byte for byte. An
 * index only says where to look: bytes are compared with a pack that has the digest of its name.
 * docs/design/050-compaction.md
 */
import { hexOf } from '../../base/bytes.ts';
import { memberWords, PREFIX_WORDS } from '../core/id-words.ts';
import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS, type IndexTable } from '../core/index-table.ts';
import type { GroupHeader } from '../core/group-header.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import { dataKeyIdOf } from './move-groups.ts';
import type { GroupPlace, PackTrailer } from '../core/pack.ts';
import type { SealedCopies } from './sealed-copies.ts';
import { readHeader, readTrailer, readWholePack } from './pack-look.ts';
import type { StoredObject } from './store.ts';
import type { MappedPack, Reach, VaultMap } from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf } from './vault-problem.ts';

export interface CopiesWanted {
  readonly map: VaultMap;
  readonly reach: Reach;
  /** Packs, 64 hex digits, that may be taken away: a copy in one of them is none. */
  readonly covered: ReadonlySet<string>;
  /** Of those, whose copies are read now; the others are believed, and read before they go. */
  readonly prove: ReadonlySet<string>;
  /** By name of the pack: of its groups, those that hold something reached. */
  readonly liveBytes: ReadonlyMap<string, number>;
  /** With the key: what lies elsewhere under another seal is there too, once it was opened. */
  readonly sealed?: SealedCopies | undefined;
}

/**
 * Names of packs that hold something reached, all of which lies in others that stay. Those that are
 * not covered are found so that each stays the copy of none of the others.
 */
export async function packsWithCopies(
  ports: ReadingPorts,
  wanted: CopiesWanted,
): Promise<ReadonlySet<string>> {
  const { covered, prove } = wanted;
  const places = new Places(wanted);
  const found = new Set<string>();
  const going = new Set(covered);
  const copies = new Copies(ports, wanted, places);
  // What goes anyway first, then what holds most that nobody needs, then the smallest.
  const shareOf = ({ name, groupsBytes }: MappedPack): number =>
    covered.has(name) ? -1 : (wanted.liveBytes.get(name) ?? 0) / groupsBytes;
  // Of equals the smaller name stays: so two places that copy each other keep the same.
  const byName = (a: MappedPack, b: MappedPack): number => (a.name < b.name ? 1 : -1);
  const candidates = places
    .candidates()
    .sort((a, b) => shareOf(a) - shareOf(b) || a.sizeBytes - b.sizeBytes || byName(a, b));
  for (const pack of candidates) {
    const isBelieved = covered.has(pack.name) && !prove.has(pack.name);
    if (!isBelieved && !(await copies.areThere(pack, going))) continue;
    found.add(pack.name);
    going.add(pack.name);
  }
  return found;
}

interface Place {
  readonly pack: MappedPack;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly member: number;
}

const NOBODY = -1;

/** Where indexes say that reached ids lie. */
class Places {
  readonly #wanted: CopiesWanted;
  readonly #packs: readonly MappedPack[];
  readonly #numbers = new Map<string, number>();
  /** By number of the id: the first two packs that stay and hold it. */
  readonly #first: Int32Array;
  readonly #second: Int32Array;
  readonly #places = new Map<number, Place[]>();

  constructor(wanted: CopiesWanted) {
    this.#wanted = wanted;
    const { map, reach, covered } = wanted;
    this.#packs = [...map.packs.values()].filter(({ state }) => state !== 'damaged');
    for (const [number, { name }] of this.#packs.entries()) this.#numbers.set(name, number);
    this.#first = new Int32Array(reach.ids.size).fill(NOBODY);
    this.#second = new Int32Array(reach.ids.size).fill(NOBODY);
    const stays = this.#packs.map(({ name }) => !covered.has(name));
    this.#each((id, pack) => {
      if (stays[pack] !== true || this.#first[id] === pack) return;
      if (this.#first[id] === NOBODY) this.#first[id] = pack;
      else this.#second[id] = pack;
    });
  }

  /** Packs of which each reached id lies elsewhere too; and those places are known from now on. */
  candidates(): MappedPack[] {
    const live = new Uint8Array(this.#packs.length);
    const alone = new Uint8Array(this.#packs.length);
    this.#each((id, pack) => {
      live[pack] = 1;
      const isFirst = this.#first[id] === NOBODY || this.#first[id] === pack;
      if (isFirst && this.#second[id] === NOBODY) alone[pack] = 1;
    });
    const isCandidate = this.#packs.map((_, pack) => live[pack] === 1 && alone[pack] === 0);
    if (!isCandidate.includes(true)) return [];
    const ids = new Uint8Array(this.#wanted.reach.ids.size);
    this.#each((id, pack) => {
      if (isCandidate[pack] === true) ids[id] = 1;
    });
    this.#each((id, pack, place) => {
      if (ids[id] === 0 || this.#wanted.covered.has(this.#packs[pack]?.name ?? '')) return;
      const known = this.#places.get(id);
      if (known === undefined) this.#places.set(id, [place()]);
      else known.push(place());
    });
    return this.#packs.filter((_, pack) => isCandidate[pack]);
  }

  of(id: number): readonly Place[] {
    return this.#places.get(id) ?? [];
  }

  #each(act: (id: number, pack: number, place: () => Place) => void): void {
    for (const table of this.#wanted.map.tables.values()) this.#eachOf(table, act);
  }

  #eachOf(
    { packs, groups, entries }: IndexTable,
    act: (id: number, pack: number, place: () => Place) => void,
  ): void {
    const { ids } = this.#wanted.reach;
    const numbers = packs.map(({ name }) => this.#numbers.get(hexOf(name)) ?? NOBODY);
    for (let at = 0; at < entries.length; at += INDEX_ENTRY_WORDS) {
      const id = ids.numberOf(entries, at);
      if (id === -1) continue;
      const row = (entries[at + INDEX_ENTRY_WORDS - 2] ?? 0) * INDEX_GROUP_WORDS;
      const pack = numbers[groups[row] ?? 0] ?? NOBODY;
      const there = this.#packs[pack];
      if (there === undefined) continue;
      act(id, pack, () => ({
        pack: there,
        offset: groups[row + 1] ?? 0,
        sizeBytes: (groups[row + 2] ?? 0) + (groups[row + 3] ?? 0),
        member: (entries[at + INDEX_ENTRY_WORDS - 1] ?? 0) & 0xffff,
      }));
    }
  }
}

/** Whole packs are large: of so many the bytes are kept at once. */
const WHOLE_KEPT = 2;
const TRAILERS_KEPT = 64;

interface WholeCopy {
  /** Of others a group is read again, and compared as it is then. */
  bytes: Uint8Array | undefined;
  /** Where its groups begin. */
  readonly offsets: ReadonlySet<number>;
  readonly keys: KeysById;
}

/** Sealed data keys as text, by their ids. */
type KeysById = ReadonlyMap<string, ReadonlySet<string>>;

interface Asked {
  readonly pack: string;
  /** Of the pack. */
  readonly keys: KeysById;
  readonly going: ReadonlySet<string>;
}

interface Group {
  readonly place: GroupPlace;
  readonly header: GroupHeader;
  /** Number of one that is reached. */
  readonly id: number;
}

class Copies {
  readonly #ports: ReadingPorts;
  readonly #reach: Reach;
  readonly #sealed: SealedCopies | undefined;
  readonly #places: Places;
  readonly #whole = new Map<string, WholeCopy | undefined>();
  readonly #said = new Map<string, KeysById | undefined>();

  constructor(ports: ReadingPorts, { reach, sealed }: CopiesWanted, places: Places) {
    this.#ports = ports;
    this.#reach = reach;
    this.#sealed = sealed;
    this.#places = places;
  }

  /** Whether each group of it that holds something reached lies in a pack that does not go. */
  async areThere(pack: MappedPack, going: ReadonlySet<string>): Promise<boolean> {
    const object = { name: `packs/${pack.name}`, sizeBytes: pack.sizeBytes };
    try {
      const trailer = await readTrailer(this.#ports, object);
      const asked = { pack: pack.name, keys: keysOf(trailer), going };
      for (const place of trailer.groups) {
        if (!(await this.#isThere(asked, place))) return false;
      }
      return true;
    } catch (error) {
      problemOf(object.name, error); // A bug, and what may pass, is thrown on.
      return false;
    }
  }

  async #isThere(asked: Asked, place: GroupPlace): Promise<boolean> {
    const header = await readHeader(this.#ports, `packs/${asked.pack}`, place);
    const id = reachedIn(this.#reach, header);
    if (id === undefined) return true;
    if (await this.#isCopied(asked, { place, header, id })) return true;
    return this.#sealed !== undefined && (await this.#isSealed(asked, header, this.#sealed));
  }

  /** Each object of it that is reached was opened in a pack that stays. */
  async #isSealed(
    { pack, going }: Asked,
    header: GroupHeader,
    sealed: SealedCopies,
  ): Promise<boolean> {
    const words = memberWords(header);
    for (let at = 0; at < words.length; at += PREFIX_WORDS) {
      const id = this.#reach.ids.numberOf(words, at);
      if (id === -1) continue;
      let isThere = false;
      for (const other of this.#places.of(id)) {
        const { name } = other.pack;
        isThere = name !== pack && !going.has(name) && (await sealed.holds(other, words, at));
        if (isThere) break;
      }
      if (!isThere) return false;
    }
    return true;
  }

  /** Byte for byte, with the keys that open it. */
  async #isCopied({ pack, keys, going }: Asked, { place, header, id }: Group): Promise<boolean> {
    const length = place.headerLength + place.bodyLength;
    const ownKeys = keys.get(dataKeyIdOf(header));
    let bytes: Uint8Array | undefined;
    for (const other of this.#places.of(id)) {
      const { name } = other.pack;
      if (name === pack || going.has(name) || other.sizeBytes !== length) continue;
      // The end of it tells what two hosts stored at once, under two seals, from a copy.
      const said = await this.#keysSaid(other.pack);
      if (!isWithin(ownKeys, said?.get(dataKeyIdOf(header)))) continue;
      const copy = await this.#wholeOf(other.pack);
      const keysThere = copy?.keys.get(dataKeyIdOf(header));
      if (copy === undefined || !isWithin(ownKeys, keysThere)) continue;
      if (!copy.offsets.has(other.offset)) continue;
      const { store, tools } = this.#ports;
      const { offset } = other;
      bytes ??= await store.get(`packs/${pack}`, { offset: place.offset, length });
      const there =
        copy.bytes?.subarray(offset, offset + length) ??
        (await store.get(`packs/${name}`, { offset, length }));
      if (tools.codec.isEqual(bytes, there)) return true;
    }
    return false;
  }

  /** Undefined where the trailer cannot be read. Its digest is not known: it only says what is no copy. */
  async #keysSaid({ name, sizeBytes }: MappedPack): Promise<KeysById | undefined> {
    if (this.#said.has(name)) return this.#said.get(name);
    const object = { name: `packs/${name}`, sizeBytes };
    let keys: KeysById | undefined;
    try {
      keys = keysOf(await readTrailer(this.#ports, object));
    } catch (error) {
      problemOf(object.name, error);
    }
    forgetOldest(this.#said, TRAILERS_KEPT);
    this.#said.set(name, keys);
    return keys;
  }

  async #wholeOf({ name, sizeBytes }: MappedPack): Promise<WholeCopy | undefined> {
    if (this.#whole.has(name)) return this.#whole.get(name);
    const kept = [...this.#whole.values()].filter((each) => each?.bytes !== undefined);
    if (kept.length >= WHOLE_KEPT && kept[0] !== undefined) kept[0].bytes = undefined;
    const whole = await this.#readWhole({ name: `packs/${name}`, sizeBytes });
    this.#whole.set(name, whole);
    return whole;
  }

  /** Undefined where it cannot be read, or has another digest than its name. */
  async #readWhole(object: StoredObject): Promise<WholeCopy | undefined> {
    try {
      const { bytes, trailer } = await readWholePack(this.#ports, object);
      const offsets = new Set(trailer.groups.map(({ offset }) => offset));
      return { bytes, offsets, keys: keysOf(trailer) };
    } catch (error) {
      problemOf(object.name, error);
      return undefined;
    }
  }
}

/** So that with one more there are at most `count`. */
function forgetOldest(kept: Map<string, unknown>, count: number): void {
  const [oldest] = kept.keys();
  if (kept.size >= count && oldest !== undefined) kept.delete(oldest);
}

/** Number of an id of the group that is reached; undefined where none is. */
export function reachedIn({ ids }: Reach, header: GroupHeader): number | undefined {
  const words = memberWords(header);
  for (let at = 0; at < words.length; at += PREFIX_WORDS) {
    const number = ids.numberOf(words, at);
    if (number !== -1) return number;
  }
  return undefined;
}

/** A key that is in neither is somewhere else, and may go. */
function isWithin(
  own: ReadonlySet<string> | undefined,
  there: ReadonlySet<string> | undefined,
): boolean {
  return own !== undefined && [...own].every((key) => there?.has(key) === true);
}

function keysOf({ sealedKeys }: PackTrailer): KeysById {
  const keys = new Map<string, Set<string>>();
  for (const { id, bytes } of parseSealedKeys(sealedKeys)) {
    keys.set(id, (keys.get(id) ?? new Set()).add(bytes.join()));
  }
  return keys;
}
