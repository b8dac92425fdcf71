// Goal: a directory in which something was found and that went (a disk was pulled, a mount is gone) is not made
// anew in its place; a long list is had at once and is the same. Method: a real directory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { directoryStore } from './store-directory.ts';

const { hash, random } = nodeTools();
const BYTES = Buffer.from('of the vault');

test('what was there and went is not made anew', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-store-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const root = path.join(directory, 'vault');
  const of = { disk: nodeDisk(), clock: nodeClock(), random, root: byteString(root) };
  const put = (store: ReturnType<typeof directoryStore>, name: string) =>
    store.putIfAbsent(name, BYTES, hash.sha256(BYTES));
  assert.equal(await put(directoryStore(of), 'header'), 'stored', 'a new one is made');
  const [getting, listing] = [directoryStore(of), directoryStore(of)];
  await getting.get('header');
  await listing.list('');
  fs.renameSync(root, `${root}-away`);
  for (const store of [getting, listing, directoryStore({ ...of, isThere: true })]) {
    await assert.rejects(put(store, 'packs/one'), { code: 'HF_DISK_ABSENT' });
    assert.equal(fs.existsSync(root), false);
  }
  fs.renameSync(`${root}-away`, root);
  assert.equal(await put(getting, 'packs/one'), 'stored', 'it goes on when it is back');
});

test('of thousands of names a list says what one look at each says', async (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-store-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const folder = path.join(root, 'snapshots');
  fs.mkdirSync(path.join(folder, 'deep'), { recursive: true });
  for (let nth = 0; nth < 4100; nth++) fs.writeFileSync(path.join(folder, `${nth}`), `${nth}`);
  fs.writeFileSync(path.join(folder, 'deep/one'), 'below');
  fs.symlinkSync('7', path.join(folder, 'link'));
  fs.symlinkSync('nowhere', path.join(folder, 'lost'));
  fs.symlinkSync('.loop', path.join(folder, '.loop'));
  const disk = nodeDisk();
  const { listSizes: _, ...oneByOne } = disk;
  const of = { disk, clock: nodeClock(), random, root: byteString(root) };
  const found = await directoryStore(of).list('snapshots/');
  assert.deepEqual(found, await directoryStore({ ...of, disk: oneByOne }).list('snapshots/'));
  assert.equal(found.length, 4102, 'files, the one below, and what the link leads to');
  assert.equal(
    disk.listSizes?.(byteString(folder))?.find(({ name }) => name === '42')?.sizeBytes,
    2,
  );
});
