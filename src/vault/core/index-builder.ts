import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { parseGroupHeader } from './group-header.ts';
import { memberWords, PREFIX_WORDS } from './id-words.ts';
import {
  bigEndian,
  compareEntries,
  INDEX_ENTRY_WORDS,
  INDEX_FIXED_SIZE,
  INDEX_GROUP_WORDS,
  INDEX_MAGIC,
  INDEX_PACK_SIZE,
  paddedKeysSize,
} from './index-table.ts';
import { parseSealedKeys } from './sealed-key.ts';

/** Rows are sorted by numbers that hold 24 bits of row: more ids take a second index. */
export const INDEX_ENTRIES_MAX = 2 ** 24;
/** One index stays well below its limit, and is written in one piece. */
export const INDEX_ENTRIES_TARGET = INDEX_ENTRIES_MAX / 16;
/** A backup has much else in memory while it makes one: 8 MB before, and 19 MB for a moment. */
export const INDEX_ENTRIES_OF_RUN = INDEX_ENTRIES_TARGET / 2;

/** What an index says of one pack. */
export interface IndexedPack {
  /** SHA-256 of the file. */
  readonly name: Digest;
  readonly sizeBytes: number;
  /** All groups of the pack, with their clear headers. */
  readonly groups: readonly IndexedGroup[];
  readonly sealedKeys: Uint8Array;
}

export interface IndexedGroup {
  readonly offset: number;
  readonly header: Uint8Array;
}

/**
 * Gathers the ids of packs and writes them as one index. Of a pack it keeps 16 bytes an id: a run may
 * store millions, whose headers would be more than twice that.
 */
export class IndexBuilder {
  readonly #packs: Pick<IndexedPack, 'name' | 'sizeBytes'>[] = [];
  /** By their bytes: of two that say they have one id, either may be the right one. */
  readonly #sealedKeys = new Map<string, Uint8Array>();
  readonly #groups: number[] = [];
  /** Of each group: the first words of its ids, and which of all rows its first member is. */
  readonly #ids: Uint32Array[] = [];
  readonly #firstRows: number[] = [];
  #entryCount = 0;

  get packCount(): number {
    return this.#packs.length;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  /** Whether this index has room for the ids of the pack; if not, begin another. */
  takes(pack: IndexedPack): boolean {
    const count = pack.groups.reduce((sum, { header }) => sum + memberCountOf(header), 0);
    return this.#entryCount + count <= INDEX_ENTRIES_MAX;
  }

  /** @throws Fault HF_VAULT_CORRUPT where a header is none */
  addPack(pack: IndexedPack): void {
    for (const key of parseSealedKeys(pack.sealedKeys))
      this.#sealedKeys.set(key.bytes.join(), key.bytes);
    for (const { offset, header: bytes } of pack.groups) {
      const header = parseGroupHeader(bytes);
      this.#groups.push(this.#packs.length, offset, header.headerLength, header.bodyLength);
      this.#ids.push(memberWords(header));
      this.#firstRows.push(this.#entryCount);
      this.#entryCount += header.memberCount;
      assert(this.#entryCount <= INDEX_ENTRIES_MAX, 'an index has a limited number of entries');
    }
    this.#packs.push({ name: pack.name, sizeBytes: pack.sizeBytes });
  }

  encode(codec: Codec): Uint8Array {
    const packCount = this.#packs.length;
    const groupCount = this.#groups.length / INDEX_GROUP_WORDS;
    const sealedKeys = [...this.#sealedKeys.values()];
    const keysSize = sealedKeys.reduce((sum, key) => sum + key.length, 0);
    const keysAt = INDEX_FIXED_SIZE + packCount * INDEX_PACK_SIZE;
    const groupsAt = keysAt + paddedKeysSize(packCount, keysSize);
    const entriesAt = groupsAt + groupCount * INDEX_GROUP_WORDS * 4;
    const bytes = new Uint8Array(entriesAt + this.#entryCount * INDEX_ENTRY_WORDS * 4);
    const head = new Uint32Array(bytes.buffer, 0, 6);
    head.set([...INDEX_MAGIC, packCount, groupCount, this.#entryCount, keysSize]);
    const view = new DataView(bytes.buffer);
    let at = INDEX_FIXED_SIZE;
    for (const pack of this.#packs) {
      codec.writeText(byteString(pack.name), bytes, at);
      view.setUint32(at + 32, pack.sizeBytes, true);
      at += INDEX_PACK_SIZE;
    }
    for (const key of sealedKeys) {
      bytes.set(key, at);
      at += key.length;
    }
    new Uint32Array(bytes.buffer, groupsAt, this.#groups.length).set(this.#groups);
    this.#writeSorted(new Uint32Array(bytes.buffer, entriesAt));
    return bytes;
  }

  /**
   * Sorts by native order of 64-bit numbers that hold 40 bits of the id and 24 bits of the row;
   * the few ids that agree in 40 bits are put right afterwards.
   */
  #writeSorted(into: Uint32Array): void {
    const count = this.#entryCount;
    const order = new BigUint64Array(count);
    const halves = new Uint32Array(order.buffer);
    const groupOf = new Uint32Array(count);
    for (const [group, ids] of this.#ids.entries()) {
      const first = this.#firstRows[group] ?? 0;
      const end = this.#firstRows[group + 1] ?? count;
      for (let row = first; row < end; row++) {
        const from = (row - first) * PREFIX_WORDS;
        halves[2 * row] = (((ids[from + 1] ?? 0) & 0xff) << 24) | row;
        halves[2 * row + 1] = bigEndian(ids[from] ?? 0);
        groupOf[row] = group;
      }
    }
    order.sort();
    for (let at = 0; at < count; at++) {
      const row = (halves[2 * at] ?? 0) & 0xff_ffff;
      const group = groupOf[row] ?? 0;
      this.#writeEntry(into, { at: at * INDEX_ENTRY_WORDS, group, row });
    }
    for (let row = 1; row < count; row++) settle(into, row);
    // At once, and not when garbage is collected: the next index needs as much.
    order.buffer.transfer(0);
    groupOf.buffer.transfer(0);
  }

  /** Six words: four of the id, group, member. */
  #writeEntry(into: Uint32Array, entry: { at: number; group: number; row: number }): void {
    const { at, group, row } = entry;
    const member = row - (this.#firstRows[group] ?? 0);
    const ids = this.#ids[group];
    for (let word = 0; word < PREFIX_WORDS; word++) {
      into[at + word] = ids?.[member * PREFIX_WORDS + word] ?? 0;
    }
    into[at + 4] = group;
    into[at + 5] = member;
  }
}

function memberCountOf(header: Uint8Array): number {
  return parseGroupHeader(header).memberCount;
}

/** Moves the entry of `row` up until what stands before it is not larger. */
function settle(entries: Uint32Array, row: number): void {
  for (let at = row * INDEX_ENTRY_WORDS; at > 0; at -= INDEX_ENTRY_WORDS) {
    const before = at - INDEX_ENTRY_WORDS;
    if (compareEntries(entries, before, at) <= 0) return;
    const kept = entries.slice(before, at);
    entries.copyWithin(before, at, at + INDEX_ENTRY_WORDS);
    entries.set(kept, at);
  }
}
