// Goal: on a file system that is full to the last byte, collecting a vault, copying one to it and
// repairing one there say so or go on, harm nothing that is there, and end when there is room again.
// Method: the real program on a tmpfs and on an ext4 of a loop device, filled by somebody else.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { simSeeds } from '../../sim/sim-seeds.ts';
import {
  acknowledged,
  errorCode,
  listingOf,
  type Ran,
  RealTree,
  RealVault,
} from '../integration/real-vault.ts';
import { EXT4, type SmallDisk, TMPFS } from '../integration/small-disk.ts';
import { needs } from '../run/needs.ts';

const [SEED = 0] = simSeeds();
/** Longer than the grace of a second that is given. */
const GRACE_MS = 1200;

function fill(at: string): void {
  const file = fs.openSync(path.join(at, 'ballast'), 'w');
  try {
    for (const size of [1 << 20, 4096, 1]) {
      try {
        for (;;) if (fs.writeSync(file, Buffer.alloc(size)) < size) break;
      } catch (error) {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC');
      }
    }
  } finally {
    fs.closeSync(file);
  }
}

/** Said by its code (a copy and a repair ask for room first), or done in spite of it. @returns whether it was refused */
function demandSaid(ran: Ran): boolean {
  if (ran.code === 0) return false;
  assert.match(String(errorCode(ran)), /^HF_(DISK_FULL|VAULT_FLOOR)$/, ran.said);
  return true;
}

async function work(t: TestContext, disk: SmallDisk): Promise<void> {
  using real = new RealVault();
  const at = path.join(real.dir, 'disk');
  fs.mkdirSync(at);
  disk.make(at, real.dir);
  try {
    real.vault = path.join(at, 'vault');
    const elsewhere = path.join(real.dir, 'elsewhere');
    const where = ['--vault', real.vault, '--key-file', real.key];
    await real.init();
    const tree = new RealTree(real.data, SEED);
    tree.grow(40, 40_000);
    assert.ok(acknowledged(await real.backup()) !== undefined);
    tree.live();
    const listing = listingOf(real.data);
    const newest = acknowledged(await real.backup()) ?? assert.fail();
    const out = await real.run(['vault', 'copy', real.vault, elsewhere, '--min-free', '0']);
    assert.equal(out.code, 0, out.said);

    const packs = path.join(real.vault, 'packs');
    const [lost = ''] = fs.readdirSync(packs);
    const repair = ['vault', 'repair', real.vault, '--from', elsewhere, '--min-free', '0'];
    const gc = ['vault', 'gc', ...where, '--keep', 'last=1,min-age=1s', '--grace', '1s', '--yes'];
    const copy = ['vault', 'copy', elsewhere, path.join(at, 'copy'), '--min-free', '0'];
    let refused = 0;
    const demandWhole = async (): Promise<void> =>
      assert.deepEqual([...(await real.restored(newest))], [...listing]);

    fs.unlinkSync(path.join(packs, lost));
    fill(at);
    refused += demandSaid(await real.run(repair)) ? 1 : 0;
    fs.unlinkSync(path.join(at, 'ballast'));
    assert.equal((await real.run(repair)).code, 0);
    await real.check();

    fill(at);
    refused += demandSaid(await real.run(copy)) ? 1 : 0;
    refused += demandSaid(await real.run(gc)) ? 1 : 0;
    await sleep(GRACE_MS);
    refused += demandSaid(await real.run(gc)) ? 1 : 0;
    await demandWhole();
    fs.unlinkSync(path.join(at, 'ballast'));
    for (const again of [gc, copy]) {
      const ran = await real.run(again);
      assert.equal(ran.code, 0, ran.said);
    }
    await sleep(GRACE_MS);
    const swept = await real.run(gc);
    assert.equal(swept.code, 0, swept.said);
    await real.check();
    await demandWhole();
    t.diagnostic(`SEED=${SEED}: ${refused} were refused`);
    assert.ok(refused > 0, 'liveness: it was full');
  } finally {
    disk.remove(at);
  }
}

test('a tmpfs that is full while a vault there is repaired, copied to and collected', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await work(t, TMPFS);
});

test('an ext4 that is full while a vault there is repaired, copied to and collected', async (t) => {
  if (!needs(t, 'root', 'mount', 'loop')) return;
  await work(t, EXT4);
});
