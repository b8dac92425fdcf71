// Goal: a run that stores millions keeps of its packs what indexes need and nothing else, and each pack stands in one
// index of a limited size.
// Method: headers overwritten when their pack was added; a pack of more entries than an index should have, and another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import { encodeGroupHeader, GROUP_MEMBERS_MAX, STORED, TAG_SIZE } from '../core/group-header.ts';
import { INDEX_ENTRIES_TARGET, type IndexedPack } from '../core/index-builder.ts';
import { lookUp, parseIndexTable } from '../core/index-table.ts';
import { NAMES } from '../core/object-id.ts';
import { PACK_MAGIC } from '../core/pack.ts';
import { PacksOfRun } from './packs-of-run.ts';

const { codec, hash } = nodeTools();
const idOf = (at: number) => hash.sha256Text(byteString(`id ${at}`));
const referred = byteString('r'.repeat(16));

function headerOf(first: number, count: number): Uint8Array {
  return encodeGroupHeader(codec, {
    ...{ kind: NAMES, codec: STORED, plainLength: count, bodyLength: count + TAG_SIZE },
    ...{ dataKeyId: new Uint8Array(16), nonce: new Uint8Array(12), references: [referred] },
    ids: Array.from({ length: count }, (_, at) => idOf(first + at)),
    lengths: Array.from({ length: count }, () => 1),
  });
}

function packOf(name: string, headers: readonly Uint8Array[]): IndexedPack {
  let offset = PACK_MAGIC.length;
  const groups = headers.map((header) => {
    const group = { offset, header };
    offset += header.length + header.length + TAG_SIZE;
    return group;
  });
  const digest = digestOfBytes(name.repeat(32));
  return { name: digest, sizeBytes: offset, groups, sealedKeys: new Uint8Array(0) };
}

test('an index says what headers said when their pack was added', () => {
  const packs = new PacksOfRun();
  const headers = [headerOf(0, 3), headerOf(3, 2)];
  packs.add(packOf('a', headers));
  for (const header of headers) header.fill(0xff);
  const [index, ...others] = [...packs.takeIndexes()];
  assert.ok(index !== undefined && others.length === 0);
  const table = parseIndexTable(index.encode(codec), codec.textOf);
  for (const [at, group, member] of [
    [0, 0, 0],
    [2, 0, 2],
    [4, 1, 1],
  ] as const)
    assert.deepEqual(lookUp(table, idOf(at)), [{ group, member }]);
});

test('no index is much larger than it should be, and none is given twice', () => {
  const packs = new PacksOfRun();
  const header = headerOf(0, GROUP_MEMBERS_MAX);
  const count = Math.ceil(INDEX_ENTRIES_TARGET / GROUP_MEMBERS_MAX) + 1;
  packs.add(packOf('a', [headerOf(0, 1)]));
  packs.add(packOf('b', Array<Uint8Array>(count).fill(header)));
  packs.add(packOf('c', [headerOf(9, 1)]));
  packs.add(packOf('d', [headerOf(10, 1)]));
  assert.equal(packs.count, 4);
  const sizes = [...packs.takeIndexes()].map(({ entryCount, packCount }) => [
    entryCount,
    packCount,
  ]);
  assert.deepEqual(sizes, [
    [count * GROUP_MEMBERS_MAX + 1, 2],
    [2, 2],
  ]);
  assert.deepEqual([...packs.takeIndexes()], []);
});
