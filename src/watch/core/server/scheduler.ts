/** Asks for what is due. What ran is known from what is kept; only when this start asked is held here. */
import type { PlannedRun, RunBudget } from '../schedule/plan-runs.ts';
import { planRuns } from '../schedule/plan-runs.ts';
import { keyOf, type Schedule } from '../schedule/schedule.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { ServerNow } from './held.ts';
import type { JobAsk } from './orders.ts';
import { openRuns, viewsOf } from './runs.ts';
import type { ServerCore } from './server-core.ts';

const LEASE_MIN_MS = 60_000;
const LEASE_MAX_MS = 6 * 3_600_000;

export class Scheduler {
  readonly #budget: RunBudget;
  readonly #asked = new Map<string, { readonly askedAt: UnixMs; readonly askedAtMs: number }>();

  constructor(budget: RunBudget) {
    this.#budget = budget;
  }

  /** All of them, those that are to be asked for now first in their turn. */
  plan(core: ServerCore, now: ServerNow): readonly PlannedRun[] {
    const agents = core.agents();
    const views = viewsOf(core.runs, agents, now).map((view) => {
      const mine = this.#asked.get(keyOf(view.schedule));
      if (mine === undefined) return view;
      const askedAt = unixMs(Math.max(mine.askedAt, view.last?.askedAt ?? mine.askedAt));
      const { tookMs, failedAt } = view.last ?? { tookMs: undefined };
      return { ...view, last: { askedAt, askedAtMs: mine.askedAtMs, tookMs, failedAt } };
    });
    return planRuns(views, { open: openRuns(agents), budget: this.#budget }, now);
  }

  /** Its ask was kept. */
  asked(schedule: Schedule, now: ServerNow): void {
    this.#asked.set(keyOf(schedule), { askedAt: now.wallMs, askedAtMs: now.atMs });
  }
}

/** As its agent is asked. Not begun within half of its period it is not begun: the next one comes. */
export function askOf({ host, act, job, name, everyMs }: Schedule): JobAsk {
  const leaseMs = Math.round(Math.min(LEASE_MAX_MS, Math.max(LEASE_MIN_MS, everyMs / 2)));
  return { host, act, name: job, by: `schedule ${name}`, leaseMs };
}
