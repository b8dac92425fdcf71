// Goal: `kill -9` at any moment of a real backup, with its threads and on a real file system, loses
// no acknowledged snapshot, and the next backup needs no hand.
// Method: a loop of backups of a tree that changes, most of them killed after a random time; then
// every acknowledged snapshot is restored and compared with the tree as it was, and all is checked.
// HOLDFAST_KILL_SECONDS makes it longer; SEED replays the changes and the delays, not the moments.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Seeded } from '../../sim/seeded.ts';
import { simSeeds } from '../../sim/sim-seeds.ts';
import { acknowledged, listingOf, RealTree, RealVault } from './real-vault.ts';

const SECONDS = Number(process.env.HOLDFAST_KILL_SECONDS ?? 15);
const DAY_MS = 24 * 3600 * 1000;
const ROUNDS_MIN = 12;
const ROUNDS_MAX = 10_000;
const KILLS_MIN = 5;
const RESTORED_MAX = 6;
const [SEED = 0] = simSeeds();

test('killed again and again: what was acknowledged is there', async (t) => {
  using real = new RealVault();
  const seeded = new Seeded(SEED);
  const tree = new RealTree(real.data, SEED);
  tree.grow(400, 60_000);
  tree.grow(3, 6_000_000);
  await real.init();
  const kept = new Map<string, ReadonlyMap<string, string>>();
  const counts = { killed: 0 };
  let typicalMs = 0;
  const round = async (killAfterMs?: number): Promise<void> => {
    const listing = listingOf(real.data);
    const ran = await real.backup(killAfterMs);
    const snapshot = acknowledged(ran);
    if (snapshot !== undefined) kept.set(snapshot, listing);
    else assert.equal(ran.code, undefined, `neither killed nor acknowledged: ${ran.said}`);
    if (ran.code === undefined) counts.killed += 1;
    else typicalMs = ran.durationMs;
  };
  // The first is killed too: there is no snapshot, and the work of others is not lost.
  await round(400 + seeded.below(400));
  await round();
  const until = performance.now() + SECONDS * 1000;
  const isOver = (count: number): boolean =>
    count >= ROUNDS_MIN && counts.killed >= KILLS_MIN && performance.now() >= until;
  for (let count = 0; !isOver(count); count++) {
    assert.ok(count < ROUNDS_MAX, 'liveness: backups are killed before they end');
    tree.live();
    // Not in the first third: there it starts, opens the vault, and writes nothing.
    await round(typicalMs * (0.3 + seeded.next()));
  }
  const leftover = path.join(real.vault, 'tmp', `${Date.now() - 2 * DAY_MS}-${'0a'.repeat(16)}`);
  fs.writeFileSync(leftover, 'of a run that was killed two days ago');
  await round();
  assert.equal(fs.existsSync(leftover), false, 'what killed runs leave does not stay for ever');
  const all = [...kept];
  const step = Math.max(1, all.length / RESTORED_MAX);
  for (let at = 0; at < all.length; at += step) {
    const [snapshot, listing] = all[Math.floor(at)] ?? [];
    assert.ok(snapshot !== undefined, 'one of those that were acknowledged');
    const found = await real.restored(snapshot);
    assert.deepEqual([...found], [...(listing ?? [])], `SEED=${SEED} snapshot ${snapshot}`);
  }
  const listed = await real.run(['snapshots', '--vault', real.vault, '--key-file', real.key]);
  for (const snapshot of kept.keys()) {
    assert.ok(listed.said.includes(snapshot), `SEED=${SEED} ${snapshot} is listed: ${listed.said}`);
  }
  await real.check();
  t.diagnostic(`SEED=${SEED}: ${counts.killed} killed, ${kept.size} acknowledged`);
  assert.ok(kept.size >= 2, 'liveness: backups were acknowledged');
});
