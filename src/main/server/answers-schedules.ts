/** What is asked of hosts again and again: how it stands, and what it waits for. */
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import { unixMs } from '../../base/units.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { runsNow } from '../../watch/core/server/runs-now.ts';
import { type Served, timeOf, timeOrNull } from './served.ts';

export function scheduleAnswers(served: Served): readonly Bound[] {
  const { core, scheduler, now } = served;
  return [
    on(ROUTES.schedules, () => {
      const planned = new Map(
        scheduler.plan(core, now()).map((each) => [each.schedule.name, each]),
      );
      const schedules = runsNow(core, now()).flatMap(({ schedule, standing, goodMs }) => {
        const plan = planned.get(schedule.name);
        if (plan === undefined) return [];
        const { name, host, act, job, everyMs } = schedule;
        return {
          ...{ name, host, act, job, mark: standing.mark, why: standing.why, everyMs },
          ...{ limitMs: Math.round(schedule.limitMs), waits: plan.verdict },
          ...{ nextAt: timeOf(unixMs(plan.nextAt)), goodAt: timeOrNull(goodMs) },
        };
      });
      return Promise.resolve(answer({ schedules }));
    }),
  ];
}
