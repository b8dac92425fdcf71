// Goal: an index says of every member where it lies, sorted, and says nothing that cannot be.
// Method: indexes built from real headers, looked up and compared; ids that agree in the 40 bits
// that the fast sort looks at; every flip of a small one, random flips of a larger (seed printed).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeTools } from '../../adapters/node/tools.ts';
import { digestOfBytes, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { GroupBuilder } from './group.ts';
import { IndexBuilder, type IndexedPack } from './index-builder.ts';
import { compareEntries, INDEX_ENTRY_WORDS, lookUp, parseIndexTable } from './index-table.ts';
import { NAMES } from './object-id.ts';
import { PACK_MAGIC } from './pack.ts';
import { sealDataKey } from './sealed-key.ts';

const tools = nodeTools();
const dataKey = { id: tools.random.bytes(16), key: tools.random.bytes(32) };
const sealedKeys = sealDataKey(tools, {
  scope: NAMES,
  vault: tools.random.bytes(16),
  ...dataKey,
  recipients: [tools.cipher.agreementPair().publicKey],
});

function packOf(groups: readonly (readonly Digest[])[]): IndexedPack {
  let offset = PACK_MAGIC.length;
  const indexed = groups.map((ids) => {
    const builder = new GroupBuilder(NAMES);
    for (const id of ids) builder.add(id, Buffer.from(id, 'latin1'));
    const { header, body } = builder.seal(tools, dataKey);
    const place = { offset, header };
    offset += header.length + body.length;
    return place;
  });
  const name = tools.hash.sha256(tools.random.bytes(8));
  return { name, sizeBytes: offset + 500, groups: indexed, sealedKeys };
}

function idFrom(bytes: Uint8Array): Digest {
  return tools.hash.sha256(bytes);
}

const sameStart = (tail: Uint8Array): Digest =>
  digestOfBytes(`abcde${tools.codec.textOf(tail)}${'x'.repeat(27 - tail.length)}`);

test('every member is found where it is', () => {
  const id = fc.oneof(
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map(idFrom),
    fc.uint8Array({ minLength: 1, maxLength: 2 }).map(sameStart),
  );
  const packs = fc.array(
    fc.array(fc.array(id, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(packs, (list) => {
      const builder = new IndexBuilder();
      for (const groups of list) builder.addPack(packOf(groups));
      const table = parseIndexTable(builder.encode(tools.codec), tools.codec.textOf);
      assert.equal(table.sealedKeys.length, 1);
      const groups = list.flat();
      assert.equal(table.entries.length, groups.flat().length * INDEX_ENTRY_WORDS);
      for (const [group, ids] of groups.entries()) {
        for (const [member, each] of ids.entries()) {
          const hits = lookUp(table, each);
          assert.ok(hits.some((hit) => hit.group === group && hit.member === member));
        }
      }
      assert.deepEqual(lookUp(table, idFrom(Buffer.from('not there'))), []);
    }),
    { numRuns: 100 },
  );
});

test('an index that is not aligned in memory is read too', () => {
  const builder = new IndexBuilder();
  builder.addPack(packOf([[idFrom(Buffer.of(1)), idFrom(Buffer.of(2))]]));
  const bytes = builder.encode(tools.codec);
  const shifted = Buffer.concat([Buffer.of(0), bytes]).subarray(1);
  const table = parseIndexTable(shifted, tools.codec.textOf);
  assert.deepEqual(lookUp(table, idFrom(Buffer.of(2))), [{ group: 0, member: 1 }]);
});

test('nothing damaged says what cannot be, or crashes', () => {
  const builder = new IndexBuilder();
  for (let pack = 0; pack < 3; pack++) {
    builder.addPack(packOf([[idFrom(Buffer.of(pack)), idFrom(Buffer.of(pack + 100))]]));
  }
  const good = builder.encode(tools.codec);
  let refusedCount = 0;
  for (let at = 0; at < good.length * 8; at++) {
    const bad = Uint8Array.from(good);
    bad[at >> 3] = (bad[at >> 3] ?? 0) ^ (1 << (at & 7));
    try {
      const { entries, groups, packs } = parseIndexTable(bad, tools.codec.textOf);
      for (let from = 0; from < entries.length; from += INDEX_ENTRY_WORDS) {
        const group = entries[from + 4] ?? Number.NaN;
        assert.ok((groups[4 * group] ?? Number.NaN) < packs.length);
        if (from > 0) assert.ok(compareEntries(entries, from - INDEX_ENTRY_WORDS, from) <= 0);
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refusedCount++;
    }
  }
  assert.ok(refusedCount > 0);
  for (let end = 0; end < good.length; end++) {
    assert.throws(() => parseIndexTable(good.subarray(0, end), tools.codec.textOf), Fault);
  }
});
