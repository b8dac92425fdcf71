/**
 * The indexes of a vault in a directory, asked in place: an id is looked up where it should stand in the sorted file, and
 * little else of it is read. For whoever wants some pages of a large vault. An index is a hint that headers and digests
 * decide about, so it is neither read whole nor compared with its digest here; whoever does not find what he wants
 * by it loads all (`loadIndex`), which bears damage and finds packs that no index names.
 */
import {
  type ByteString,
  byteString,
  type Digest,
  digestOfBytes,
  hexOf,
} from '../../base/bytes.ts';
import type { Disk, DiskReader } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { demand } from '../core/corruption.ts';
import { type IdSegment, NO_VALUE } from '../core/id-segment.ts';
import {
  INDEX_ENTRY_WORDS,
  INDEX_FIXED_SIZE,
  INDEX_GROUP_WORDS,
  INDEX_MAGIC,
  INDEX_PACK_SIZE,
  paddedKeysSize,
} from '../core/index-table.ts';
import { isPlausible } from '../core/pack.ts';
import { parseSealedKeys, type SealedKey } from '../core/sealed-key.ts';
import type { StoredObject } from './store.ts';
import type { LocatedGroup, ObjectPlaces, VaultAccess } from './vault-access.ts';

/** With more it is sooner read whole than asked one by one. */
export const INDEX_FILES_MAX = 64;
const ENTRY_SIZE = 4 * INDEX_ENTRY_WORDS;
const GROUP_SIZE = 4 * INDEX_GROUP_WORDS;
const PREFIX_SIZE = 16;
/** So many entries are read at once, and looked through in memory. */
const NEAR_ENTRIES = 128;
/** An honest index names an object as often as it is stored. */
const PLACES_MAX = 256;
const KEYS_SIZE_MAX = 16 * 1024 * 1024;
/** Of what is read at once of a whole one: entries and groups have room in it without a rest. */
const PIECE_SIZE = 32_768 * ENTRY_SIZE;
const WHAT = 'index';

export interface IndexPlace {
  readonly disk: Pick<Disk, 'openRead'>;
  readonly codec: Tools['codec'];
  /** Of the vault. */
  readonly root: ByteString;
}

export interface IndexFilesParts extends IndexPlace {
  readonly keys: VaultAccess['keys'];
  /** All below `index/`. */
  readonly indexes: readonly StoredObject[];
}

export interface NamedPack {
  /** 64 hex digits. */
  readonly name: string;
  readonly sizeBytes: number;
}

export interface IndexFiles extends ObjectPlaces {
  close(): void;
}

/**
 * @returns undefined where there are none, or too many
 * @throws Fault HF_VAULT_CORRUPT, HF_DISK_*
 */
export function openIndexFiles(parts: IndexFilesParts): IndexFiles | undefined {
  const { indexes, keys } = parts;
  if (indexes.length === 0 || indexes.length > INDEX_FILES_MAX) return undefined;
  const files: IndexFile[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  let isOpen = false;
  try {
    for (const { name } of indexes) files.push(new IndexFile(parts, name, files.length));
    isOpen = true;
  } finally {
    if (!isOpen) close();
  }
  return { ...placesIn(files, keys), close };
}

/** Whatever these name, in packs that are there or not. */
export function placesIn(files: readonly IndexFile[], keys: VaultAccess['keys']): ObjectPlaces {
  const all = (id: Digest): readonly LocatedGroup[] => files.flatMap((file) => file.all(id));
  const sealedKeys = files.flatMap((file) => file.sealedKeys);
  return { keys, sealedKeys, all, has: (id) => all(id).length > 0 };
}

/** One of them. Its shape is checked where it is read. */
export class IndexFile {
  readonly name: string;
  readonly #reader: DiskReader;
  readonly #codec: Tools['codec'];
  readonly #number: number;
  readonly #packCount: number;
  readonly #groupCount: number;
  readonly entryCount: number;
  readonly #groupsAt: number;
  readonly #entriesAt: number;
  readonly sealedKeys: readonly SealedKey[];

  /** @param number of this file among those that are asked together */
  constructor({ disk, codec, root }: IndexPlace, name: string, number: number) {
    this.name = name;
    this.#codec = codec;
    this.#number = number;
    this.#reader = disk.openRead(byteString(`${root}/${name}`));
    let isOpen = false;
    try {
      const head = this.#view(0, INDEX_FIXED_SIZE);
      const word = (at: number): number => head.getUint32(4 * at, true);
      const isIndex = word(0) === INDEX_MAGIC[0] && word(1) === INDEX_MAGIC[1];
      demand(isIndex, WHAT, 'it does not begin with HFINDEX0');
      [this.#packCount, this.#groupCount, this.entryCount] = [word(2), word(3), word(4)];
      const keysSize = word(5);
      demand(keysSize <= KEYS_SIZE_MAX, WHAT, 'its data keys are too many');
      const keysAt = INDEX_FIXED_SIZE + this.#packCount * INDEX_PACK_SIZE;
      this.#groupsAt = keysAt + paddedKeysSize(this.#packCount, keysSize);
      this.#entriesAt = this.#groupsAt + this.#groupCount * GROUP_SIZE;
      const end = this.#entriesAt + this.entryCount * ENTRY_SIZE;
      const isWhole = end === this.#reader.sizeBytes;
      demand(isWhole, WHAT, 'its length does not fit what it says of itself');
      this.sealedKeys = parseSealedKeys(this.#bytes(keysAt, keysSize));
      isOpen = true;
    } finally {
      if (!isOpen) this.close();
    }
  }

  close(): void {
    this.#reader.close();
  }

  /** @throws Fault HF_VAULT_CORRUPT where what it says of the id cannot be */
  all(id: Digest): readonly LocatedGroup[] {
    return this.#entriesOf(id).map((entry) => this.#groupOf(entry));
  }

  /**
   * Whether it names the id in a pack that counts.
   * @param counts of each pack, in its order: 1 where it does
   * @throws as `all`
   */
  names(id: Digest, counts: Uint8Array): boolean {
    return this.#entriesOf(id).some((entry) => counts[this.#packOf(entry)] === 1);
  }

  /** In the order in which it numbers them. */
  packs(): NamedPack[] {
    const view = this.#view(INDEX_FIXED_SIZE, this.#packCount * INDEX_PACK_SIZE);
    const text = this.#codec.textOf(new Uint8Array(view.buffer));
    return Array.from({ length: this.#packCount }, (_, pack) => {
      const at = pack * INDEX_PACK_SIZE;
      const name = hexOf(digestOfBytes(text.slice(at, at + 32)));
      return { name, sizeBytes: Number(view.getBigUint64(at + 32, true)) };
    });
  }

  /** Whether its digest is its name; it is read piece by piece. */
  isWhole(hash: Tools['hash']): boolean {
    const stream = hash.stream();
    for (const piece of this.#pieces(0, this.#reader.sizeBytes)) stream.update(piece);
    return `index/${hexOf(stream.digest())}` === this.name;
  }

  /**
   * Enters each id that it names in a pack that counts.
   * @returns as `IdSegment.fill`
   * @throws as `all`
   */
  enterInto(segment: IdSegment, counts: Uint8Array): boolean {
    const values = new Uint32Array(this.#groupCount).fill(NO_VALUE);
    let group = 0;
    for (const piece of this.#pieces(this.#groupsAt, this.#groupCount * GROUP_SIZE)) {
      const words = wordsOf(piece);
      for (let at = 0; at < words.length; at += INDEX_GROUP_WORDS, group++)
        if (counts[words[at] ?? 0] === 1) values[group] = 0;
    }
    for (const piece of this.#pieces(this.#entriesAt, this.entryCount * ENTRY_SIZE))
      if (!segment.fill(wordsOf(piece), values)) return false;
    return true;
  }

  /** Whole groups, whole entries. Each is good until the next: many of them would be much garbage. */
  *#pieces(from: number, sizeBytes: number): Generator<Uint8Array> {
    const room = new Uint8Array(Math.min(PIECE_SIZE, sizeBytes));
    for (let at = 0; at < sizeBytes; at += PIECE_SIZE) {
      const piece = room.subarray(0, Math.min(PIECE_SIZE, sizeBytes - at));
      this.#fill(piece, from + at);
      yield piece;
    }
  }

  #entriesOf(id: Digest): number[] {
    const wanted = id.slice(0, PREFIX_SIZE);
    if (this.entryCount === 0) return [];
    let first = this.#guess(wanted);
    let text = this.#near(first);
    if (!this.#holdsBegin(text, first, wanted)) {
      first = this.#byHalves(wanted);
      text = this.#near(first);
    }
    const found: number[] = [];
    // One id may stand in it often, so it may go on behind what was looked at.
    for (;;) {
      const count = text.length / ENTRY_SIZE;
      for (let at = 0; at < count; at++) {
        const entry = prefixIn(text, at);
        if (entry > wanted || found.length >= PLACES_MAX) return found;
        if (entry === wanted) found.push(first + at);
      }
      first += count;
      if (first >= this.entryCount) return found;
      text = this.#near(first);
    }
  }

  /**
   * Ids are HMACs, evenly spread: what stands where this one should says how far it is from there. In a
   * million entries that is right within some twenty of them, where halving takes thirteen looks.
   */
  #guess(wanted: string): number {
    const count = this.entryCount;
    if (count <= NEAR_ENTRIES) return 0;
    const at = Math.min(Math.floor(shareOf(wanted) * count), count - 1);
    const off = Math.round((shareOf(wanted) - shareOf(this.#entries(at, 1))) * count);
    return Math.min(Math.max(0, at + off - NEAR_ENTRIES / 2), count - NEAR_ENTRIES);
  }

  /** Whether no entry of this id stands before these, and they go as far as where it would begin. */
  #holdsBegin(text: string, first: number, wanted: string): boolean {
    const count = text.length / ENTRY_SIZE;
    const isLast = first + count === this.entryCount;
    return (
      (first === 0 || prefixIn(text, 0) < wanted) && (isLast || prefixIn(text, count - 1) >= wanted)
    );
  }

  /** Where nobody evenly spread them: a place with no entry of this id before it, and soon the first. */
  #byHalves(wanted: string): number {
    let [low, high] = [0, this.entryCount];
    while (high - low > NEAR_ENTRIES) {
      const middle = (low + high) >>> 1;
      if (prefixIn(this.#entries(middle, 1), 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, this.entryCount - 1);
  }

  #near(first: number): string {
    return this.#entries(first, Math.min(NEAR_ENTRIES, this.entryCount - first));
  }

  /** Entries as text that sorts as their bytes do. */
  #entries(first: number, count: number): string {
    return this.#codec.textOf(
      this.#bytes(this.#entriesAt + first * ENTRY_SIZE, count * ENTRY_SIZE),
    );
  }

  #groupNumber(entry: number): number {
    const at = this.#entriesAt + entry * ENTRY_SIZE + PREFIX_SIZE;
    const group = this.#view(at, 4).getUint32(0, true);
    demand(group < this.#groupCount, WHAT, 'an entry lies in no group');
    return group;
  }

  #packOf(entry: number): number {
    return this.#packOfGroup(this.#groupNumber(entry));
  }

  #packOfGroup(group: number): number {
    const pack = this.#view(this.#groupsAt + group * GROUP_SIZE, 4).getUint32(0, true);
    demand(pack < this.#packCount, WHAT, 'a group lies in no pack');
    return pack;
  }

  #groupOf(entry: number): LocatedGroup {
    const group = this.#groupNumber(entry);
    const pack = this.#packOfGroup(group);
    const words = this.#view(this.#groupsAt + group * GROUP_SIZE, GROUP_SIZE);
    const [offset, headerLength] = [words.getUint32(4, true), words.getUint32(8, true)];
    const place = { offset, headerLength, bodyLength: words.getUint32(12, true) };
    demand(isPlausible(place), WHAT, 'a group lies where none can lie');
    const name = this.#bytes(INDEX_FIXED_SIZE + pack * INDEX_PACK_SIZE, 32);
    // Unique over all files: each has less than 2^32.
    const number = this.#number * 2 ** 32 + group;
    return { ...place, group: number, pack: hexOf(digestOfBytes(this.#codec.textOf(name))) };
  }

  #view(offset: number, length: number): DataView {
    const { buffer, byteOffset } = this.#bytes(offset, length);
    return new DataView(buffer, byteOffset, length);
  }

  #bytes(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#fill(bytes, offset);
    return bytes;
  }

  #fill(bytes: Uint8Array, offset: number): void {
    const count = this.#reader.read(bytes, offset);
    demand(count === bytes.length, WHAT, 'it is cut short');
  }
}

/** It begins where its buffer does. */
function wordsOf({ buffer, byteLength }: Uint8Array): Uint32Array {
  return new Uint32Array(buffer, 0, byteLength / Uint32Array.BYTES_PER_ELEMENT);
}

function prefixIn(entries: string, at: number): string {
  return entries.slice(at * ENTRY_SIZE, at * ENTRY_SIZE + PREFIX_SIZE);
}

/** Of all ids, those that sort before this one. */
function shareOf(id: string): number {
  let share = 0;
  for (let byte = 5; byte >= 0; byte--) share = (share + id.charCodeAt(byte)) / 256;
  return share;
}
