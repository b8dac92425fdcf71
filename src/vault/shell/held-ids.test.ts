// Goal: indexes that are asked in place hold exactly what the loaded ones say is there; what cannot be told so is not
// told at all, and nothing that is missing, cut short, damaged or going counts as stored.
// Method: a vault of three packs and two indexes in files, with a pack gone, cut, said to be damaged or covered; the
// table of `loadIndex` as oracle; bytes all over an index changed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import {
  reopen,
  smallVault,
  tools,
  wantedContent,
  writeIndex,
  writePack,
} from '../../../test/vault/small-vault.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { IdTable } from '../core/id-table.ts';
import { CONTENT } from '../core/object-id.ts';
import { type HeldIds, heldIdsOf, openHeldIds } from './held-ids.ts';
import { type LoadIndex, loadIndex } from './vault-index.ts';

const disk = nodeDisk();
const { codec, hash } = tools;
const PART = 30;

async function bench(t: TestContext) {
  const { vault, store } = await smallVault();
  const part = (nth: number): Buffer[] =>
    Array.from({ length: PART }, (_, at) => Buffer.from(`content ${nth * (PART - 3) + at}`));
  const packs = [];
  for (const nth of [0, 1, 2]) packs.push(await writePack(vault, CONTENT, part(nth)));
  const indexes = [
    await writeIndex(vault, packs.slice(0, 2)),
    await writeIndex(vault, packs.slice(2)),
  ];
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-held-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  fs.mkdirSync(path.join(dir, 'index'));
  for (const name of indexes)
    fs.writeFileSync(path.join(dir, name), store.objects.get(name) ?? assert.fail());
  const idOf = (number: number): Digest =>
    vault.idOf(CONTENT, wantedContent(Buffer.from(`content ${number}`)).digest);
  // Some are in two packs, and the last of them are nowhere.
  const ids = Array.from({ length: 3 * PART }, (_, number) => idOf(number));
  const open = (leaving: LoadIndex = {}, idsMin = 1): Promise<HeldIds | undefined> =>
    openHeldIds({ disk, codec, hash, root: byteString(dir), store, idsMin }, leaving);
  const names = packs.map(({ name }) => hexOf(name));
  return { store, dir, ids, open, names, files: indexes.map((name) => path.join(dir, name)) };
}

/** Opened, loaded, and in another thread: all say the same as the index that was loaded. */
async function demandSame(
  it: Awaited<ReturnType<typeof bench>>,
  leaving: LoadIndex,
): Promise<number> {
  const { access } = await loadIndex(await reopen(it.store), leaving);
  const whole = new IdTable(access.present);
  const held = (await it.open(leaving)) ?? assert.fail();
  const other = heldIdsOf({ disk, codec }, structuredClone(held.share));
  const loaded = new IdTable([held.load() ?? assert.fail()]);
  for (const id of it.ids) {
    const isThere = whole.has(id);
    assert.deepEqual([held.has(id), other.has(id), loaded.has(id)], [isThere, isThere, isThere]);
  }
  held.close();
  other.close();
  return it.ids.filter((id) => whole.has(id)).length;
}

test('what is held is what the loaded index says is there', async (t) => {
  const it = await bench(t);
  const [first = '', second = '', third = ''] = it.names;
  assert.equal(await demandSame(it, {}), 3 * PART - 6);
  // Three of each are in the next pack as well.
  assert.equal(await demandSame(it, { covered: new Set([first]) }), 2 * PART - 3);
  assert.equal(await demandSame(it, { damaged: new Set([second]) }), 2 * PART);
  const both = { covered: new Set([first]), damaged: new Set([third]) };
  assert.equal(await demandSame(it, both), PART);
  const packOf = (name: string): Uint8Array =>
    it.store.objects.get(`packs/${name}`) ?? assert.fail();
  it.store.objects.set(`packs/${third}`, packOf(third).subarray(0, -1));
  assert.equal(await demandSame(it, {}), 2 * PART - 3);
  it.store.objects.delete(`packs/${third}`);
  assert.equal(await demandSame(it, {}), 2 * PART - 3);
});

test('whatever is not as it should be is left to who loads all', async (t) => {
  const it = await bench(t);
  assert.equal(await it.open({}, 3 * PART + 1), undefined, 'too few ids');
  const [file = ''] = it.files;
  const good = fs.readFileSync(file);
  for (let at = 0; at < good.length; at += 5) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    assert.equal(await it.open(), undefined, `byte ${at}`);
  }
  fs.writeFileSync(file, good);
  const held = (await it.open()) ?? assert.fail();
  // A pack that no index names: its run was killed, and what it stored is not stored again.
  const name = `packs/${'5'.repeat(64)}`;
  it.store.objects.set(name, Uint8Array.of(1));
  assert.equal(await it.open(), undefined);
  ((await it.open({ covered: new Set(['5'.repeat(64)]) })) ?? assert.fail()).close();
  it.store.objects.delete(name);
  // Replaced meanwhile: who opens it later knows less, and who has it open knows what he knew.
  fs.rmSync(file);
  assert.equal(await it.open(), undefined);
  const late = heldIdsOf({ disk, codec }, held.share);
  assert.equal(it.ids.filter((id) => held.has(id)).length, 3 * PART - 6);
  assert.equal(it.ids.filter((id) => late.has(id)).length, PART);
  late.close();
  held.close();
});

test('who cannot read says that nothing is held', async (t) => {
  const it = await bench(t);
  const held = (await it.open()) ?? assert.fail();
  for (const file of it.files) fs.truncateSync(file, 100);
  assert.equal(it.ids.filter((id) => held.has(id)).length, 0);
  assert.equal(held.load(), undefined);
  held.close();
});
