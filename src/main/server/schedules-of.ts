/** Schedules as the configuration has them, with what is usual where nothing is said. */
import type { ScheduleConfig } from '../../wire/server-config.ts';
import type { Config } from '../../wire/config.ts';
import { Fault } from '../../base/fault.ts';
import { zoneOffset } from '../../adapters/node/zone-offset.ts';
import { sayText } from '../../base/say-name.ts';
import type { RunBudget } from '../../watch/core/schedule/plan-runs.ts';
import { keyOf, type Schedule } from '../../watch/core/schedule/schedule.ts';

const AT_ONCE = 4;
const AT_ONCE_PER_HOST = 1;
const LATE_MS = 600_000;
/** A scrub reads for hours: whoever works with that disk has three quarters of the time. */
const SCRUB_SHARE = 0.25;

/** @throws Fault HF_SERVER_SCHEDULE where the same job has two */
export function schedulesOf(config: Config): readonly Schedule[] {
  const given = Object.entries(config.server?.schedules ?? {});
  const all = given.map(([name, each]) => scheduleOf(name, each));
  const seen = new Map<string, string>();
  for (const each of all) {
    const other = seen.get(keyOf(each));
    if (other !== undefined) {
      const message = `${sayText(other)} and ${sayText(each.name)} ask ${sayText(each.host)} for the same job`;
      throw new Fault('HF_SERVER_SCHEDULE', message);
    }
    seen.set(keyOf(each), each.name);
  }
  return all;
}

export function runBudgetOf(config: Config): RunBudget {
  const { 'jobs-at-once': atOnce, 'jobs-per-host': perHost } = config.server ?? {};
  return { atOnce: atOnce ?? AT_ONCE, atOncePerHost: perHost ?? AT_ONCE_PER_HOST };
}

function scheduleOf(name: string, given: ScheduleConfig): Schedule {
  const { host, every: everyMs, whole: wholeMs, timezone } = given;
  const offsetAt = timezone === undefined ? undefined : zoneOffset(timezone);
  const window = given.window && { ...given.window, offsetAt };
  const { act, job } = workOf(given);
  return {
    ...{ name, host, act, job, everyMs, window, wholeMs },
    limitMs: given.limit ?? everyMs * 1.5 + LATE_MS,
    vault: given.vault ?? `of ${host}`,
    shareMax: given.share ?? (act === 'scrub' ? SCRUB_SHARE : 1),
  };
}

/** The schema lets exactly one of them through. */
function workOf({ backup, drill, scrub }: ScheduleConfig): Pick<Schedule, 'act' | 'job'> {
  if (backup !== undefined) return { act: 'backup', job: backup };
  if (drill !== undefined) return { act: 'drill', job: drill };
  return { act: 'scrub', job: scrub ?? '' };
}
