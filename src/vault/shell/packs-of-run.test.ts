// Goal: a run that stores millions keeps of its packs what indexes need and nothing else, and each pack stands in one
// index of a limited size, once it is durable and not before.
// Method: headers overwritten when their pack was added; a pack of more entries than an index should have, and another;
// packs of which it is told in both orders that they were handed over and stored.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, digestOfBytes, hexOf } from '../../base/bytes.ts';
import { encodeGroupHeader, GROUP_MEMBERS_MAX, STORED, TAG_SIZE } from '../core/group-header.ts';
import { INDEX_ENTRIES_OF_RUN, type IndexedPack } from '../core/index-builder.ts';
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

function durable(packs: PacksOfRun, pack: IndexedPack): void {
  packs.add(pack);
  packs.stored(hexOf(pack.name));
}

test('an index says what headers said when their pack was added', () => {
  const packs = new PacksOfRun();
  const headers = [headerOf(0, 3), headerOf(3, 2)];
  durable(packs, packOf('a', headers));
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
  const count = Math.ceil(INDEX_ENTRIES_OF_RUN / GROUP_MEMBERS_MAX) + 1;
  durable(packs, packOf('a', [headerOf(0, 1)]));
  durable(packs, packOf('b', Array<Uint8Array>(count).fill(header)));
  durable(packs, packOf('c', [headerOf(9, 1)]));
  durable(packs, packOf('d', [headerOf(10, 1)]));
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

test('no index names a pack that is not durable', () => {
  const packs = new PacksOfRun(0);
  const [a, b] = [packOf('a', [headerOf(0, 1)]), packOf('b', [headerOf(1, 1)])];
  const countOf = (indexes: Iterable<{ readonly packCount: number }>): number[] =>
    [...indexes].map(({ packCount }) => packCount);
  packs.add(a);
  assert.deepEqual([countOf(packs.takeFull()), packs.underWayCount], [[], 1]);
  packs.stored(hexOf(b.name));
  assert.deepEqual([countOf(packs.takeFull()), packs.underWayCount], [[], 1], 'b is not known yet');
  packs.stored(hexOf(a.name));
  assert.deepEqual([countOf(packs.takeFull()), packs.underWayCount], [[1], 0]);
  packs.add(b);
  assert.deepEqual(countOf(packs.takeIndexes()), [1]);
  assert.deepEqual(countOf(packs.takeFull()), []);
});

test('an index that is not full waits for the end', () => {
  const packs = new PacksOfRun(1);
  durable(packs, packOf('a', [headerOf(0, 1)]));
  assert.deepEqual([...packs.takeFull()], []);
  durable(packs, packOf('b', [headerOf(1, 1)]));
  durable(packs, packOf('c', [headerOf(2, 1)]));
  const sizes = [...packs.takeFull(), ...packs.takeIndexes()].map(({ entryCount }) => entryCount);
  assert.deepEqual(sizes, [2, 1]);
});
