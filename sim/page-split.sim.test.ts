// Goal: a backup in which a page of the manifest becomes two, and one in which they become one again, are
// stopped at any writing call, or find the disk full there, and what was acknowledged restores.
// Method: a file whose path begins a page comes into the middle of one, and goes; pages are counted by
// what was acknowledged. Crash and failure at every call of these two backups, as in backup.sim.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteString } from '../src/base/bytes.ts';
import { isBoundary } from '../src/manifest/core/page-rule.ts';
import { NAMES } from '../src/vault/core/object-id.ts';
import { listSnapshots, readSnapshotContent } from '../src/vault/shell/snapshot-store.ts';
import { type History, makeHistory, runPhase, type Told, toldOf } from './backup-history.ts';
import { StatesSeen, splitting } from './coverage.ts';
import type { SimDisk } from './disk.ts';
import { forked } from './each-crash.ts';
import { failEach } from './fail-each.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { VaultHost } from './vault-host.ts';
import { wrongAfter } from './vault-oracle.ts';

const [SEED = 0] = simSeeds();
const BACKUP_COUNT = 3;
/** The backup that makes two pages of one; the next one makes one of two. */
const SPLIT_PHASE = 2;
const STATES_PER_POINT = 2;
const LEVEL_LEAF = 0;

/** Between the directories (`d1`, ...) and the files (`f5`, ...) of a living tree. */
function boundaryName(): ByteString {
  for (let number = 0; ; number++) {
    const name = byteString(`e${number}`);
    if (isBoundary(LEVEL_LEAF, name)) return name;
  }
}

/** Pages of entries of each snapshot, oldest first. */
async function leafCounts(disk: SimDisk, nowMs: number): Promise<readonly number[]> {
  const host = new VaultHost({ disk, clock: new SimClock(nowMs), seed: SEED + 900_000 });
  const session = await host.open();
  const reader = await host.reader(session);
  const { snapshots } = await listSnapshots(session.vault);
  return snapshots.map(({ record }) => {
    const [root] = readSnapshotContent(session.vault, record).roots;
    const digest = root?.sha256 ?? assert.fail('it has a root');
    const lines = Buffer.from(reader.read(NAMES, digest)).toString('latin1').split('\n');
    const isLeaf = lines[0]?.includes(`"level":${LEVEL_LEAF}}`) === true;
    // A line of a page above is a page below; the first is the head, and the last is empty.
    return isLeaf ? 1 : lines.length - 2;
  });
}

const toldBefore = (history: History, phase: number): Told => {
  const points = [...history.disk.crashPoints()];
  const before = points.filter(({ calls }) => calls <= (history.phaseCalls[phase] ?? 0));
  return toldOf(before.at(-1)?.marks ?? []);
};

function aftermath(history: History, disk: SimDisk, told: Told) {
  const { trees, endMs, seed } = history;
  const next = trees[told.snapshots.length] ?? assert.fail('a history has trees to go on with');
  return { disk, told, trees, next, nowMs: endMs, seed: seed + 500_000 };
}

test('a page splits, and is one again: stopped, or full, at any writing call', async (t) => {
  const history = await makeHistory({
    ...{ seed: SEED, backupCount: BACKUP_COUNT, volume: {}, cameAndWent: boundaryName() },
  });
  const [first = 0, split = 0, joined = 0] = await leafCounts(forked(history.disk), history.endMs);
  assert.deepEqual([split - first, joined - first], [1, 0], 'it split, and is one again');

  const states = new StatesSeen();
  for (const point of history.disk.crashPoints()) {
    if (point.calls <= (history.phaseCalls[SPLIT_PHASE] ?? 0)) continue;
    const told = toldOf(point.marks);
    for (const state of point.disks(SEED + point.calls, STATES_PER_POINT)) {
      const known = state.fingerprint() + point.marks.length;
      if (states.has(known)) continue;
      states.add(known);
      const wrong = await wrongAfter(aftermath(history, state, told));
      assert.equal(wrong, undefined, `SEED=${SEED} crash after call ${point.calls}`);
    }
  }

  let failures = 0;
  for (const phase of [SPLIT_PHASE, SPLIT_PHASE + 1]) {
    const told = toldBefore(history, phase);
    const base = history.before[phase] ?? assert.fail('that backup was made');
    failures += await failEach({
      ...{ base, errno: 'ENOSPC', where: `SEED=${SEED} phase ${phase}` },
      act: (disk) => {
        const run = { disk, clock: new SimClock(history.endMs), seed: SEED + 800_000 };
        const act = (): Promise<void> => runPhase(run, phase, history.trees);
        return phase === SPLIT_PHASE ? splitting(act) : act();
      },
      after: (disk, { fault }) => {
        const now =
          fault === undefined ? toldOf([...disk.crashPoints()].at(-1)?.marks ?? []) : told;
        const snapshots = [
          ...told.snapshots,
          ...now.snapshots.filter((id) => !told.snapshots.includes(id)),
        ];
        return wrongAfter(aftermath(history, disk, { ...now, isMade: true, snapshots }));
      },
    });
  }
  t.diagnostic(`SEED=${SEED}: ${states.size} states, ${failures} failures said`);
  assert.ok(states.size > 20, 'liveness: many states were seen');
  assert.ok(failures > 20, 'liveness: the disk was full');
});
