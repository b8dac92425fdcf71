// Goal: an apply that is stopped anywhere goes on or is taken back, and so is an undo; no byte that
// was in the tree is lost, and apply then undo gives back the same tree whatever crash in between.
// Method: applyPlan and undoPlan as the command line composes them, over a simulated file system
// that is killed or loses power at every writing call. Oracle: pictures of the tree, and the set of
// contents that lie in it or aside.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import type { PlanHeader } from '../src/base/plan.ts';
import { demandEachState, forked } from './each-crash.ts';
import { GUARD_STATE, GUARD_TREE, GuardHost } from './guard-host.ts';
import { planFor, type Wish } from './guard-plan.ts';
import { growTree, randomWishes } from './guard-tree.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { differenceOf, type TreePicture } from './tree-picture.ts';
import { Crash, SimVolume } from './volume.ts';

const SEEDS = simSeeds();
const START_MS = 1_800_000_000_000;
const PLANS = 4;
/** Whose power is cut. */
const PLANS_CUT = 2;
const STATES_PER_POINT = 3;

interface Planned {
  readonly volume: SimVolume;
  readonly clock: SimClock;
  readonly header: PlanHeader;
  readonly wishes: readonly Wish[];
  readonly before: TreePicture;
  readonly contents: ReadonlySet<string>;
}

/** A tree with a plan for it, durable. */
function plannedBy(seed: number): Planned {
  const clock = new SimClock(START_MS);
  const volume = new SimVolume({ mode: 'ext4' });
  const host = new GuardHost(volume, clock, seed);
  const wishes = randomWishes(growTree(host.ports, GUARD_TREE, seed), seed + 1);
  const { header } = planFor(host.ports, { target: GUARD_TREE, state: GUARD_STATE, wishes });
  host.ports.tree.syncAll(host.ports.source.openRoot(GUARD_TREE));
  return {
    ...{ volume: forked(volume), clock, header, wishes },
    ...{ before: host.picture(), contents: host.contents() },
  };
}

function lostFrom(contents: ReadonlySet<string>, host: GuardHost): string | undefined {
  const found = host.contents();
  return [...contents].find((content) => !found.has(content));
}

/** What a person does next: takes it back. The tree is what it was. */
async function demandTakenBack(planned: Planned, volume: SimVolume, where: string): Promise<void> {
  const host = new GuardHost(volume, planned.clock, volume.calls + 7);
  assert.equal(lostFrom(planned.contents, host), undefined, `${where}: a content is lost`);
  const undo = host.planUndo(planned.header);
  if (undo !== undefined) {
    const report = await host.applyUndo(undo);
    assert.equal(report.outcome, 'applied', `${where}: ${JSON.stringify(report.stop)}`);
  }
  assert.equal(differenceOf(planned.before, host.picture()), undefined, `${where}, and back`);
}

/** It is applied again: it ends as if nothing had happened, and is taken back from there. */
async function demandGoesOn(planned: Planned, volume: SimVolume, where: string): Promise<void> {
  const host = new GuardHost(volume, planned.clock, volume.calls + 8);
  const report = await host.applyWishes(planned.header, planned.wishes);
  assert.equal(report.outcome, 'applied', `${where}: ${JSON.stringify(report.stop)}`);
  assert.equal(report.waiting, 0, where);
  const contents = host.contents();
  for (const wish of planned.wishes) {
    const content =
      wish.do === 'put' && wish.thing.kind === 'file' ? wish.thing.content : undefined;
    if (content !== undefined)
      assert.ok(contents.has(content), `${where}: ${wish.path} came whole`);
  }
  assert.equal(lostFrom(planned.contents, host), undefined, `${where}: a content is lost`);
  await demandTakenBack(planned, volume, `${where}, gone on`);
}

async function crashed(act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: random plans are applied and taken back`, async (t) => {
    let done = 0;
    for (let nth = 0; nth < 60; nth++) {
      const planned = plannedBy(seed + nth * 10);
      const host = new GuardHost(planned.volume, planned.clock, seed);
      const report = await host.applyWishes(planned.header, planned.wishes);
      assert.equal(report.outcome, 'applied', `plan ${nth}: ${JSON.stringify(report.stop)}`);
      done += report.done;
      const undo = host.planUndo(planned.header);
      assert.ok(undo !== undefined);
      const back = await host.applyUndo(undo);
      assert.equal(back.outcome, 'applied', `undo ${nth}: ${JSON.stringify(back.stop)}`);
      assert.equal(differenceOf(planned.before, host.picture()), undefined, `plan ${nth}`);
      assert.equal(host.handles.openCount, 0, 'every handle is closed');
    }
    t.diagnostic(`SEED=${seed}: ${done} operations`);
    assert.ok(done > 200, 'liveness: operations were done');
  });
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: killed at any writing call of an apply, it goes on or is taken back`, async (t) => {
    let killed = 0;
    for (let nth = 0; nth < PLANS; nth++) {
      const planned = plannedBy(seed + nth * 10);
      for (let call = 1; ; call++) {
        const volume = forked(planned.volume);
        volume.crashAt(call);
        const host = new GuardHost(volume, planned.clock, seed);
        if (!(await crashed(host.applyWishes(planned.header, planned.wishes)))) break;
        volume.restart();
        killed += 1;
        const where = `SEED=${seed} plan ${nth} killed at call ${call}`;
        await (call % 2 === 0 ? demandTakenBack : demandGoesOn)(planned, volume, where);
      }
    }
    t.diagnostic(`SEED=${seed}: killed ${killed} times`);
    assert.ok(killed > 100, 'liveness: applies were killed');
  });

  test(`SEED=${seed}: killed at any writing call of an undo, the undo goes on`, async (t) => {
    let killed = 0;
    for (let nth = 0; nth < PLANS; nth++) {
      const planned = plannedBy(seed + nth * 10);
      const { volume: base, undo } = await appliedWithUndo(planned, seed);
      for (let call = 1; ; call++) {
        const volume = forked(base);
        volume.crashAt(call);
        const first = new GuardHost(volume, planned.clock, seed);
        if (!(await crashed(first.applyUndo(undo)))) break;
        volume.restart();
        killed += 1;
        const where = `SEED=${seed} plan ${nth}, undo killed at call ${call}`;
        const host = new GuardHost(volume, planned.clock, seed + call);
        assert.equal(lostFrom(planned.contents, host), undefined, `${where}: a content is lost`);
        const report = await host.applyUndo(undo);
        assert.equal(report.outcome, 'applied', `${where}: ${JSON.stringify(report.stop)}`);
        assert.equal(differenceOf(planned.before, host.picture()), undefined, where);
      }
    }
    t.diagnostic(`SEED=${seed}: killed ${killed} times`);
    assert.ok(killed > 100, 'liveness: undos were killed');
  });

  test(`SEED=${seed}: the power goes at any writing call of an apply`, async (t) => {
    let states = 0;
    for (let nth = 0; nth < PLANS_CUT; nth++) {
      const planned = plannedBy(seed + nth * 10);
      const volume = forked(planned.volume);
      const host = new GuardHost(volume, planned.clock, seed);
      const report = await host.applyWishes(planned.header, planned.wishes);
      assert.equal(report.outcome, 'applied');
      states += await demandEachState(
        volume,
        { seed, statesPerPoint: STATES_PER_POINT },
        async (state, where) => {
          await demandTakenBack(planned, forked(state), `plan ${nth}, ${where}`);
          await demandGoesOn(planned, state, `plan ${nth}, ${where}`);
        },
      );
    }
    t.diagnostic(`SEED=${seed}: ${states} distinct states survived`);
    assert.ok(states > 40, 'liveness: many states were seen');
  });

  test(`SEED=${seed}: the power goes at any writing call of an undo`, async (t) => {
    let states = 0;
    for (let nth = 0; nth < PLANS_CUT; nth++) {
      const planned = plannedBy(seed + nth * 10);
      const { volume: base, undo } = await appliedWithUndo(planned, seed);
      const volume = forked(base);
      const report = await new GuardHost(volume, planned.clock, seed).applyUndo(undo);
      assert.equal(report.outcome, 'applied');
      states += await demandEachState(
        volume,
        { seed, statesPerPoint: STATES_PER_POINT },
        async (state, cut) => {
          const where = `plan ${nth}, ${cut}`;
          const host = new GuardHost(state, planned.clock, seed + 9);
          assert.equal(lostFrom(planned.contents, host), undefined, `${where}: a content is lost`);
          const again = await host.applyUndo(undo);
          assert.equal(again.outcome, 'applied', `${where}: ${JSON.stringify(again.stop)}`);
          assert.equal(differenceOf(planned.before, host.picture()), undefined, where);
        },
      );
    }
    t.diagnostic(`SEED=${seed}: ${states} distinct states survived`);
    assert.ok(states > 40, 'liveness: many states were seen');
  });

  for (const errno of ['EIO', 'ENOSPC'] as const) {
    test(`SEED=${seed}: ${errno} at the n-th writing call: it stops, and is taken back`, async (t) => {
      let said = 0;
      for (let nth = 0; nth < PLANS; nth++) {
        const planned = plannedBy(seed + nth * 10);
        for (let call = 1; ; call++) {
          const volume = forked(planned.volume);
          volume.failAt(call, errno);
          const host = new GuardHost(volume, planned.clock, seed);
          const where = `SEED=${seed} plan ${nth}, ${errno} at call ${call}`;
          said += Number(!(await applied(host, planned)));
          if (volume.calls < call) break;
          await demandTakenBack(planned, volume, where);
        }
      }
      t.diagnostic(`SEED=${seed}: ${said} failures said`);
      assert.ok(said > 100, 'liveness: calls failed');
    });
  }
}

/** Whether it says that it came to its end; a Fault is an answer too. */
async function applied(host: GuardHost, planned: Planned): Promise<boolean> {
  try {
    const report = await host.applyWishes(planned.header, planned.wishes);
    return report.outcome === 'applied';
  } catch (error) {
    assert.ok(error instanceof Fault, `a Fault and nothing else: ${String(error)}`);
    return false;
  }
}

async function appliedWithUndo(planned: Planned, seed: number) {
  const volume = forked(planned.volume);
  const host = new GuardHost(volume, planned.clock, seed);
  await host.applyWishes(planned.header, planned.wishes);
  const undo = host.planUndo(planned.header);
  assert.ok(undo !== undefined, 'it was applied');
  host.ports.tree.syncAll(host.ports.source.openRoot(GUARD_TREE));
  return { volume, undo };
}
