import { byteString, hexOf } from '../../base/bytes.ts';
import { addAll } from '../../base/long-list.ts';
import type { Codec } from '../../host/codec.ts';
import {
  compareEntries,
  INDEX_ENTRY_WORDS,
  INDEX_FIXED_SIZE,
  INDEX_GROUP_WORDS,
  INDEX_MAGIC,
  INDEX_PACK_SIZE,
  type IndexTable,
  paddedKeysSize,
} from './index-table.ts';

/**
 * All that these indexes say, as one: each pack as the first of them says, and nothing of those
 * that are gone. Undefined where nothing would be left.
 */
export function mergedIndex(
  codec: Codec,
  tables: readonly IndexTable[],
  gone: ReadonlySet<string>,
): Uint8Array | undefined {
  const taken = new Set<string>(gone);
  const packs: IndexTable['packs'][number][] = [];
  const keys = new Map<string, IndexTable['sealedKeys'][number]>();
  const groups: number[] = [];
  let parts: Uint32Array[] = [];
  for (const table of tables) {
    const left = tableWithout(table, taken);
    const [packsBefore, groupsBefore] = [packs.length, groups.length / INDEX_GROUP_WORDS];
    addAll(packs, left.packs);
    for (const { name } of left.packs) taken.add(hexOf(name));
    for (const key of table.sealedKeys) keys.set(key.bytes.join(), key);
    for (let at = 0; at < left.groups.length; at += INDEX_GROUP_WORDS) {
      const [pack = 0, ...place] = left.groups.slice(at, at + INDEX_GROUP_WORDS);
      groups.push(packsBefore + pack, ...place);
    }
    for (let at = INDEX_ENTRY_WORDS - 2; at < left.entries.length; at += INDEX_ENTRY_WORDS) {
      left.entries[at] = groupsBefore + (left.entries[at] ?? 0);
    }
    parts.push(left.entries);
  }
  if (packs.length === 0) return undefined;
  while (parts.length > 1) {
    parts = parts.flatMap((part, at) =>
      at % 2 === 1 ? [] : [sortedOf(part, parts[at + 1] ?? new Uint32Array(0))],
    );
  }
  const [entries = new Uint32Array(0)] = parts;
  const sealedKeys = [...keys.values()];
  return encoded(codec, { packs, sealedKeys, groups: Uint32Array.from(groups), entries });
}

/** The same table without these packs; what it holds may be changed. */
function tableWithout(
  table: IndexTable,
  gone: ReadonlySet<string>,
): Omit<IndexTable, 'sealedKeys'> {
  const packs = table.packs.filter(({ name }) => !gone.has(hexOf(name)));
  const packNumbers = numbersOf(table.packs.map(({ name }) => !gone.has(hexOf(name))));
  const groupCount = table.groups.length / INDEX_GROUP_WORDS;
  const packOf = (group: number): number =>
    packNumbers[table.groups[group * INDEX_GROUP_WORDS] ?? 0] ?? -1;
  const groupNumbers = numbersOf(
    Array.from({ length: groupCount }, (_, group) => packOf(group) !== -1),
  );
  const groups: number[] = [];
  for (let group = 0; group < groupCount; group++) {
    if (packOf(group) === -1) continue;
    const at = group * INDEX_GROUP_WORDS;
    groups.push(packOf(group), ...table.groups.subarray(at + 1, at + INDEX_GROUP_WORDS));
  }
  const entries = new Uint32Array(table.entries.length);
  let used = 0;
  for (let at = 0; at < table.entries.length; at += INDEX_ENTRY_WORDS) {
    const group = groupNumbers[table.entries[at + INDEX_ENTRY_WORDS - 2] ?? 0] ?? -1;
    if (group === -1) continue;
    entries.set(table.entries.subarray(at, at + INDEX_ENTRY_WORDS), used);
    entries[used + INDEX_ENTRY_WORDS - 2] = group;
    used += INDEX_ENTRY_WORDS;
  }
  return { packs, groups: Uint32Array.from(groups), entries: entries.subarray(0, used) };
}

/** Both, sorted as each of them is. */
function sortedOf(one: Uint32Array, other: Uint32Array): Uint32Array {
  const both = new Uint32Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  const sorted = new Uint32Array(both.length);
  let left = 0;
  let right = one.length;
  for (let at = 0; at < sorted.length; at += INDEX_ENTRY_WORDS) {
    const isLeft =
      right === both.length || (left < one.length && compareEntries(both, left, right) <= 0);
    const from = isLeft ? left : right;
    for (let word = 0; word < INDEX_ENTRY_WORDS; word++) sorted[at + word] = both[from + word] ?? 0;
    if (isLeft) left += INDEX_ENTRY_WORDS;
    else right += INDEX_ENTRY_WORDS;
  }
  return sorted;
}

/** For each that is kept its new number, for the others -1. */
function numbersOf(isKept: readonly boolean[]): Int32Array {
  let next = 0;
  return Int32Array.from(isKept, (kept) => (kept ? next++ : -1));
}

/** docs/format/vault.md 7 */
function encoded(codec: Codec, table: IndexTable): Uint8Array {
  const { packs, sealedKeys, groups, entries } = table;
  const keysSize = sealedKeys.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const keysAt = INDEX_FIXED_SIZE + packs.length * INDEX_PACK_SIZE;
  const groupsAt = keysAt + paddedKeysSize(packs.length, keysSize);
  const entriesAt = groupsAt + groups.length * 4;
  const bytes = new Uint8Array(entriesAt + entries.length * 4);
  const counts = [packs.length, groups.length / INDEX_GROUP_WORDS];
  const head = new Uint32Array(bytes.buffer, 0, INDEX_FIXED_SIZE / 4);
  head.set([...INDEX_MAGIC, ...counts, entries.length / INDEX_ENTRY_WORDS, keysSize]);
  const view = new DataView(bytes.buffer);
  let at = INDEX_FIXED_SIZE;
  for (const { name, sizeBytes } of packs) {
    codec.writeText(byteString(name), bytes, at);
    view.setUint32(at + 32, sizeBytes, true);
    at += INDEX_PACK_SIZE;
  }
  for (const key of sealedKeys) {
    bytes.set(key.bytes, at);
    at += key.bytes.length;
  }
  new Uint32Array(bytes.buffer, groupsAt, groups.length).set(groups);
  new Uint32Array(bytes.buffer, entriesAt, entries.length).set(entries);
  return bytes;
}
