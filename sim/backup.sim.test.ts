// Goal: whatever happens while a vault is made and written to (the machine stops, the process is
// killed, calls fail, the disk is full), every acknowledged snapshot restores byte for byte, nothing
// is repaired by hand, and the next backup succeeds.
// Method: createVault(), backup() and restore() as the command line composes them, on a simulated
// disk; a tree that changes by a seed; a crash at every writing call, in several states of the disk
// each; crashes while recovering; failures at the n-th call. Oracle: pictures of the trees, and the
// list of what was acknowledged. docs/design/008-crash-and-mutants.md
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../src/base/bytes.ts';
import { forked } from './each-crash.ts';
import { failEach } from './fail-each.ts';
import type { History, Told } from './backup-history.ts';
import { makeHistory, processSeed, runPhase, toldOf } from './backup-history.ts';
import type { SimDisk } from './disk.ts';
import type { CrashMode } from './layers.ts';
import { Seeded } from './seeded.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { wrongAfter } from './vault-oracle.ts';
import { Crash } from './volume.ts';
import { StatesSeen } from './coverage.ts';
import { VAULT_ROOT } from './vault-host.ts';

const SEEDS = simSeeds();
const BACKUP_COUNT = 3;
const STATES_PER_POINT: Readonly<Record<CrashMode, number>> = { posix: 4, ext4: 4 };
/** Every so many states are crashed again while they recover, and looked at once more. */
const SECOND_CRASH_EVERY = 97;
const THOROUGH_EVERY = 7;
const KILL_EVERY = 3;

/** What the next backup captures: what was under way again, or what has become of it since. */
function aftermath(history: History, disk: SimDisk, told: Told) {
  const { trees, endMs, seed } = history;
  const at = told.snapshots.length + (disk.calls % 2);
  const next = trees[at] ?? trees[told.snapshots.length];
  assert.ok(next !== undefined, 'a history has trees to go on with');
  return { disk, told, trees, next, nowMs: endMs, seed: seed + 500_000 };
}

interface Survey {
  readonly states: Set<string>;
  /** States that lost something that processes had seen. */
  lossCount: number;
  secondCount: number;
}

/** Crashes at every writing call of a history. @returns what is wrong */
async function crashEverywhere(history: History, survey: Survey): Promise<string | undefined> {
  const { disk, seed } = history;
  const mode = disk.volume.mode;
  for (const point of disk.crashPoints()) {
    const told = toldOf(point.marks);
    let nth = 0;
    for (const state of point.disks(seed + point.calls, STATES_PER_POINT[mode])) {
      nth += 1;
      const fingerprint = state.fingerprint();
      const known = fingerprint + point.marks.length;
      if (survey.states.has(known)) continue;
      survey.states.add(known);
      if (nth > 1) survey.lossCount += 1;
      const count = survey.states.size;
      const copy = count % SECOND_CRASH_EVERY === 0 ? forked(state) : undefined;
      const isThorough = count % THOROUGH_EVERY === 0;
      const wrong = await wrongAfter({ ...aftermath(history, state, told), isThorough });
      const where = `SEED=${seed} ${mode}, crash after call ${point.calls}, state ${nth}`;
      if (wrong !== undefined) return `${where}: ${wrong}`;
      if (copy === undefined) continue;
      const again = await crashWhileRecovering(history, { disk: copy, told }, survey);
      if (again !== undefined) return `${where}, then ${again}`;
    }
  }
  return undefined;
}

/** The next backup of a state, crashed at each of its calls in turn. */
async function crashWhileRecovering(
  history: History,
  of: { readonly disk: SimDisk; readonly told: Told },
  survey: Survey,
): Promise<string | undefined> {
  const { disk, told } = of;
  const first = aftermath(history, disk, told);
  const wrong = await wrongAfter(first);
  if (wrong !== undefined) return wrong;
  // What the first recovery captured is what was under way when it was crashed.
  const trees = [...history.trees.slice(0, told.snapshots.length), first.next];
  const every = new Seeded(survey.states.size);
  for (const point of disk.crashPoints()) {
    if (every.isTrue(0.6)) continue;
    const [state] = point.disks(history.seed + every.below(1000), 2);
    if (state === undefined) continue;
    survey.secondCount += 1;
    survey.states.add(state.fingerprint() + told.snapshots.length);
    const more = { ...aftermath(history, state, told), trees, seed: history.seed + 600_000 };
    const again = await wrongAfter(more);
    if (again !== undefined) return `crash after call ${point.calls} of the recovery: ${again}`;
  }
  return undefined;
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`the machine stops at any writing call (${mode})`, async (t) => {
    for (const seed of SEEDS) {
      const largeFileBytes = seed % 8 === 0 ? 1_300_000 : 0;
      const history = await makeHistory({
        ...{ seed, backupCount: BACKUP_COUNT, volume: { mode }, largeFileBytes },
        isQuietAtEnd: seed % 2 === 0,
      });
      const survey: Survey = { states: new StatesSeen(), lossCount: 0, secondCount: 0 };
      const wrong = await crashEverywhere(history, survey);
      const { seen } = toldOf([...history.disk.crashPoints()].at(-1)?.marks ?? []);
      assert.equal(seen.length, seed % 2 === 0 ? 1 : 0, 'liveness: what did not change was seen');
      t.diagnostic(
        `SEED=${seed} ${mode}: ${history.disk.calls} calls, ${survey.states.size} distinct states ` +
          `survived, ${survey.secondCount} of them of a second crash`,
      );
      assert.equal(wrong, undefined);
      assert.ok(survey.states.size > 80, 'liveness: many states were seen');
      assert.ok(survey.lossCount > 30, 'liveness: unsynced data was lost');
      assert.ok(survey.secondCount > 3, 'liveness: recoveries were crashed');
    }
  });
}

test('the machine stops around an index that is put while the run goes on', async (t) => {
  const [first = 0] = SEEDS;
  let earlyCount = 0;
  // Of some trees the large file is what is read last, and no index comes early.
  for (let seed = first; earlyCount === 0 && seed < first + 10; seed++) {
    earlyCount = await crashAroundIndex(seed);
    t.diagnostic(`SEED=${seed}: ${earlyCount} states with an index before the last pack`);
  }
  assert.ok(earlyCount > 3, 'liveness: an index was there before the last pack');
});

/** A backup of more than a pack: the first is named while others are made. @returns states that were judged */
async function crashAroundIndex(seed: number): Promise<number> {
  const history = await makeHistory({
    ...{ seed, backupCount: 1, volume: {}, largeFileBytes: 7_000_000 },
    isQuietAtEnd: true,
  });
  const { disk } = history;
  const packCount = objectCount(disk, 'packs');
  let earlyCount = 0;
  for (const point of disk.crashPoints()) {
    const told = toldOf(point.marks);
    for (const state of point.disks(seed + point.calls, 2)) {
      const isEarly = objectCount(state, 'index') > 0 && objectCount(state, 'packs') < packCount;
      if (!isEarly) continue;
      earlyCount += 1;
      const wrong = await wrongAfter({ ...aftermath(history, state, told), isThorough: true });
      assert.equal(wrong, undefined, `SEED=${seed}, crash after call ${point.calls}`);
    }
  }
  return earlyCount;
}

test('the process is killed at a writing call, and the kernel lives on', async (t) => {
  const [seed = 0] = SEEDS;
  const history = await makeHistory({ seed, backupCount: BACKUP_COUNT, volume: {} });
  const { before, phaseCalls, trees } = history;
  let killed = 0;
  for (const [phase, base] of before.entries()) {
    const callCount = (phaseCalls[phase + 1] ?? 0) - (phaseCalls[phase] ?? 0);
    const told = toldBefore(history, phase);
    for (let call = 1 + (seed % KILL_EVERY); call <= callCount; call += KILL_EVERY) {
      const disk = forked(base);
      disk.crashAt(call);
      const clock = new SimClock(history.endMs);
      const process = { disk, clock, seed: processSeed(seed + 700_000, phase) };
      // No code of the product may take the end of the world for an answer of the system.
      await assert.rejects(runPhase(process, phase, trees), Crash);
      disk.restart();
      killed += 1;
      const wrong = await wrongAfter(aftermath(history, disk, told));
      assert.equal(wrong, undefined, `SEED=${seed} killed at call ${call} of phase ${phase}`);
    }
  }
  t.diagnostic(`SEED=${seed}: killed ${killed} times`);
  assert.ok(killed > 50, 'liveness: processes were killed');
});

function objectCount(disk: SimDisk, folder: string): number {
  const path = byteString(`${VAULT_ROOT}/${folder}`);
  return (disk.list(path) ?? []).length;
}

/** What had been acknowledged before a phase began. */
function toldBefore(history: History, phase: number): Told {
  const marks: string[] = [];
  for (const point of history.disk.crashPoints()) {
    if (point.calls <= (history.phaseCalls[phase] ?? 0))
      marks.splice(0, marks.length, ...point.marks);
  }
  return toldOf(marks);
}

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at the n-th writing call, for n = 1, 2, ... until it passes`, async (t) => {
    const [seed = 0] = SEEDS;
    const history = await makeHistory({ seed, backupCount: 2, volume: {} });
    let failures = 0;
    let states = 0;
    for (const [phase, base] of history.before.entries()) {
      const told = toldBefore(history, phase);
      failures += await failEach({
        ...{ base, errno, where: `SEED=${seed} phase ${phase}` },
        act: (disk) => {
          const run = { disk, clock: new SimClock(history.endMs), seed: seed + 800_000 };
          return runPhase(run, phase, history.trees);
        },
        after: (disk, { call, fault }) => {
          // One that succeeded in spite of it was acknowledged.
          const now = fault === undefined ? [...disk.crashPoints()].at(-1)?.marks : undefined;
          const heard = now === undefined ? told : joined(told, toldOf(now));
          const [crashed] = call % 3 === 0 ? disk.statesAfterCrash(seed + call, 1) : [disk];
          states += 1;
          return wrongAfter(aftermath(history, crashed ?? disk, heard));
        },
      });
    }
    t.diagnostic(`SEED=${seed}: ${failures} failures said, ${states} survived`);
    assert.ok(failures > 50, 'liveness: calls failed');
  });
}

function joined(before: Told, since: Told): Told {
  return {
    isMade: before.isMade || since.isMade,
    snapshots: [...before.snapshots, ...since.snapshots],
    seen: [...before.seen, ...since.seen],
  };
}

test('a medium that lies about syncing is found out: the simulation can fail', async () => {
  const [seed = 0] = SEEDS;
  const volume = { isLying: true };
  const history = await makeHistory({ seed, backupCount: 1, volume });
  const survey: Survey = { states: new StatesSeen(), lossCount: 0, secondCount: 0 };
  assert.match(String(await crashEverywhere(history, survey)), /gone|lost|whole|damaged/);
});
