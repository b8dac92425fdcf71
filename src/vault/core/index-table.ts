import type { ByteString, Digest } from '../../base/bytes.ts';
import { digestOfBytes } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import { demand } from './corruption.ts';
import { GROUP_MEMBERS_MAX } from './group-header.ts';
import { isPlausible, PACK_SIZE_MAX } from './pack.ts';
import type { SealedKey } from './sealed-key.ts';
import { parseSealedKeys } from './sealed-key.ts';

export const INDEX_SIZE_MAX = 1024 * MIB;
export const INDEX_FIXED_SIZE = 24;
export const INDEX_PACK_SIZE = 40;
export const INDEX_GROUP_WORDS = 4;
export const INDEX_ENTRY_WORDS = 6;
/** `HFINDEX0`, as two words. */
export const INDEX_MAGIC = [0x4e494648, 0x30584544] as const;
const WHAT = 'index';

/** An index whose shape was checked. What it says is a hint: headers of groups decide. */
export interface IndexTable {
  readonly packs: readonly IndexTablePack[];
  readonly sealedKeys: readonly SealedKey[];
  /** Four words each: pack, offset, length of header, length of body. */
  readonly groups: Uint32Array;
  /** Six words each: four of the id, group, member; sorted by the bytes of the id. */
  readonly entries: Uint32Array;
}

export interface IndexTablePack {
  readonly name: Digest;
  readonly sizeBytes: number;
}

export function paddedKeysSize(packCount: number, keysSize: number): number {
  const end = INDEX_FIXED_SIZE + packCount * INDEX_PACK_SIZE + keysSize;
  return keysSize + ((8 - (end % 8)) % 8);
}

/**
 * @param bytes the whole file; the result keeps views of it
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function parseIndexTable(
  bytes: Uint8Array,
  textOf: (bytes: Uint8Array) => ByteString,
): IndexTable {
  demand(bytes.length >= INDEX_FIXED_SIZE, WHAT, 'it is cut short');
  demand(bytes.length <= INDEX_SIZE_MAX, WHAT, 'it is too large');
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset } = aligned;
  const head = new Uint32Array(buffer, byteOffset, 6);
  const [magicLow, magicHigh, packCount = 0, groupCount = 0, entryCount = 0, keysSize = 0] = head;
  const isIndex = magicLow === INDEX_MAGIC[0] && magicHigh === INDEX_MAGIC[1];
  demand(isIndex, WHAT, 'it does not begin with HFINDEX0');
  const keysAt = INDEX_FIXED_SIZE + packCount * INDEX_PACK_SIZE;
  const groupsAt = keysAt + paddedKeysSize(packCount, keysSize);
  const entriesAt = groupsAt + groupCount * INDEX_GROUP_WORDS * 4;
  const end = entriesAt + entryCount * INDEX_ENTRY_WORDS * 4;
  demand(end === bytes.length, WHAT, 'its length does not fit what it says of itself');
  const sealedKeys = parseSealedKeys(aligned.subarray(keysAt, keysAt + keysSize));
  for (let at = keysAt + keysSize; at < groupsAt; at++) {
    demand(aligned[at] === 0, WHAT, 'a byte that must be zero is not');
  }
  const packs = parsePacks(aligned.subarray(INDEX_FIXED_SIZE, keysAt), textOf);
  const groups = new Uint32Array(buffer, byteOffset + groupsAt, groupCount * INDEX_GROUP_WORDS);
  const entries = new Uint32Array(buffer, byteOffset + entriesAt, entryCount * INDEX_ENTRY_WORDS);
  checkGroups(groups, packs);
  checkEntries(entries, groupCount);
  return { packs, sealedKeys, groups, entries };
}

function parsePacks(
  bytes: Uint8Array,
  textOf: (bytes: Uint8Array) => ByteString,
): IndexTablePack[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packs: IndexTablePack[] = [];
  for (let at = 0; at < bytes.length; at += INDEX_PACK_SIZE) {
    const sizeBytes = view.getUint32(at + 32, true) + view.getUint32(at + 36, true) * 2 ** 32;
    demand(sizeBytes <= PACK_SIZE_MAX, WHAT, 'a pack is too large');
    packs.push({ name: digestOfBytes(textOf(bytes.subarray(at, at + 32))), sizeBytes });
  }
  return packs;
}

function checkGroups(groups: Uint32Array, packs: readonly IndexTablePack[]): void {
  for (let at = 0; at < groups.length; at += INDEX_GROUP_WORDS) {
    const pack = packs[groups[at] ?? 0];
    demand(pack !== undefined, WHAT, 'a group lies in no pack');
    const place = {
      offset: groups[at + 1] ?? 0,
      headerLength: groups[at + 2] ?? 0,
      bodyLength: groups[at + 3] ?? 0,
    };
    const end = place.offset + place.headerLength + place.bodyLength;
    demand(isPlausible(place) && end <= pack.sizeBytes, WHAT, 'a group lies where none can lie');
  }
}

function checkEntries(entries: Uint32Array, groupCount: number): void {
  for (let at = 0; at < entries.length; at += INDEX_ENTRY_WORDS) {
    demand((entries[at + 4] ?? 0) < groupCount, WHAT, 'an entry lies in no group');
    demand((entries[at + 5] ?? 0) < GROUP_MEMBERS_MAX, WHAT, 'an entry is no member');
    if (at > 0) {
      const order = compareEntries(entries, at - INDEX_ENTRY_WORDS, at);
      demand(order <= 0, WHAT, 'its entries are not sorted');
    }
  }
}

/** Compares the 16 bytes of two ids, given where their words begin. */
export function compareEntries(words: Uint32Array, left: number, right: number): number {
  for (let word = 0; word < 4; word++) {
    const a = words[left + word] ?? 0;
    const b = words[right + word] ?? 0;
    if (a !== b) return bigEndian(a) - bigEndian(b);
  }
  return 0;
}

/** A word read as little-endian, as its bytes sort. */
export function bigEndian(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

export interface IndexHit {
  readonly group: number;
  readonly member: number;
}

/**
 * Where the table says that `id` lies: more than one where it is stored more than once.
 * @param id or its first 16 bytes
 */
export function lookUp(table: IndexTable, id: ByteString | Digest): IndexHit[] {
  const { entries } = table;
  const wanted = new Uint32Array(4);
  for (let at = 0; at < 16; at++) {
    const word = at >>> 2;
    wanted[word] = ((wanted[word] ?? 0) | (id.charCodeAt(at) << (8 * (at % 4)))) >>> 0;
  }
  let low = 0;
  let high = entries.length / INDEX_ENTRY_WORDS;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareWith(entries, middle * INDEX_ENTRY_WORDS, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  const hits: IndexHit[] = [];
  for (let at = low * INDEX_ENTRY_WORDS; at < entries.length; at += INDEX_ENTRY_WORDS) {
    if (compareWith(entries, at, wanted) !== 0) break;
    hits.push({ group: entries[at + 4] ?? 0, member: entries[at + 5] ?? 0 });
  }
  return hits;
}

function compareWith(entries: Uint32Array, at: number, wanted: Uint32Array): number {
  for (let word = 0; word < 4; word++) {
    const a = entries[at + word] ?? 0;
    const b = wanted[word] ?? 0;
    if (a !== b) return bigEndian(a) - bigEndian(b);
  }
  return 0;
}
