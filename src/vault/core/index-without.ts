import { byteString, hexOf } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import {
  INDEX_ENTRY_WORDS,
  INDEX_FIXED_SIZE,
  INDEX_GROUP_WORDS,
  INDEX_MAGIC,
  INDEX_PACK_SIZE,
  type IndexTable,
  paddedKeysSize,
} from './index-table.ts';

/** The same index without these packs; undefined where nothing would be left of it. */
export function indexWithout(
  codec: Codec,
  table: IndexTable,
  gone: ReadonlySet<string>,
): Uint8Array | undefined {
  const packs = table.packs.filter(({ name }) => !gone.has(hexOf(name)));
  if (packs.length === 0) return undefined;
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
  const left = { packs, sealedKeys: table.sealedKeys, groups: Uint32Array.from(groups) };
  return encoded(codec, { ...left, entries: entries.subarray(0, used) });
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
