// Goal: over weeks of kills of the server, hosts that are away, commits that fail and clocks that are
// set by an hour: never two of the same at a time, no double within half a period but one after a failure, nothing shown as
// well that was not done within its limit; and when faults end, all of it is done and well again.
// Method: the real core, schedule and store of a server over simulated hosts; an oracle that knows the
// true time and every run. SEED=17 replays one; HOLDFAST_SIM_SEEDS takes so many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsNow } from '../src/watch/core/server/runs-now.ts';
import { keyOf, type Schedule } from '../src/watch/core/schedule/schedule.ts';
import { BUDGET, SchedulesEstate } from './schedules-estate.ts';
import { Seeded } from './seeded.ts';
import { simSeeds } from './sim-seeds.ts';

const SEEDS =
  process.env.HOLDFAST_SIM_SEEDS === undefined && process.env.SEED === undefined ? 6 : 1;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TICK = HOUR / 6;
const FAULTS_FOR = 8 * DAY;
const CALM_FOR = 3 * DAY;
const HOSTS = ['web1', 'web2', 'db1', 'db2'];

function schedulesOf(seed: number): readonly Schedule[] {
  const seeded = new Seeded(seed);
  return HOSTS.flatMap((host, nth) =>
    (['backup', 'drill', 'scrub'] as const).map((act) => {
      const everyMs = seeded.pick([4 * HOUR, 12 * HOUR, DAY]);
      const isNight = everyMs === DAY && seeded.isTrue(0.5);
      return {
        ...{ name: `${host}-${act}`, host, act, job: 'x', everyMs },
        ...{ limitMs: 2 * everyMs + 6 * HOUR, vault: nth < 2 ? 'a' : 'b', shareMax: 1 },
        ...(isNight ? { window: { fromMs: seeded.below(DAY), lengthMs: 8 * HOUR } } : {}),
      };
    }),
  );
}

function look(estate: SchedulesEstate): void {
  const { wallMs } = estate.now();
  for (const { schedule, standing } of runsNow(estate.core, estate.now())) {
    if (standing.mark !== 'ok') continue;
    const key = keyOf(schedule);
    const last = Math.max(...estate.good.flatMap((each) => (each.key === key ? [each.t] : [])));
    const ageMs = estate.t - last;
    assert.ok(
      ageMs <= schedule.limitMs + estate.steps * HOUR,
      `${key} is ok, of ${ageMs} ms ago, ${wallMs}`,
    );
  }
}

function lookAtGaps(estate: SchedulesEstate): void {
  for (const schedule of estate.schedules) {
    const asked = estate.asked.filter(({ key }) => key === keyOf(schedule));
    let isRetry = false;
    for (const [at, { t, steps }] of asked.entries()) {
      const before = asked[at - 1];
      if (before === undefined) continue;
      const leastMs = schedule.everyMs / 2 - (steps - before.steps) * HOUR;
      const isEarly = t - before.t < leastMs;
      const mayBe = !isRetry && estate.failed.has(before.job);
      assert.ok(!isEarly || mayBe, `${keyOf(schedule)} after ${t - before.t} ms`);
      isRetry = isEarly;
    }
  }
}

for (const first of simSeeds()) {
  for (let seed = first; seed < first + SEEDS; seed++) {
    test(`SEED=${seed}`, () => {
      const estate = new SchedulesEstate(seed, { hosts: HOSTS, schedules: schedulesOf(seed) });
      while (estate.t < FAULTS_FOR) {
        estate.tick(TICK);
        look(estate);
      }
      const asked = estate.asked.length;
      estate.calm();
      while (estate.t < FAULTS_FOR + CALM_FOR) {
        estate.tick(TICK);
        look(estate);
        // What hosts ran when they came back is not the server's to count.
        if (estate.t < FAULTS_FOR + 6 * HOUR) continue;
        const running = estate.runningNow();
        assert.ok(running.length <= BUDGET.atOnce, running.join());
        for (const vault of [
          ['web1', 'web2'],
          ['db1', 'db2'],
        ]) {
          const scrubs = vault.filter((host) => running.includes(`${host} scrub x`));
          assert.ok(scrubs.length <= 1, `two scrubs of a vault: ${running.join()}`);
        }
      }
      lookAtGaps(estate);
      assert.deepEqual(estate.troubles, []);
      assert.ok(asked > 50, 'liveness: little was asked for');
      for (const { standing, schedule } of runsNow(estate.core, estate.now())) {
        assert.equal(standing.mark, 'ok', `${schedule.name}: ${standing.why}`);
      }
    });
  }
}
