// Goal: a vault whose directory vanishes while somebody writes into it (a disk that is pulled, a mount
// that goes) is not made anew in its place, nothing is acknowledged that went nowhere, and when it is
// back all goes on by itself. Method: real backups; the directory is renamed at moments from a seed,
// before and while a backup writes, and comes back afterwards.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Seeded } from '../../sim/seeded.ts';
import {
  acknowledged,
  errorCode,
  listingOf,
  RealTree,
  RealVault,
} from '../integration/real-vault.ts';

const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));
const ROUNDS = 5;

test('a vault that vanishes under a backup and comes back', async (t) => {
  using real = new RealVault();
  const seeded = new Seeded(SEED);
  const tree = new RealTree(real.data, SEED);
  tree.grow(200, 60_000);
  tree.grow(4, 6_000_000);
  await real.init();
  const first = await real.backup();
  const kept = new Map([[acknowledged(first) ?? assert.fail(first.said), listingOf(real.data)]]);
  const away = `${real.vault}-away`;
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    tree.live();
    tree.grow(2, 4_000_000);
    const listing = listingOf(real.data);
    const running = real.backup();
    await sleep(seeded.next() * first.durationMs);
    fs.renameSync(real.vault, away);
    const ran = await running;
    const where = `SEED=${SEED}, round ${round}`;
    assert.equal(fs.existsSync(real.vault), false, `${where}: something was made in its place`);
    fs.renameSync(away, real.vault);
    const snapshot = acknowledged(ran);
    if (snapshot !== undefined) kept.set(snapshot, listing);
    else {
      refused += 1;
      assert.match(String(errorCode(ran)), /^HF_/, `${where}: ${ran.said}`);
    }
  }
  tree.live();
  const last = await real.backup();
  kept.set(acknowledged(last) ?? assert.fail(last.said), listingOf(real.data));
  for (const [snapshot, listing] of kept) {
    assert.deepEqual([...(await real.restored(snapshot))], [...listing], `SEED=${SEED}`);
  }
  await real.check();
  t.diagnostic(`SEED=${SEED}: ${refused} of ${ROUNDS} backups were refused`);
  assert.ok(refused > 0, 'liveness: it was away while somebody needed it');
});
