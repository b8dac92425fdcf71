// Goal: a pack is read by its trailer, and by its groups alone where the trailer, or any stretch of
// it, is damaged: every group outside of the damage is found.
// Method: real packs; flips in the trailer; random stretches overwritten (seed printed); hostile
// trailers and packs full of magics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import { GroupBuilder } from './group.ts';
import { CONTENT, makeIdOf } from './object-id.ts';
import type { GroupPlace } from './pack.ts';
import {
  encodePackTrailer,
  PACK_MAGIC,
  packTrailerSize,
  parsePackTrailer,
  scanGroups,
} from './pack.ts';
import { sealDataKey } from './sealed-key.ts';

const tools = nodeTools();
const idOf = makeIdOf(tools, tools.random.bytes(32));
const dataKey = { id: tools.random.bytes(16), key: tools.random.bytes(32) };
const sealedKeys = sealDataKey(tools, {
  scope: CONTENT,
  vault: tools.random.bytes(16),
  ...dataKey,
  recipients: [tools.cipher.agreementPair().publicKey],
});

function makePack(groupCount: number): { pack: Uint8Array; groups: GroupPlace[]; end: number } {
  const parts: Uint8Array[] = [PACK_MAGIC];
  const groups: GroupPlace[] = [];
  let offset = PACK_MAGIC.length;
  const builder = new GroupBuilder(CONTENT);
  for (let group = 0; group < groupCount; group++) {
    builder.clear();
    for (let member = 0; member <= group % 3; member++) {
      const bytes = Buffer.from(`object ${group}.${member} `.repeat(1 + 50 * (group % 2)));
      builder.add(idOf(CONTENT, tools.hash.sha256(bytes)), bytes);
    }
    const { header, body } = builder.seal(tools, dataKey);
    groups.push({ offset, headerLength: header.length, bodyLength: body.length });
    parts.push(header, body);
    offset += header.length + body.length;
  }
  parts.push(encodePackTrailer({ groups, sealedKeys }));
  return { pack: Buffer.concat(parts), groups, end: offset };
}

function trailerOf(pack: Uint8Array): Uint8Array {
  return pack.subarray(pack.length - packTrailerSize(pack, pack.length));
}

function placesOf(pack: Uint8Array): GroupPlace[] {
  return scanGroups(pack).map(({ offset, header }) => ({
    offset,
    headerLength: header.headerLength,
    bodyLength: header.bodyLength,
  }));
}

test('a trailer says where the groups are, and so does a scan', () => {
  for (const count of [0, 1, 2, 17]) {
    const { pack, groups } = makePack(count);
    const trailer = parsePackTrailer(trailerOf(pack), pack.length);
    assert.deepEqual(trailer.groups, groups);
    assert.deepEqual(Uint8Array.from(trailer.sealedKeys), sealedKeys);
    assert.deepEqual(placesOf(pack), groups);
  }
});

test('no damaged trailer is believed to be inside another pack, or crashes', () => {
  const { pack, groups } = makePack(5);
  const good = trailerOf(pack);
  let refusedCount = 0;
  for (let at = 0; at < good.length * 8; at++) {
    const bad = Uint8Array.from(pack);
    const from = pack.length - good.length + (at >> 3);
    bad[from] = (bad[from] ?? 0) ^ (1 << (at & 7));
    try {
      const trailer = parsePackTrailer(trailerOf(bad), bad.length);
      for (const { offset, headerLength, bodyLength } of trailer.groups) {
        assert.ok(offset + headerLength + bodyLength <= bad.length - good.length);
      }
      assert.equal(trailer.groups.length, groups.length);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      refusedCount++;
    }
  }
  assert.ok(refusedCount > 0);
});

test('every group outside of a damaged stretch is found', () => {
  const { pack, groups } = makePack(24);
  const stretch = fc.record({
    from: fc.nat(pack.length - 1),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }),
  });
  fc.assert(
    fc.property(stretch, ({ from, bytes }) => {
      const bad = Uint8Array.from(pack);
      bad.set(bytes.subarray(0, pack.length - from), from);
      const found = new Set(placesOf(bad).map((place) => JSON.stringify(place)));
      for (const place of groups) {
        const end = place.offset + place.headerLength + place.bodyLength;
        const isWhole = end <= from || place.offset >= from + bytes.length;
        if (isWhole) assert.ok(found.has(JSON.stringify(place)), `group at ${place.offset}`);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a truncated pack gives the groups that are left', () => {
  const { pack, groups } = makePack(9);
  const last = groups.at(-1);
  assert.ok(last !== undefined);
  assert.deepEqual(placesOf(pack.subarray(0, last.offset + 70)), groups.slice(0, -1));
});

test('a pack full of magics is scanned without harm', () => {
  const hostile = Buffer.from('HFG0'.repeat(50_000));
  assert.deepEqual(scanGroups(hostile), []);
});
