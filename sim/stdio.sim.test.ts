// Goal: a vault on another machine, behind the append-only protocol, keeps what was acknowledged as
// one on this disk does. Whatever happens to the far machine, to the line or to this one, every
// acknowledged snapshot restores byte for byte, nothing is repaired by hand, the next backup succeeds.
// Method: createVault() and backup() over client and server of the product, state on one simulated
// disk and vault on another; the far machine crashes at its writing calls, the line is cut in the
// middle of a write of either side, this machine crashes. The oracle of backup.sim.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { forked } from './each-crash.ts';
import { type History, makeHistory, runPhase, toldOf } from './backup-history.ts';
import { endOf } from './end-of.ts';
import { SimDisk } from './disk.ts';
import { FarVault } from './far-vault.ts';
import type { CrashMode } from './layers.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { wrongAfter } from './vault-oracle.ts';
import { Crash } from './volume.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const BACKUP_COUNT = 2;
const STATES_PER_POINT = 2;
/** Calls, or writes, passed over between two that are tried; the seed says which are. */
const STEP = { far: 3, line: 5, near: 3, fail: 5 } as const;
const THOROUGH_EVERY = 9;

/** A history with its vault elsewhere, and the far disk before each phase. */
interface FarHistory {
  readonly history: History;
  readonly farBefore: readonly SimDisk[];
  /** What had been told before each phase, one mark each. */
  readonly marks: readonly string[];
}

async function makeFarHistory(seed: number, mode: CrashMode): Promise<FarHistory> {
  const far = new SimDisk({ mode });
  const farBefore: SimDisk[] = [];
  const history = await makeHistory({
    ...{ seed, backupCount: BACKUP_COUNT, volume: { mode } },
    makeStore(options, processSeed) {
      farBefore.push(forked(far));
      return new FarVault(far).makeStore(options, processSeed);
    },
  });
  const marks = [...history.disk.crashPoints()].at(-1)?.marks ?? [];
  assert.equal(marks.length, BACKUP_COUNT + 1, 'each phase was told');
  return { history, farBefore, marks };
}

interface Trial {
  readonly phase: number;
  readonly near: SimDisk;
  readonly far: SimDisk;
  /** What it ended with; undefined: it was done. */
  readonly end: Crash | Fault | undefined;
}

/** One phase anew, in trouble. */
async function tried(
  { history, farBefore }: FarHistory,
  phase: number,
  trouble: (disks: { near: SimDisk; far: SimDisk }) => { readonly writesMax?: number },
): Promise<Trial> {
  const [nearBefore, before] = [history.before[phase], farBefore[phase]];
  assert.ok(nearBefore !== undefined && before !== undefined, 'a phase begins somewhere');
  const [near, far] = [forked(nearBefore), forked(before)];
  const { writesMax } = trouble({ near, far });
  const vault = new FarVault(far, writesMax);
  const { endMs, seed, trees } = history;
  const process = { disk: near, clock: new SimClock(endMs), seed: seed + 700_000 };
  const end = await endOf(runPhase({ ...process, makeStore: vault.makeStore }, phase, trees));
  await vault.end();
  return { phase, near, far, end };
}

/** What is wrong with what is left on two disks; the next backup goes over the protocol too. */
async function wrongWith(of: FarHistory, trial: Trial, nth: number): Promise<string | undefined> {
  const { history, marks } = of;
  const { phase, near, far, end } = trial;
  const own = end === undefined ? ([...near.crashPoints()].at(-1)?.marks ?? []) : [];
  const told = toldOf([...marks.slice(0, phase), ...own]);
  const { trees, endMs, seed } = history;
  const next = trees[told.snapshots.length + (nth % 2)] ?? trees[told.snapshots.length];
  assert.ok(next !== undefined, 'a history has trees to go on with');
  const sets = { told, trees, next, nowMs: endMs, seed: seed + 500_000 + nth };
  const vault = new FarVault(far);
  const isThorough = nth % THOROUGH_EVERY === 0;
  const wrong = await wrongAfter({ ...sets, disk: near, isThorough, makeStore: vault.makeStore });
  await vault.end();
  return wrong;
}

function isLost(end: Crash | Fault | undefined): boolean {
  return end instanceof Fault && end.code === 'HF_STORE_LINK_LOST';
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`the far machine stops at a writing call (${mode})`, async (t) => {
    for (const seed of SEEDS) {
      const of = await makeFarHistory(seed, mode);
      const states = new StatesSeen();
      let lostCount = 0;
      for (const phase of of.farBefore.keys()) {
        for (let call = 1 + (seed % STEP.far); ; call += STEP.far) {
          const trial = await tried(of, phase, ({ far }) => {
            far.crashAt(call);
            return {};
          });
          if (trial.far.calls < call) break;
          const where = `SEED=${seed} ${mode}, call ${call} of phase ${phase}`;
          // Done in spite of it is judged by the oracle: then somebody was told.
          assert.ok(trial.end === undefined || isLost(trial.end), `${where}: ${trial.end}`);
          if (isLost(trial.end)) lostCount += 1;
          for (const far of trial.far.statesAfterCrash(seed + call, STATES_PER_POINT)) {
            states.add(far.fingerprint());
            const left = { ...trial, far, near: forked(trial.near) };
            assert.equal(await wrongWith(of, left, states.size), undefined, where);
          }
        }
      }
      t.diagnostic(`SEED=${seed} ${mode}: ${states.size} distinct states survived`);
      assert.ok(states.size > 25, 'liveness: many states were seen');
      assert.ok(lostCount > 25, 'liveness: the end of the far machine was noticed');
    }
  });
}

test('the line is cut in the middle of a write of either side', async (t) => {
  const [seed = 0] = SEEDS;
  const of = await makeFarHistory(seed, 'posix');
  let cut = 0;
  for (const phase of of.farBefore.keys()) {
    for (let writesMax = seed % STEP.line; ; writesMax += STEP.line) {
      const trial = await tried(of, phase, () => ({ writesMax }));
      if (trial.end === undefined) break;
      cut += 1;
      const where = `SEED=${seed} cut at write ${writesMax} of phase ${phase}`;
      assert.ok(isLost(trial.end), `${where}: ${trial.end}`);
      assert.equal(await wrongWith(of, trial, cut), undefined, where);
    }
  }
  t.diagnostic(`SEED=${seed}: cut ${cut} times`);
  assert.ok(cut > 20, 'liveness: lines were cut');
});

test('this machine stops at a writing call, and the far one lives on', async (t) => {
  const [seed = 0] = SEEDS;
  const of = await makeFarHistory(seed, 'posix');
  let stopped = 0;
  for (const phase of of.farBefore.keys()) {
    for (let call = 1 + (seed % STEP.near); ; call += STEP.near) {
      const trial = await tried(of, phase, ({ near }) => {
        near.crashAt(call);
        return {};
      });
      if (trial.near.calls < call) break;
      assert.ok(trial.end instanceof Crash, 'no code may take the end of the world for an answer');
      for (const near of trial.near.statesAfterCrash(seed + call, STATES_PER_POINT)) {
        stopped += 1;
        const wrong = await wrongWith(of, { ...trial, near, far: forked(trial.far) }, stopped);
        assert.equal(wrong, undefined, `SEED=${seed} call ${call} of phase ${phase}`);
      }
    }
  }
  t.diagnostic(`SEED=${seed}: stopped ${stopped} times`);
  assert.ok(stopped > 8, 'liveness: machines were stopped');
});

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at a writing call of the far disk is said, and passes`, async (t) => {
    const [seed = 0] = SEEDS;
    const of = await makeFarHistory(seed, 'posix');
    let failures = 0;
    for (const phase of of.farBefore.keys()) {
      for (let call = 1 + (seed % STEP.fail); ; call += STEP.fail) {
        const trial = await tried(of, phase, ({ far }) => {
          far.failAt(call, errno);
          return {};
        });
        if (trial.far.calls < call) break;
        const where = `SEED=${seed} ${errno} at call ${call} of phase ${phase}: ${trial.end}`;
        if (trial.end !== undefined) {
          failures += 1;
          const code = errno === 'EIO' ? 'HF_DISK_FAILED' : 'HF_DISK_FULL';
          assert.ok(trial.end instanceof Fault && trial.end.code === code, where);
        }
        assert.equal(await wrongWith(of, trial, call), undefined, where);
      }
    }
    t.diagnostic(`SEED=${seed}: ${failures} failures said`);
    assert.ok(failures > 10, 'liveness: calls failed');
  });
}
