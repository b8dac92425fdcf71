// Goal: the index says what can be had and nothing else; it can be rebuilt from packs alone; threads
// read by what it hands them; a second copy of an object serves where the first is damaged.
// Method: small vaults with packs that no index names, that are gone, cut or doubled; a real thread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  namesKeyOf,
  reopen,
  smallVault,
  tools,
  wantedContent,
  writeIndex,
  writePack,
} from '../../../test/vault/small-vault.ts';
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { INDEX_FIXED_SIZE, INDEX_MAGIC, paddedKeysSize } from '../core/index-table.ts';
import { CONTENT } from '../core/object-id.ts';
import { loadIndex } from './vault-index.ts';
import { readObject, vaultReaderFrom } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

const contents = Array.from({ length: 10 }, (_, at) => Buffer.from(`content ${at} `.repeat(30)));
const [first = Buffer.alloc(0)] = contents;

test('without indexes packs are scanned, and what is rebuilt is an index', async () => {
  const { vault, store } = await smallVault();
  const packs = [
    await writePack(vault, CONTENT, contents.slice(0, 5)),
    await writePack(vault, CONTENT, contents.slice(5)),
  ];
  const scanned = await loadIndex(vault);
  const reader = new VaultReader(scanned.access, tools);
  for (const bytes of contents) {
    assert.deepEqual(
      await readObject({ reader, store }, wantedContent(bytes)),
      Uint8Array.from(bytes),
    );
  }
  assert.equal(scanned.packs.length, packs.length);
  const [rebuilt] = scanned.rebuilt;
  assert.ok(rebuilt !== undefined && scanned.rebuilt.length === 1);
  const sha256 = tools.hash.sha256(rebuilt);
  await store.putIfAbsent(`index/${hexOf(sha256)}`, rebuilt, sha256);
  const loaded = await loadIndex(vault);
  assert.deepEqual(loaded.rebuilt, []);
  assert.deepEqual(loaded.problems, []);
  const again = new VaultReader(loaded.access, tools);
  assert.ok(contents.every((bytes) => again.has(wantedContent(bytes))));
});

test('what lies in a pack that is gone or cut counts as not there, and is read if it can be', async () => {
  const { vault, store } = await smallVault();
  const packs = [
    await writePack(vault, CONTENT, contents.slice(0, 5)),
    await writePack(vault, CONTENT, contents.slice(5)),
  ];
  await writeIndex(vault, packs);
  const [gone = '', cut = ''] = packs.map(({ name }) => `packs/${hexOf(name)}`);
  store.objects.delete(gone);
  store.objects.set(cut, (store.objects.get(cut) ?? first).subarray(0, -1));
  const index = await loadIndex(vault);
  assert.deepEqual([...index.missingPacks].sort(), packs.map(({ name }) => hexOf(name)).sort());
  assert.deepEqual(
    index.problems.map(({ kind, object }) => `${kind} ${object}`).sort(),
    [`damaged ${cut}`, `missing ${gone}`].sort(),
  );
  const reader = new VaultReader(index.access, tools);
  assert.ok(contents.every((bytes) => !reader.has(wantedContent(bytes))));
  for (const bytes of contents.slice(5)) {
    const read = await readObject({ reader, store }, wantedContent(bytes));
    assert.deepEqual(Buffer.from(read), bytes);
  }
  const failure = await readObject({ reader, store }, wantedContent(first)).catch(
    (e: unknown) => e,
  );
  assert.ok(failure instanceof Fault && failure.code === 'HF_OBJECT_MISSING');
  assert.equal(failure.facts.pack, gone);
  assert.equal(failure.facts.id, hexOf(vault.idOf(CONTENT, tools.hash.sha256(first))));
});

test('a second copy serves, and the damaged one is named', async () => {
  const { vault, store } = await smallVault();
  const packs = [
    await writePack(vault, CONTENT, contents),
    await writePack(vault, CONTENT, contents),
  ];
  for (const pack of packs) await writeIndex(vault, [pack]);
  for (const { name } of packs) {
    const object = `packs/${hexOf(name)}`;
    const good = store.objects.get(object) ?? first;
    store.objects.set(object, Uint8Array.from(good).fill(0, 100, good.length - 600));
    const reader = new VaultReader((await loadIndex(vault)).access, tools);
    for (const bytes of contents) await readObject({ reader, store }, wantedContent(bytes));
    for (const problem of reader.problems) assert.equal(problem.object, object);
    store.objects.set(object, good);
  }
  for (const { name } of packs) store.objects.get(`packs/${hexOf(name)}`)?.fill(0, 100);
  const reader = new VaultReader((await loadIndex(vault)).access, tools);
  const reading = readObject({ reader, store }, wantedContent(first));
  await assert.rejects(reading, { code: 'HF_OBJECT_CORRUPT' });
});

test('a store that cannot be reached is not damage', async () => {
  const { vault } = await smallVault();
  await writeIndex(vault, [await writePack(vault, CONTENT, contents)]);
  const { access } = await loadIndex(vault);
  const { readObject: read } = vaultReaderFrom(access, tools, () => {
    throw new Fault('HF_DISK_DENIED', 'no');
  });
  assert.throws(() => read(wantedContent(first)), { code: 'HF_DISK_DENIED' });
});

test('what was never written is missing', async () => {
  const { vault, store } = await smallVault();
  const reader = new VaultReader((await loadIndex(vault)).access, tools);
  const reading = readObject({ reader, store }, wantedContent(Buffer.from('never')));
  await assert.rejects(reading, { code: 'HF_OBJECT_MISSING' });
});

test('an object with the digest of another is not given out', async () => {
  const { vault, store } = await smallVault();
  const lying = await writePack(
    { ...vault, idOf: () => vault.idOf(CONTENT, tools.hash.sha256(first)) },
    CONTENT,
    [Buffer.from('something else')],
  );
  await writeIndex(vault, [lying]);
  const reader = new VaultReader((await loadIndex(vault)).access, tools);
  const reading = readObject({ reader, store }, wantedContent(first));
  await assert.rejects(reading, { code: 'HF_OBJECT_CORRUPT', message: /digest/ });
});

const READER = `
const { parentPort, workerData } = require('node:worker_threads');
Promise.all(workerData.modules.map((module) => import(module))).then(([objects, node]) => {
  const tools = node.nodeTools();
  const readRange = (pack, offset, length) =>
    workerData.packs.get('packs/' + pack).slice(offset, offset + length);
  const { readObject } = objects.vaultReaderFrom(workerData.access, tools, readRange);
  parentPort.postMessage(workerData.wanted.map((each) => readObject(each)));
});`;

test('a thread reads by what it was handed', async () => {
  const { vault, store } = await smallVault();
  await writeIndex(vault, [await writePack(vault, CONTENT, contents)]);
  const { access } = await loadIndex(await reopen(store));
  const modules = ['./vault-objects.ts', '../../adapters/node/tools.ts'].map(
    (module) => new URL(module, import.meta.url).href,
  );
  const wanted = contents.map(wantedContent);
  const workerData = { modules, access, wanted, packs: store.objects };
  const read = await new Promise<Uint8Array[]>((resolve, reject) => {
    const worker = new Worker(READER, { eval: true, workerData });
    worker.once('message', resolve).once('error', reject);
  });
  assert.deepEqual(
    read.map((bytes) => Buffer.from(bytes)),
    contents,
  );
});

test('an index with very many data keys, whoever made it, keeps nobody from opening the vault', async () => {
  const { vault, store } = await smallVault();
  await writeIndex(vault, [await writePack(vault, CONTENT, contents)]);
  const { sealed } = namesKeyOf(vault);
  const keysSize = 200_000 * sealed.length;
  const planted = new Uint8Array(INDEX_FIXED_SIZE + paddedKeysSize(0, keysSize));
  new Uint32Array(planted.buffer, 0, 6).set([...INDEX_MAGIC, 0, 0, 0, keysSize]);
  for (let at = 0; at < keysSize; at += sealed.length) planted.set(sealed, INDEX_FIXED_SIZE + at);
  const sha256 = tools.hash.sha256(planted);
  await store.putIfAbsent(`index/${hexOf(sha256)}`, planted, sha256);
  const loaded = await loadIndex(vault);
  assert.deepEqual(loaded.problems, []);
  const reader = new VaultReader(loaded.access, tools);
  assert.ok(contents.every((bytes) => reader.has(wantedContent(bytes))));
});
