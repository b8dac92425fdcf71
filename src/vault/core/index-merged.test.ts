// Goal: indexes of any size become one, whoever made them.
// Method: tables in memory, with more packs than the arguments of a call may be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOfBytes } from '../../base/bytes.ts';
import { tools } from '../../../test/vault/small-vault.ts';
import { mergedIndex } from './index-merged.ts';
import { type IndexTable, parseIndexTable } from './index-table.ts';

const MANY = 200_000;

/** Packs of nothing, whose names begin with their number. */
function emptyPacks(first: number, count: number): IndexTable {
  const packs = Array.from({ length: count }, (_, at) => {
    const name = Buffer.alloc(32);
    name.writeUInt32BE(first + at);
    return { name: digestOfBytes(tools.codec.textOf(name)), sizeBytes: 1 };
  });
  return { packs, sealedKeys: [], groups: new Uint32Array(0), entries: new Uint32Array(0) };
}

test('an index that names very many packs is merged as any other', () => {
  const tables = [emptyPacks(0, MANY), emptyPacks(MANY - 1, 3)];
  const bytes = mergedIndex(tools.codec, tables, new Set());
  assert.ok(bytes !== undefined);
  const merged = parseIndexTable(bytes, tools.codec.textOf);
  assert.equal(merged.packs.length, MANY + 2);
  assert.equal(merged.packs[MANY + 1]?.name, tables[1]?.packs[2]?.name);
});
