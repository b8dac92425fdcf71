/** How every schedule stands at the moment it is asked, ran or not. */
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { HostState } from '../schedule/plan-runs.ts';
import { runKind } from '../schedule/run-item.ts';
import { runStanding } from '../schedule/run-standing.ts';
import type { Member } from '../standing/aggregate.ts';
import type { StoredItem } from './changes.ts';
import type { HeldAgent, ServerNow } from './held.ts';
import { type KeptSchedule, viewsOf } from './runs.ts';
import type { ServerCore } from './server-core.ts';
import { wallOf } from './take-records.ts';
import { hasTwoSpeakers } from './talk.ts';

export interface RunOfHost extends Member {
  readonly schedule: KeptSchedule;
  readonly kind: string;
  readonly host: HostState;
  readonly held: HeldAgent | undefined;
  readonly stored: StoredItem | undefined;
  readonly since: UnixMs;
  /** When the last good run was asked for. */
  readonly goodMs: UnixMs | undefined;
  readonly ageMs: number | undefined;
}

export function runsNow(core: ServerCore, now: ServerNow): readonly RunOfHost[] {
  return viewsOf(core.runs, core.agents(), now).map(({ held, host, schedule }) => {
    const item = held?.items.get(schedule.item);
    const stored = item?.stored;
    const twice = held !== undefined && hasTwoSpeakers(held.talk, now.atMs);
    const standing = runStanding({ schedule, stored, host, hasTwoSpeakers: twice }, now.wallMs);
    const { goodMs } = stored?.detail ?? {};
    const good = typeof goodMs === 'number' ? unixMs(goodMs) : undefined;
    const fell = good === undefined ? undefined : unixMs(good + schedule.limitMs);
    const isOver = standing.reason === 'expired' && fell !== undefined;
    return {
      ...{ schedule, standing, held, host, stored, kind: runKind(schedule.act) },
      subject: `host:${schedule.host}/${schedule.item}`,
      since: isOver ? fell : (item?.since ?? wallOf(core.listensSinceMs, now)),
      goodMs: good,
      ageMs: good === undefined ? undefined : Math.max(0, now.wallMs - good),
    };
  });
}

export function runsByHost(
  core: ServerCore,
  now: ServerNow,
): ReadonlyMap<string, readonly RunOfHost[]> {
  const byHost = new Map<string, RunOfHost[]>();
  for (const run of runsNow(core, now)) {
    const { host } = run.schedule;
    byHost.set(host, [...(byHost.get(host) ?? []), run]);
  }
  return byHost;
}
