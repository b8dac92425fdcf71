// Goal: a vault on another machine, behind SFTP, keeps what was acknowledged as one on this disk
// does: through crashes of that machine, kills, cut links and failing calls, every acknowledged
// snapshot restores byte for byte, nothing is repaired by hand, and the next backup succeeds.
// Method: createVault() and backup() over the SFTP store and a server on the simulated disk, which
// does what is under way in any order that the protocol allows; the oracle of backup.sim.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { forked } from './each-crash.ts';
import { type History, makeHistory, runPhase, type Told, toldOf } from './backup-history.ts';
import { endOf } from './end-of.ts';
import type { SimDisk } from './disk.ts';
import type { CrashMode } from './layers.ts';
import { sftpHostStore } from './sftp-host-store.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { wrongAfter } from './vault-oracle.ts';
import { Crash } from './volume.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const BACKUP_COUNT = 2;
const STATES_PER_POINT = 2;
/** Every so many states the next backup goes over SFTP too. */
const FAR_EVERY = 5;
const THOROUGH_EVERY = 11;
/** How many calls, or requests, are passed over between two that are tried; the seed says which. */
const STEP = { kill: 5, cut: 9, fail: 5 } as const;
const makeStore = sftpHostStore();

/** What is wrong with what is left; the next backup captures what was under way, or what came since. */
function wrongWith(history: History, disk: SimDisk, told: Told, nth: number) {
  const { trees, endMs, seed } = history;
  const next = trees[told.snapshots.length + (disk.calls % 2)] ?? trees[told.snapshots.length];
  assert.ok(next !== undefined, 'a history has trees to go on with');
  const through = nth % FAR_EVERY === 0 ? { makeStore } : {};
  const isThorough = nth % THOROUGH_EVERY === 0;
  const of = { disk, told, trees, next, nowMs: endMs, seed: seed + 500_000 };
  return wrongAfter({ ...of, isThorough, ...through });
}

/** Crashes at every writing call of a history. @returns what is wrong */
async function crashEverywhere(history: History, states: Set<string>): Promise<string | undefined> {
  const { disk, seed } = history;
  for (const point of disk.crashPoints()) {
    for (const state of point.disks(seed + point.calls, STATES_PER_POINT)) {
      const known = state.fingerprint() + point.marks.length;
      if (states.has(known)) continue;
      states.add(known);
      const wrong = await wrongWith(history, state, toldOf(point.marks), states.size);
      if (wrong !== undefined) return `SEED=${seed}, crash after call ${point.calls}: ${wrong}`;
    }
  }
  return undefined;
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`the far machine stops at any writing call (${mode})`, async (t) => {
    for (const seed of SEEDS) {
      const states = new StatesSeen();
      const options = { seed, backupCount: BACKUP_COUNT, volume: { mode }, makeStore };
      const history = await makeHistory({ ...options, isQuietAtEnd: seed % 2 === 0 });
      const wrong = await crashEverywhere(history, states);
      const { calls } = history.disk;
      t.diagnostic(`SEED=${seed} ${mode}: ${calls} calls, ${states.size} distinct states survived`);
      assert.equal(wrong, undefined);
      assert.ok(states.size > 80, 'liveness: many states were seen');
    }
  });
}

/** What had been acknowledged before a phase began. */
function toldBefore(history: History, phase: number): Told {
  let marks: readonly string[] = [];
  for (const point of history.disk.crashPoints()) {
    if (point.calls <= (history.phaseCalls[phase] ?? 0)) marks = point.marks;
  }
  return toldOf(marks);
}

/** Told before, and what this run told in spite of its trouble. */
function heard(before: Told, disk: SimDisk, end: unknown): Told {
  if (end !== undefined) return before;
  const since = toldOf([...disk.crashPoints()].at(-1)?.marks ?? []);
  return {
    isMade: before.isMade || since.isMade,
    snapshots: [...before.snapshots, ...since.snapshots],
    seen: [...before.seen, ...since.seen],
  };
}

test('killed at a writing call, and the far machine lives on', async (t) => {
  const [seed = 0] = SEEDS;
  const history = await makeHistory({ seed, backupCount: BACKUP_COUNT, volume: {}, makeStore });
  let killed = 0;
  for (const [phase, base] of history.before.entries()) {
    const told = toldBefore(history, phase);
    for (let call = 1 + (seed % STEP.kill); ; call += STEP.kill) {
      const disk = forked(base);
      disk.crashAt(call);
      const run = { disk, clock: new SimClock(history.endMs), seed: seed + 700_000, makeStore };
      const end = await endOf(runPhase(run, phase, history.trees));
      if (end === undefined) break;
      assert.ok(
        end instanceof Crash,
        `no code may take the end of the world for an answer: ${end}`,
      );
      disk.restart();
      killed += 1;
      const wrong = await wrongWith(history, disk, told, killed);
      assert.equal(wrong, undefined, `SEED=${seed} killed at call ${call} of phase ${phase}`);
    }
  }
  t.diagnostic(`SEED=${seed}: killed ${killed} times`);
  assert.ok(killed > 30, 'liveness: processes were killed');
});

test('the link is cut after the n-th request: said as lost, and nothing is', async (t) => {
  const [seed = 0] = SEEDS;
  const history = await makeHistory({ seed, backupCount: BACKUP_COUNT, volume: {}, makeStore });
  let cut = 0;
  for (const [phase, base] of history.before.entries()) {
    const told = toldBefore(history, phase);
    for (let cutAfter = seed % STEP.cut; ; cutAfter += STEP.cut) {
      const disk = forked(base);
      const clock = new SimClock(history.endMs);
      const broken = sftpHostStore({ cutAfter });
      const run = { disk, clock, seed: seed + 800_000, makeStore: broken };
      const end = await endOf(runPhase(run, phase, history.trees));
      if (end === undefined) break;
      assert.ok(end instanceof Fault && end.code === 'HF_STORE_LINK_LOST', String(end));
      cut += 1;
      const [crashed = disk] = cut % 3 === 0 ? disk.statesAfterCrash(seed + cut, 1) : [];
      const wrong = await wrongWith(history, crashed, told, cut);
      assert.equal(wrong, undefined, `SEED=${seed} cut after ${cutAfter} of phase ${phase}`);
    }
  }
  t.diagnostic(`SEED=${seed}: cut ${cut} times`);
  assert.ok(cut > 30, 'liveness: links were cut');
});

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at the n-th writing call of the far disk or this one`, async (t) => {
    const [seed = 0] = SEEDS;
    const history = await makeHistory({ seed, backupCount: 1, volume: {}, makeStore });
    let failures = 0;
    for (const [phase, base] of history.before.entries()) {
      const told = toldBefore(history, phase);
      for (let call = 1 + (seed % STEP.fail); ; call += STEP.fail) {
        const disk = forked(base);
        disk.failAt(call, errno);
        const run = { disk, clock: new SimClock(history.endMs), seed: seed + 900_000, makeStore };
        const end = await endOf(runPhase(run, phase, history.trees));
        if (disk.calls < call) break;
        if (end instanceof Fault) failures += 1;
        const [crashed = disk] = call % 2 === 0 ? disk.statesAfterCrash(seed + call, 1) : [];
        const wrong = await wrongWith(history, crashed, heard(told, disk, end), call);
        assert.equal(wrong, undefined, `SEED=${seed} ${errno} at call ${call} of phase ${phase}`);
      }
    }
    t.diagnostic(`SEED=${seed}: ${failures} failures said`);
    assert.ok(failures > 15, 'liveness: calls failed');
  });
}
