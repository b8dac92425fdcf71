import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { memberIdOffset, parseGroupHeader } from './group-header.ts';
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

const GROWTH = 1.25;

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

/** Gathers the ids of packs and writes them as one index. */
export class IndexBuilder {
  readonly #packs: IndexedPack[] = [];
  readonly #sealedKeys = new Map<string, Uint8Array>();
  readonly #groups: number[] = [];
  /** Six words an entry, as in the file; not sorted. */
  #entries = new Uint32Array(4096 * INDEX_ENTRY_WORDS);
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
    for (const key of parseSealedKeys(pack.sealedKeys)) this.#sealedKeys.set(key.id, key.bytes);
    for (const { offset, header: bytes } of pack.groups) {
      const header = parseGroupHeader(bytes);
      const group = this.#groups.length / INDEX_GROUP_WORDS;
      this.#groups.push(this.#packs.length, offset, header.headerLength, header.bodyLength);
      this.#reserve(header.memberCount);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = this.#entryCount * INDEX_ENTRY_WORDS;
      for (let member = 0; member < header.memberCount; member++) {
        const from = memberIdOffset(member);
        for (let word = 0; word < 4; word++) {
          this.#entries[at + word] = view.getUint32(from + 4 * word, true);
        }
        this.#entries[at + 4] = group;
        this.#entries[at + 5] = member;
        at += INDEX_ENTRY_WORDS;
      }
      this.#entryCount += header.memberCount;
    }
    this.#packs.push(pack);
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
    const entries = this.#entries;
    const order = new BigUint64Array(count);
    const halves = new Uint32Array(order.buffer);
    for (let row = 0; row < count; row++) {
      const at = row * INDEX_ENTRY_WORDS;
      halves[2 * row] = (((entries[at + 1] ?? 0) & 0xff) << 24) | row;
      halves[2 * row + 1] = bigEndian(entries[at] ?? 0);
    }
    order.sort();
    for (let row = 0; row < count; row++) {
      const from = ((halves[2 * row] ?? 0) & 0xff_ffff) * INDEX_ENTRY_WORDS;
      const at = row * INDEX_ENTRY_WORDS;
      for (let word = 0; word < INDEX_ENTRY_WORDS; word++)
        into[at + word] = entries[from + word] ?? 0;
    }
    for (let row = 1; row < count; row++) settle(into, row);
  }

  #reserve(more: number): void {
    const needed = this.#entryCount + more;
    assert(needed <= INDEX_ENTRIES_MAX, 'an index has a limited number of entries');
    if (needed * INDEX_ENTRY_WORDS <= this.#entries.length) return;
    // Of millions, twice as many would be much that is never used.
    const ample = Math.ceil(this.#entries.length * GROWTH);
    const larger = new Uint32Array(Math.max(needed * INDEX_ENTRY_WORDS, ample));
    larger.set(this.#entries);
    this.#entries = larger;
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
