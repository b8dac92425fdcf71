// Goal: indexes that are asked in place say of every id what the whole index says, and nothing that somebody wrote
// into one does more than that it is not gone by.
// Method: indexes of the real writer in files, every id and others beside it; then each byte changed, and cut.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  smallVault,
  tools,
  wantedContent,
  writeIndex,
  writePack,
} from '../../../test/vault/small-vault.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { byteString, type Digest, digestOfBytes, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { encodeGroupHeader, STORED, TAG_SIZE } from '../core/group-header.ts';
import { IndexBuilder } from '../core/index-builder.ts';
import { CONTENT } from '../core/object-id.ts';
import { PACK_MAGIC } from '../core/pack.ts';
import { type IndexFiles, openIndexFiles } from './index-files.ts';
import { placesOf } from './vault-access.ts';
import { loadIndex } from './vault-index.ts';

const disk = nodeDisk();
const contents = Array.from({ length: 600 }, (_, at) => Buffer.from(`content ${at}`));

async function bench(t: { after(act: () => void): void }, count: number) {
  const { vault, store } = await smallVault();
  const of = contents.slice(0, count);
  const half = Math.trunc(of.length / 2);
  // What lies in the middle is stored three times, twice of it in one index.
  const parts = [of.slice(0, half + 5), of.slice(half - 5), of.slice(half - 2, half + 2)];
  const packs = [];
  for (const part of parts) packs.push(await writePack(vault, CONTENT, part));
  const names = [
    await writeIndex(vault, packs.slice(0, 2)),
    await writeIndex(vault, packs.slice(2)),
  ];
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-index-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  fs.mkdirSync(path.join(dir, 'index'));
  for (const name of names) {
    fs.writeFileSync(path.join(dir, name), store.objects.get(name) ?? assert.fail());
  }
  const { access } = await loadIndex(vault);
  const indexes = names.map((name) => ({ name, sizeBytes: 0 }));
  const open = () =>
    openIndexFiles({ disk, codec: tools.codec, root: byteString(dir), keys: access.keys, indexes });
  return { vault, access, open, of, files: names.map((name) => path.join(dir, name)) };
}

/** @param ids of groups of 100, in one pack */
function indexOf(ids: readonly Digest[]): Uint8Array {
  const groups = [];
  let offset = PACK_MAGIC.length;
  for (let first = 0; first < ids.length; first += 100) {
    const own = ids.slice(first, first + 100);
    const header = encodeGroupHeader(tools.codec, {
      ...{
        kind: CONTENT,
        codec: STORED,
        plainLength: own.length,
        bodyLength: own.length + TAG_SIZE,
      },
      ...{ dataKeyId: new Uint8Array(16), nonce: new Uint8Array(12), references: [] },
      ...{ ids: own, lengths: own.map(() => 1) },
    });
    groups.push({ offset, header });
    offset += header.length + own.length + TAG_SIZE;
  }
  const builder = new IndexBuilder();
  const sealedKeys = new Uint8Array(0);
  builder.addPack({ name: digestOfBytes('p'.repeat(32)), sizeBytes: offset, groups, sealedKeys });
  return builder.encode(tools.codec);
}

const idOf = ({ vault }: Awaited<ReturnType<typeof bench>>, bytes: Uint8Array) =>
  vault.idOf(CONTENT, wantedContent(bytes).digest);

test('every id lies where the whole index says, and no other lies anywhere', async (t) => {
  const it = await bench(t, 600);
  const files = it.open() ?? assert.fail();
  const whole = placesOf(it.access);
  const said = (places: ReturnType<IndexFiles['all']>) =>
    places.map(({ pack, offset, headerLength, bodyLength }) => ({
      ...{ pack, offset, headerLength, bodyLength },
    }));
  const sorted = (all: ReturnType<typeof said>) =>
    all.toSorted((a, b) => (`${a.pack}${a.offset}` < `${b.pack}${b.offset}` ? -1 : 1));
  let most = 0;
  for (const bytes of it.of) {
    const id = idOf(it, bytes);
    const found = files.all(id);
    most = Math.max(most, found.length);
    assert.deepEqual(sorted(said(found)), sorted(said(whole.all(id))));
    assert.equal(new Set(found.map(({ group }) => group)).size, found.length);
    assert.ok(files.has(id));
  }
  assert.equal(most, 3);
  for (let at = 0; at < 200; at++) {
    assert.deepEqual(files.all(idOf(it, Buffer.from(`not there ${at}`))), []);
  }
  assert.equal(files.sealedKeys.length, 3);
  files.close();
});

// Ids that are not spread as an HMAC spreads them: of two beginnings only, with one id more often than is read at once.
test('an id is found wherever it stands', async (t) => {
  const it = await bench(t, 12);
  const keys = it.access.keys;
  const idAt = (at: number) => digestOfBytes(`${at < 700 ? '\0' : '\xfe'}${at}`.padEnd(32, '\0'));
  const ids = Array.from({ length: 1500 }, (_, at) => idAt(at));
  const same = Array.from({ length: 200 }, () => digestOfBytes('\x01'.repeat(32)));
  const name = `index/${hexOf(idAt(0))}`;
  const [file = ''] = it.files;
  const dir = path.dirname(path.dirname(file));
  fs.writeFileSync(path.join(dir, name), indexOf([...ids, ...same]));
  const of = { disk, codec: tools.codec, root: byteString(dir), keys };
  const files = openIndexFiles({ ...of, indexes: [{ name, sizeBytes: 0 }] }) ?? assert.fail();
  for (const id of ids) assert.equal(files.all(id).length, 1);
  assert.equal(files.all(same[0] ?? idAt(0)).length, 200);
  for (const absent of ['\0', '\x02', '\x01\x02', '\x80', '\xfe', '\xfe~', '\xff'])
    assert.deepEqual(files.all(digestOfBytes(absent.padEnd(32, absent))), []);
  files.close();
});

test('whatever an index says, it ends with a Fault or with places', async (t) => {
  const it = await bench(t, 12);
  const ids = it.of.map((bytes) => idOf(it, bytes));
  const [file = ''] = it.files;
  const good = fs.readFileSync(file);
  let refused = 0;
  const look = (bytes: Uint8Array): void => {
    fs.writeFileSync(file, bytes);
    let files: IndexFiles | undefined;
    try {
      files = it.open();
      for (const id of ids) files?.all(id);
    } catch (error) {
      assert.ok(error instanceof Fault && error.kind === 'corrupt', String(error));
      refused += 1;
    } finally {
      files?.close();
    }
  };
  for (let at = 0; at < good.length; at++) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    look(bytes);
  }
  for (let length = 0; length < good.length; length += 7) look(good.subarray(0, length));
  assert.ok(refused > good.length / 7);
  // All of one id: a list without end is not made of it.
  const entries = good.length - 17 * 24;
  const same = Buffer.from(good);
  for (let at = entries; at < same.length; at += 24) same.write('\0'.repeat(16), at, 'latin1');
  look(same);
});

test('many are not asked one by one', () => {
  const indexes = Array.from({ length: 65 }, (_, at) => ({ name: `index/${at}`, sizeBytes: 0 }));
  const keys = { vault: '', idKey: new Uint8Array(32), namesKey: undefined, contentKey: undefined };
  const of = { disk, codec: tools.codec, root: byteString('/nowhere'), keys };
  assert.equal(openIndexFiles({ ...of, indexes }), undefined);
  assert.equal(openIndexFiles({ ...of, indexes: [] }), undefined);
});
