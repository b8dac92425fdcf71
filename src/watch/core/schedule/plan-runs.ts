/** Which schedules are asked for now, and why the others are not. Pure: from what is known, each time anew. */
import {
  isDue,
  isInWindow,
  keyOf,
  type LastAsked,
  nextSlotAt,
  type Schedule,
  sinceAsked,
} from './schedule.ts';

export type HostState = 'not-enrolled' | 'silent' | 'look-only' | 'ready';

export interface ScheduleView {
  readonly schedule: Schedule;
  readonly last: (LastAsked & { readonly tookMs: number | undefined }) | undefined;
  readonly host: HostState;
}

/** A job of whoever that has not ended. */
export interface OpenRun {
  readonly host: string;
  readonly act: string;
  readonly job: string;
}

export interface RunBudget {
  /** In the whole estate. */
  readonly atOnce: number;
  /** Of one host. */
  readonly atOncePerHost: number;
}

export type RunVerdict =
  | 'ask'
  | 'not-due'
  /** The same is asked for already, or runs. */
  | 'runs'
  | 'not-enrolled'
  | 'silent'
  | 'look-only'
  | 'window'
  /** It has run for its share of the time. */
  | 'share'
  /** Another scrub of the same vault runs. */
  | 'vault'
  | 'budget';

export interface PlannedRun {
  readonly schedule: Schedule;
  readonly verdict: RunVerdict;
  /** When its next period begins. */
  readonly nextAt: number;
}

interface Moment {
  readonly atMs: number;
  readonly wallMs: number;
}

/** Whoever waits longest for his period comes first: nobody starves behind the others. */
export function planRuns(
  views: readonly ScheduleView[],
  of: { readonly open: readonly OpenRun[]; readonly budget: RunBudget },
  now: Moment,
): readonly PlannedRun[] {
  const room = new Room(views, of);
  const ranked = views
    .map((view) => ({ view, rank: rankOf(view, now) }))
    .sort((a, b) => b.rank - a.rank || (keyOf(a.view.schedule) < keyOf(b.view.schedule) ? -1 : 1));
  return ranked.map(({ view }) => {
    const { schedule } = view;
    const verdict = verdictOf(view, room, now);
    if (verdict === 'ask') room.take(schedule);
    return { schedule, verdict, nextAt: nextSlotAt(schedule, now.wallMs) };
  });
}

function verdictOf(view: ScheduleView, room: Room, now: Moment): RunVerdict {
  const { schedule, last, host } = view;
  if (host !== 'ready') return host;
  if (room.isOpen(schedule)) return 'runs';
  if (!isDue(schedule, last, now)) return 'not-due';
  if (!isInWindow(schedule, now.wallMs)) return 'window';
  if (isResting(view, now)) return 'share';
  return room.verdict(schedule);
}

/** In periods since it was asked; of one that never ran more than of any other. */
function rankOf({ schedule, last }: ScheduleView, { wallMs }: Moment): number {
  return last === undefined ? Number.MAX_VALUE : (wallMs - last.askedAt) / schedule.everyMs;
}

/** What took an hour and may have a quarter of the time comes again four hours after it began. */
function isResting({ schedule, last }: ScheduleView, now: Moment): boolean {
  if (last?.tookMs === undefined) return false;
  const restMs = Math.min(last.tookMs / schedule.shareMax, schedule.limitMs);
  const sinceMs = sinceAsked(last, now);
  return sinceMs >= 0 && sinceMs < restMs;
}

/** What runs, and what is asked for in this round. */
class Room {
  readonly #budget: RunBudget;
  readonly #vaultOf: ReadonlyMap<string, string>;
  readonly #open = new Set<string>();
  readonly #hosts = new Map<string, number>();
  readonly #vaults = new Set<string>();
  #count = 0;

  constructor(
    views: readonly ScheduleView[],
    { open, budget }: { readonly open: readonly OpenRun[]; readonly budget: RunBudget },
  ) {
    this.#budget = budget;
    this.#vaultOf = new Map(views.map(({ schedule }) => [keyOf(schedule), schedule.vault]));
    // What a host left open that nobody hears uses nothing that is known of.
    const away = new Set(
      views.flatMap((view) => (view.host === 'ready' ? [] : [view.schedule.host])),
    );
    for (const { host, act, job } of open) {
      this.#open.add(`${host} ${act} ${job}`);
      if (!away.has(host)) this.#add({ host, act, job });
    }
  }

  isOpen(schedule: Schedule): boolean {
    return this.#open.has(keyOf(schedule));
  }

  verdict({ host, act, vault }: Schedule): 'ask' | 'vault' | 'budget' {
    // A look costs nothing, and the canary waits for nobody.
    if (act === 'probe') return 'ask';
    if (act === 'scrub' && this.#vaults.has(vault)) return 'vault';
    const isFull =
      this.#count >= this.#budget.atOnce ||
      (this.#hosts.get(host) ?? 0) >= this.#budget.atOncePerHost;
    return isFull ? 'budget' : 'ask';
  }

  take({ host, act, job }: Schedule): void {
    this.#open.add(`${host} ${act} ${job}`);
    this.#add({ host, act, job });
  }

  #add(run: OpenRun): void {
    const { host, act } = run;
    if (act === 'probe') return;
    this.#count += 1;
    this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + 1);
    // One that nobody scheduled works on its host's own vault, as far as is known here.
    if (act === 'scrub') this.#vaults.add(this.#vaultOf.get(`${host} ${act} ${run.job}`) ?? host);
  }
}
