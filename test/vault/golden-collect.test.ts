// Goal: what collectors put down is what docs/format/vault.md says and stays so: what was written once
// is read, and the same input gives the same bytes.
// Method: vectors in test/golden/vault-collect, parsed, made again and compared; every flip refused.
// SNAP_UPDATE=1 writes them anew.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { unixMs } from '../../src/base/units.ts';
import {
  type CollectionRecord,
  collectionName,
  encodeCollectionRecord,
  parseCollectionRecord,
} from '../../src/vault/core/collection-record.ts';
import { everyFlip, unlessFault } from './damage.ts';

const FOLDER = path.join(import.meta.dirname, '../golden/vault-collect');
const tools = nodeTools();
const vault = '0123456789abcdef'.repeat(2);
const packs = ['0'.repeat(64), 'abcdef0123456789'.repeat(4)];
const of = { vault, generation: 42, time: unixMs(1_795_172_400_000) };

const RECORDS: Readonly<Record<string, CollectionRecord>> = {
  marks: { ...of, kind: 'marks', packs },
  trash: { ...of, kind: 'trash', packs: packs.slice(1) },
  'fate-sweep': { ...of, kind: 'fate', decision: 'sweep', packs: packs.slice(1) },
  'fate-void': { ...of, kind: 'fate', decision: 'void', packs: [] },
};

if (process.env.SNAP_UPDATE === '1') {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, record] of Object.entries(RECORDS))
    writeFileSync(path.join(FOLDER, name), encodeCollectionRecord(tools, record));
}

for (const [name, record] of Object.entries(RECORDS)) {
  test(`${name}: the same bytes, read as they were meant, and no others`, () => {
    const golden = Uint8Array.from(readFileSync(path.join(FOLDER, name)));
    assert.deepEqual(Buffer.from(encodeCollectionRecord(tools, record)), Buffer.from(golden));
    const at = collectionName(record);
    assert.deepEqual(parseCollectionRecord(tools, at, golden), record);
    for (const { bad } of everyFlip(golden))
      assert.equal(
        unlessFault(() => parseCollectionRecord(tools, at, bad)),
        undefined,
      );
    const other = collectionName({ ...record, generation: 43 });
    assert.equal(
      unlessFault(() => parseCollectionRecord(tools, other, golden)),
      undefined,
    );
  });
}
