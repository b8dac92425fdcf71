// Goal: a directory in which something was found and that went (a disk was pulled, a mount is gone) is not made
// anew in its place. Method: a real directory that is taken away between two calls.
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
