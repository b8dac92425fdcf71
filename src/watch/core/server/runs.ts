/** The schedules of a server, and what of their runs is held and kept: docs/design/033-schedules.md. */
import { largest } from '../../../base/long-list.ts';
import { unixMs, type UnixMs } from '../../../base/units.ts';
import { isAllowed } from '../agent/judge-job.ts';
import type { AgentId } from '../agent/messages.ts';
import type { HostState, OpenRun, ScheduleView } from '../schedule/plan-runs.ts';
import { runItem, runItemAfter } from '../schedule/run-item.ts';
import { keyOf, type Schedule } from '../schedule/schedule.ts';
import { leaseStanding } from '../standing/standing.ts';
import type { ServerChange, StoredItem, StoredJob } from './changes.ts';
import type { HeldAgent, HeldItem, ServerNow } from './held.ts';
import { isOver } from './job-over.ts';
import { hasTwoSpeakers } from './talk.ts';

/** With the name of the item that it is kept as. */
export type KeptSchedule = Schedule & { readonly item: string };

export class Runs {
  readonly all: readonly KeptSchedule[];
  readonly #byKey: ReadonlyMap<string, KeptSchedule>;
  readonly #items: ReadonlySet<string>;

  constructor(schedules: readonly Schedule[]) {
    this.all = schedules.map((each) => ({ ...each, item: runItem(each) }));
    this.#byKey = new Map(this.all.map((each) => [keyOf(each), each]));
    this.#items = new Set(this.all.map(({ host, item }) => `${host} ${item}`));
  }

  /** Of a job, whoever asked for it. */
  of(host: string, { act, name }: Pick<StoredJob, 'act' | 'name'>): KeptSchedule | undefined {
    return this.#byKey.get(`${host} ${act} ${name}`);
  }

  /** Whether an item of runs belongs to a schedule that there is. */
  has(host: string, item: string): boolean {
    return item === CANARY_RUN || this.#items.has(`${host} ${item}`);
  }
}

/** The item as it is held after a job that is over. */
export function heldRun(
  before: HeldItem | undefined,
  of: { readonly job: StoredJob; readonly schedule: Schedule; readonly wallMs: UnixMs },
): { readonly item: HeldItem; readonly changes: readonly ServerChange[] } {
  const { job, schedule, wallMs } = of;
  const stored = runItemAfter(before?.stored, job, schedule);
  const { agent, item, saw, why } = stored;
  const isChange = before?.stored.saw !== saw;
  const transition = {
    ...{ agent, item, at: wallMs, from: before?.stored.saw, to: saw },
    ...{ why, isByAgentClock: false },
  };
  return {
    item: {
      ...{ stored, seenAtMs: undefined, seenUp: undefined, lastSaw: saw },
      ...{ since: isChange ? wallMs : before.since, changes: { fromMs: 0, count: 0 } },
      notOkSince: saw === 'healthy' ? undefined : (before?.notOkSince ?? wallMs),
    },
    changes: [
      { do: 'item', item: stored },
      ...(isChange ? [{ do: 'transition' as const, transition }] : []),
    ],
  };
}

interface KeptView extends ScheduleView {
  readonly schedule: KeptSchedule;
  readonly held: HeldAgent | undefined;
}

/** What is known of each schedule now. */
export function viewsOf(
  runs: Runs,
  agents: readonly HeldAgent[],
  now: ServerNow,
): readonly KeptView[] {
  const byHost = new Map(agents.map((held) => [held.stored.host, held]));
  return runs.all.map((schedule) => {
    const held = byHost.get(schedule.host);
    return { schedule, held, host: hostState(held, schedule, now), last: lastOf(held, schedule) };
  });
}

export function hostState(
  held: HeldAgent | undefined,
  { act }: Pick<Schedule, 'act'>,
  now: ServerNow,
): HostState {
  if (held === undefined) return 'not-enrolled';
  const { saidAtMs } = held.talk;
  const lease = { saidAtMs, hasTwoSpeakers: hasTwoSpeakers(held.talk, now.atMs) };
  if (leaseStanding(lease, now.atMs).mark !== 'ok') return 'silent';
  return isAllowed(act, held.stored.level) ? 'ready' : 'look-only';
}

function lastOf(held: HeldAgent | undefined, schedule: KeptSchedule): ScheduleView['last'] {
  const { askedMs, tookMs, failedMs } = held?.items.get(schedule.item)?.stored.detail ?? {};
  if (typeof askedMs !== 'number') return undefined;
  return {
    askedAt: unixMs(askedMs),
    tookMs: typeof tookMs === 'number' ? tookMs : undefined,
    failedAt: typeof failedMs === 'number' ? unixMs(failedMs) : undefined,
  };
}

/** Jobs that have not ended, whoever asked. */
export function openRuns(agents: readonly HeldAgent[]): readonly OpenRun[] {
  return agents.flatMap(({ stored, jobs }) =>
    [...jobs.values()].flatMap(({ act, name, state }) =>
      isOver(state) ? [] : [{ host: stored.host, act, job: name }],
    ),
  );
}

/** What is kept of a canary's being seen. */
const CANARY_RUN = 'canary-run:watch';
const DAY_MS = 86_400_000;
/** Seen once a day, it may be late by half of one. */
export const CANARY_LIMIT_MS = 1.5 * DAY_MS;

export function seenCanary(agent: AgentId, { wallMs }: ServerNow): StoredItem {
  return {
    ...{ agent, item: CANARY_RUN, kind: 'canary-run', saw: 'healthy', why: '' },
    ...{ detail: { goodMs: wallMs }, everyMs: DAY_MS, limitMs: CANARY_LIMIT_MS, seenAt: wallMs },
  };
}

/** When a canary was seen last, of any host; of a time that has not come: not known. */
export function canarySeenAt(
  agents: readonly HeldAgent[],
  { wallMs }: ServerNow,
): number | undefined {
  const seen = agents.flatMap(({ items }) => {
    const goodMs = items.get(CANARY_RUN)?.stored.detail.goodMs;
    return typeof goodMs === 'number' && goodMs <= wallMs + AHEAD_MAX_MS ? [goodMs] : [];
  });
  return seen.length === 0 ? undefined : largest(seen);
}

const AHEAD_MAX_MS = 5 * 60_000;
