// Goal: nothing is begun beside an unproven canary, more than so many at once or after too many
// failures; every target is begun at most once; it always ends, and says why.
// Method: drawn plans, durations and failures on a simulated clock; the oracle watches the events.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rollout, type RolloutEnd, type RolloutPlan } from './rollout.ts';

interface World {
  readonly plan: RolloutPlan;
  /** Simulated time that each target takes, and whether it fails. */
  readonly targets: readonly { readonly takes: number; readonly fails: boolean }[];
  /** The nth check fails; 0: none. */
  readonly failingCheck: number;
  /** At these times a person says so. */
  readonly pauseAt: number;
  readonly resumeAfter: number;
  readonly stopAt: number;
}

interface Told {
  readonly end: RolloutEnd;
  readonly begun: readonly number[];
  readonly failed: number;
  readonly checks: number;
}

const HORIZON = 100_000;

/** Runs it, and checks at every moment what must always hold. */
function simulate(world: World): Told {
  const { plan, targets } = world;
  const rollout = new Rollout(plan);
  const running = new Map<number, number>();
  const begun: number[] = [];
  const failed: number[] = [];
  let checks = 0;
  for (let now = 0; now < HORIZON; now++) {
    if (now === world.pauseAt) rollout.pause();
    if (now === world.pauseAt + world.resumeAfter) rollout.resume();
    if (now === world.stopAt) rollout.stop();
    for (const [target, until] of running) {
      if (until > now) continue;
      running.delete(target);
      const fails = targets[target]?.fails === true;
      if (fails) failed.push(target);
      rollout.ended(target, !fails);
    }
    for (let step = rollout.next(); ; step = rollout.next()) {
      const { begin, check, end } = step;
      const isPaused = now >= world.pauseAt && now < world.pauseAt + world.resumeAfter;
      for (const target of begin) {
        assert.ok(!begun.includes(target), 'begun once');
        assert.ok(!isPaused && now < world.stopAt, 'nothing begins while it is paused or stopped');
        assert.ok(failed.length <= plan.failuresMax, 'nothing begins after too many failures');
        const isCanary = target < plan.canary;
        const canariesOver = begun.filter(
          (each) => each < plan.canary && !running.has(each),
        ).length;
        if (!isCanary) {
          assert.equal(canariesOver, Math.min(plan.canary, plan.count), 'canaries are over first');
          assert.ok(!failed.some((each) => each < plan.canary), 'and all are well');
          const wave = Math.floor((target - plan.canary) / plan.batch);
          for (const other of running.keys()) {
            assert.equal(
              Math.floor((other - plan.canary) / plan.batch),
              wave,
              'one batch at a time',
            );
          }
        }
        begun.push(target);
        running.set(target, now + (targets[target]?.takes ?? 1));
      }
      assert.ok(running.size <= plan.atOnceMax, 'so many at once');
      if (check) {
        checks += 1;
        assert.equal(running.size, 0, 'a check is of what stands still');
        rollout.checked(checks !== world.failingCheck);
        continue;
      }
      if (end !== undefined) {
        assert.equal(running.size, 0, 'it ends when all that was begun has');
        return { end, begun, failed: failed.length, checks };
      }
      if (begin.length === 0) break;
    }
  }
  throw new Error('it never ends');
}

const world = fc
  .record({
    targets: fc.array(fc.record({ takes: fc.integer({ min: 1, max: 9 }), fails: fc.boolean() }), {
      minLength: 1,
      maxLength: 25,
    }),
    canary: fc.integer({ min: 0, max: 3 }),
    batch: fc.integer({ min: 1, max: 6 }),
    atOnceMax: fc.integer({ min: 1, max: 6 }),
    failuresMax: fc.integer({ min: 0, max: 5 }),
    failingCheck: fc.integer({ min: 0, max: 4 }),
    pauseAt: fc.integer({ min: 0, max: 60 }),
    resumeAfter: fc.integer({ min: 0, max: 40 }),
    stopAt: fc.oneof(fc.constant(HORIZON), fc.integer({ min: 0, max: 60 })),
  })
  .map(({ targets, canary, batch, atOnceMax, failuresMax, ...rest }): World => {
    const plan = { count: targets.length, canary, batch, atOnceMax, failuresMax };
    return { plan, targets, ...rest };
  });

test('whatever happens, what must hold holds, and it ends with a reason that is true', () => {
  fc.assert(
    fc.property(world, (given) => {
      const { end, begun, failed } = simulate(given);
      const { plan } = given;
      if (end === 'done') {
        assert.equal(begun.length, plan.count, 'done: all were begun');
        assert.ok(failed <= plan.failuresMax);
      }
      if (end === 'failures') assert.ok(failed > plan.failuresMax);
      if (end === 'canary')
        assert.ok(given.targets.slice(0, plan.canary).some(({ fails }) => fails));
      if (end === 'stopped') assert.ok(given.stopAt < HORIZON);
      if (end === 'check') assert.ok(given.failingCheck > 0);
    }),
    { numRuns: 2000 },
  );
});

test('twenty targets, one failing, a canary, batches of five: all but the failing one are done', () => {
  const targets = Array.from({ length: 20 }, (_, at) => ({ takes: 3, fails: at === 7 }));
  const plan = { count: 20, canary: 1, batch: 5, atOnceMax: 5, failuresMax: 2 };
  const never = { failingCheck: 0, pauseAt: 0, resumeAfter: 0, stopAt: HORIZON };
  const { end, begun, failed, checks } = simulate({ plan, targets, ...never });
  assert.deepEqual([end, begun.length, failed, checks], ['done', 20, 1, 5]);
});

test('a failing canary ends it, whatever failures are allowed', () => {
  const targets = Array.from({ length: 5 }, (_, at) => ({ takes: 1, fails: at === 0 }));
  const plan = { count: 5, canary: 1, batch: 5, atOnceMax: 5, failuresMax: 5 };
  const never = { failingCheck: 0, pauseAt: 0, resumeAfter: 0, stopAt: HORIZON };
  const { end, begun } = simulate({ plan, targets, ...never });
  assert.deepEqual([end, begun], ['canary', [0]]);
});
