// Goal: what an index will say does not fill memory until the end: one that is full is in the vault soon, and a run
// whose index cannot be put is told.
// Method: a crew that was told of packs by hand, a store that writes down what is put, and one that is full.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { parseIndexTable } from '../core/index-table.ts';
import { encodeGroupHeader, STORED, TAG_SIZE } from '../core/group-header.ts';
import { makeKeyring } from '../core/keyring.ts';
import { CONTENT } from '../core/object-id.ts';
import { BackupRun, type BackupRunPorts } from './backup-run.ts';
import { PacksOfRun } from './packs-of-run.ts';

const tools = nodeTools();
const { codec, hash } = tools;

function packOf(name: string): IndexedPack {
  const header = encodeGroupHeader(codec, {
    ...{ kind: CONTENT, codec: STORED, plainLength: 1, bodyLength: 1 + TAG_SIZE, lengths: [1] },
    ...{ dataKeyId: new Uint8Array(16), nonce: new Uint8Array(12), references: [] },
    ids: [hash.sha256Text(byteString(name))],
  });
  const groups = [{ offset: 16, header }];
  const digest = hash.sha256Text(byteString(`pack ${name}`));
  return { name: digest, sizeBytes: 1000, groups, sealedKeys: new Uint8Array(0) };
}

type PutIfAbsent = BackupRunPorts['vault']['store']['putIfAbsent'];

/** A run that has made nothing yet; of its crew and its vault, what it asks. */
function runOver(packs: PacksOfRun, putIfAbsent: PutIfAbsent): BackupRun {
  const nothing = (): never => assert.fail('nothing is stored here');
  const crew = {
    begin: () => undefined,
    sink: { acquire: nothing, release: nothing, submit: nothing },
    takeFullIndexes: () => packs.takeFull(),
    finish: () => Promise.resolve({ packs, newBytes: 0 }),
  };
  const vault = { tools, keyring: makeKeyring(tools), idOf: nothing, store: { putIfAbsent } };
  const contents = { ids: [], rebuilt: [] };
  const ports = { vault, crew, contents } as unknown as BackupRunPorts;
  return new BackupRun(ports, { youngNs: 0n });
}

test('an index is put when it is full, and what is left at the end', async () => {
  const packs = new PacksOfRun(1);
  const named: string[][] = [];
  const run = runOver(packs, async (name, bytes) => {
    assert.equal(name, `index/${hexOf(hash.sha256(bytes))}`);
    named.push(parseIndexTable(bytes, codec.textOf).packs.map((pack) => hexOf(pack.name)));
    return 'stored';
  });
  const [a, b, c] = [packOf('a'), packOf('b'), packOf('c')];
  const [nameA, nameB, nameC] = [a, b, c].map(({ name }) => hexOf(name));
  packs.add(a);
  packs.add(b);
  packs.stored(hexOf(a.name));
  await run.tidy();
  assert.deepEqual(named, [], 'b is on its way, and without it the index is not full');
  packs.stored(hexOf(b.name));
  await run.tidy();
  assert.deepEqual(named, [[nameA, nameB]]);
  packs.add(c);
  packs.stored(hexOf(c.name));
  await run.tidy();
  await run.finish();
  assert.deepEqual(named, [[nameA, nameB], [nameC]]);
});

test('an index that cannot be put ends the run', async () => {
  const packs = new PacksOfRun(0);
  const full = new Fault('HF_DISK_FULL', 'there is no room', { path: 'index' });
  const run = runOver(packs, () => Promise.reject(full));
  packs.add(packOf('a'));
  packs.stored(hexOf(packOf('a').name));
  await assert.rejects(run.tidy(), full);
});
