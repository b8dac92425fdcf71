// Goal: what `up` says rests on proof: a flipped bit fails the drill and is said, evidence expires, a
// key or a disk that is shared saves nothing, and a small drill bounds no time.
// Method: whole rounds with real vault, drill and ledger; only the look at the machine is made up.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Fault } from '../../src/base/fault.ts';
import { byteString } from '../../src/base/bytes.ts';
import { nodePorts } from '../../src/main/vault-session.ts';
import { writeConfirmation } from '../../src/main/cli/sheet-confirmation.ts';
import { unixMs } from '../../src/base/units.ts';
import { spoilPack } from '../vault/spoil-packs.ts';
import { exposureTo, onlyDone, UpBench } from './up-bench.ts';

const DAY = 24 * 3_600_000;
let bench: UpBench;
beforeEach(() => {
  bench = new UpBench();
});
afterEach(() => bench.remove());

test('a first round keeps, restores, compares, and says what a shared disk does not survive', async () => {
  const ran = await bench.once();
  assert.equal(ran.hasFailed || ran.hasGaps, false);
  const { drill, backup } = onlyDone(ran);
  assert.equal(drill.kind, 'drilled');
  assert.equal(drill.source.isCompared, true);
  assert.equal(backup.isUnchanged, false);
  assert.equal(exposureTo(ran, 'disk').loss.kind, 'all');
  assert.equal(exposureTo(ran, 'host').loss.kind, 'all');
  const { loss, outage, proof } = exposureTo(ran, 'directory');
  assert.equal(loss.kind === 'window' && loss.atMostMs !== undefined, true);
  assert.ok(outage.kind === 'interval');
  assert.equal(outage.atMostMs, undefined, 'from less than 1 GiB');
  assert.equal(proof.kind, 'drilled');
  assert.match(ran.out, /key +only on this machine: lost with it/);
  assert.match(ran.out, /helps\s+against\s+deletion,\s+not\s+against\s+this\s+disk/);
  assert.match(ran.out, /no\s+upper\s+end:\s+the\s+drill\s+moved\s+less\s+than\s+1 GiB/);
  assert.deepEqual(fs.readdirSync(path.join(bench.state, 'scratch')), []);
});

test('what did not change is covered up to now, and what proved its content proves it still', async () => {
  const first = await bench.once();
  const second = await bench.once();
  // Files of this minute are read again; their content is known all the same.
  assert.equal(onlyDone(second).backup.newBytes, 0);
  const [one, other] = [first, second].map((ran) => ran.view.coverage.rows[0]?.coveredUpTo ?? 0);
  assert.ok(Number(other) > Number(one));
  assert.equal(exposureTo(second, 'directory').pointCount, 2);
  assert.equal(exposureTo(second, 'directory').loss.kind, 'window');
});

test('one flipped bit fails the drill, in words, and makes unknown what would be lost', async () => {
  await bench.once();
  // Of content; a flipped page is another finding, tested below.
  for (const pack of bench.packs().filter((each) => !holdsNames(each))) spoilPack(pack);
  const ran = await bench.once();
  assert.equal(ran.hasFailed, true);
  assert.equal(onlyDone(ran).drill.isPassed, false);
  assert.match(ran.out, /■ drill +failed: the restore is not what was backed up/);
  assert.match(ran.out, /vault check --read-data/);
  const { loss, proof, survives } = exposureTo(ran, 'directory');
  assert.equal(loss.kind, 'unknown');
  assert.equal(proof.kind, 'failed');
  assert.equal(survives, 0);
});

test('one flipped bit of a page of names costs a full read: the round stores it anew and proves it', async () => {
  await bench.once();
  for (const pack of bench.packs().filter(holdsNames)) spoilPack(pack);
  const ran = await bench.once();
  assert.equal(ran.hasFailed, false);
  const { backup, drill } = onlyDone(ran);
  assert.match(backup.readInFull[0] ?? '', /last manifest cannot be read/);
  assert.equal(drill.isPassed, true);
  assert.equal(exposureTo(ran, 'directory').loss.kind, 'window');
});

/** The first group of a pack says what it holds: 2 is names. */
function holdsNames(pack: string): boolean {
  return fs.readFileSync(pack)[16 + 5] === 2;
}

test('proof that has expired counts for nothing, and a new round renews it', async () => {
  await bench.once();
  const later = await bench.once({ aheadMs: 31 * DAY });
  // The round itself drills by the real clock: its evidence is as old as that of the first.
  const { loss, outage, proof } = exposureTo(later, 'directory');
  assert.ok(loss.kind === 'unknown');
  assert.equal(loss.why, 'not re-read within the limit');
  assert.equal(outage.kind === 'interval' && outage.atMostMs, undefined);
  assert.equal(proof.kind, 'stale');
  assert.match(later.out, /stale|not re-read within/);
  const now = await bench.once();
  assert.equal(exposureTo(now, 'directory').loss.kind, 'window');
});

test('the key dies with the machine until its sheet was confirmed elsewhere', async () => {
  const elsewhere = { disk: 'vdb' };
  const before = await bench.once(elsewhere);
  const disk = before.view.exposure.find(
    ({ domain }) => domain.kind === 'disk' && domain.disk === 'vda',
  );
  assert.equal(disk?.loss.kind, 'window', 'data and vault are on two disks');
  const keyLost = exposureTo(before, 'key');
  assert.equal(keyLost.pointsLeft, 0);
  assert.match(before.out, /the key +nothing yet +not out +then no backup opens/);
  const { id, vault } = { id: before.view.key.id, vault: vaultIn(bench.state) };
  writeConfirmation(
    nodePorts(),
    { state: byteString(bench.state), vault },
    {
      confirmedAt: unixMs(Date.now()),
      where: 'the safe',
      key: 'another key',
    },
  );
  assert.equal((await bench.once(elsewhere)).view.key.isConfirmed, false, 'that is another key');
  writeConfirmation(
    nodePorts(),
    { state: byteString(bench.state), vault },
    {
      confirmedAt: unixMs(Date.now()),
      where: 'the safe',
      key: id,
    },
  );
  const after = await bench.once(elsewhere);
  assert.equal(after.view.key.isConfirmed, true);
  assert.ok(exposureTo(after, 'key').pointsLeft > 0);
  assert.match(after.out, /its sheet is confirmed elsewhere/);
});

function vaultIn(state: string): string {
  const [id] = fs.readdirSync(path.join(state, 'vaults'));
  assert.ok(id !== undefined);
  return id;
}

test('a vault is never filled to the brim: refused with figures, before anything is stored', async () => {
  await assert.rejects(bench.once({ minFree: '100%' }), (error) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'HF_VAULT_FLOOR');
    assert.match(
      error.message,
      /[0-9.]+ [GT]iB of [0-9.]+ [GT]iB are free .* [0-9.]+ [GT]iB stay free/,
    );
    return true;
  });
  assert.deepEqual(bench.packs(), []);
});
