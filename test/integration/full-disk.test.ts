// Goal: a vault on a full disk says so, keeps what it has acknowledged, and goes on when there is
// room again; with threads, and on real file systems.
// Method: a tmpfs, and an ext4 on a loop device, too small for the tree; made larger afterwards.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { simSeeds } from '../../sim/sim-seeds.ts';
import { needs } from '../run/needs.ts';
import { EXT4, type SmallDisk, TMPFS } from './small-disk.ts';
import { acknowledged, errorCode, listingOf, RealTree, RealVault } from './real-vault.ts';

const [SEED = 0] = simSeeds();
async function fillAndGrow(t: TestContext, disk: SmallDisk): Promise<void> {
  using real = new RealVault();
  const at = path.join(real.dir, 'disk');
  fs.mkdirSync(at);
  disk.make(at, real.dir);
  try {
    real.vault = path.join(at, 'vault');
    await real.init();
    const tree = new RealTree(real.data, SEED);
    tree.grow(100, 40_000);
    const first = { listing: listingOf(real.data), ran: await real.backup() };
    const snapshot = acknowledged(first.ran);
    assert.ok(snapshot !== undefined, first.ran.said);
    tree.grow(30, 4_000_000);
    const full = await real.backup();
    assert.equal(full.code, 1, full.said);
    assert.equal(errorCode(full), 'HF_DISK_FULL', full.said);
    assert.deepEqual([...(await real.restored(snapshot))], [...first.listing]);
    await real.check();
    disk.grow(at);
    const listing = listingOf(real.data);
    const second = acknowledged(await real.backup());
    assert.ok(second !== undefined, 'there is room again');
    assert.deepEqual([...(await real.restored(second))], [...listing]);
    assert.deepEqual([...(await real.restored(snapshot))], [...first.listing]);
    await real.check();
    t.diagnostic(`SEED=${SEED}: full after ${first.listing.size} of ${listing.size} entries`);
  } finally {
    disk.remove(at);
  }
}

test('a tmpfs that is full, and then larger', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await fillAndGrow(t, TMPFS);
});

test('an ext4 that is full, and then has room', async (t) => {
  if (!needs(t, 'root', 'mount', 'loop')) return;
  await fillAndGrow(t, EXT4);
});
