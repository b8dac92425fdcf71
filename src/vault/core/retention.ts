/**
 * What a policy keeps of the snapshots of a vault, and why: DESIGN 6. What frees space (collection) and
 * what only says what would be freed (cost) go by this one function. It removes nothing.
 *
 * A rule more, or a larger number, never frees more. Where no rule is given nothing is freed.
 */
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';

export interface RetentionPolicy {
  /** The newest of each data set. */
  readonly last?: number | undefined;
  /** The newest of each of the newest so many hours, days, ... that have one. Of UTC. */
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** All that are younger, or were what their source held so lately. */
  readonly withinMs?: number | undefined;
  /** All that carry one of them. */
  readonly tags?: readonly string[] | undefined;
  /**
   * Nothing younger goes, and nothing younger takes the place of an older one in a rule: who floods a
   * vault pushes nothing out before somebody had so long to notice.
   */
  readonly minAgeMs: number;
  /** So many of each data set stay, at least one. */
  readonly floor: number;
}

export interface RetainedSnapshot {
  readonly id: string;
  readonly dataSet: string;
  /** Its writer and its place in that chain, from 0. */
  readonly writer: string;
  readonly seq: number;
  /** When it was received, where there was a receiver; else as its writer dated it. */
  readonly at: UnixMs;
  /** Up to when its source was said to hold what it holds; undefined: nobody said so. */
  readonly seenAt?: UnixMs | undefined;
  readonly tags: readonly string[];
  /** Somebody said that it stays. */
  readonly isHeld: boolean;
  /** Its bytes were read back and were whole, and it is no torn one. */
  readonly isProven: boolean;
  /** It arrived long before or after the time that its writer gives it. */
  readonly isTimeDoubted: boolean;
}

export type RetentionReason =
  | 'last'
  | 'hourly'
  | 'daily'
  | 'weekly'
  | 'monthly'
  | 'yearly'
  | 'within'
  | 'tag'
  | 'held'
  | 'younger than min-age'
  | 'newest proven'
  | 'floor'
  /** Its time runs backwards along its chain, lies ahead, or is not that of its arrival: nobody knows how old it is. */
  | 'doubtful time'
  /** The clock disagrees with witnesses: nothing goes. */
  | 'clock'
  | 'no rule';

export interface Retained {
  readonly snapshot: RetainedSnapshot;
  /** Empty: the policy would let it go. */
  readonly keptBy: readonly RetentionReason[];
}

export interface RetentionMoment {
  readonly now: UnixMs;
  /** False where the clock disagrees with what others saw. */
  readonly isClockTrusted: boolean;
}

/** In the order in which they were given. */
export function retained(
  snapshots: readonly RetainedSnapshot[],
  policy: RetentionPolicy,
  moment: RetentionMoment,
): readonly Retained[] {
  const reasons = new Map(snapshots.map((each) => [each, new Set<RetentionReason>()]));
  const keep = (some: readonly RetainedSnapshot[], why: RetentionReason): void => {
    for (const each of some) reasons.get(each)?.add(why);
  };
  if (!moment.isClockTrusted) keep(snapshots, 'clock');
  if (!hasRule(policy)) keep(snapshots, 'no rule');
  const doubtful = new Set(doubtfulOf(snapshots, moment.now));
  keep([...doubtful], 'doubtful time');
  keep(
    snapshots.filter(({ isHeld }) => isHeld),
    'held',
  );
  keep(
    snapshots.filter(({ at }) => moment.now - at < policy.minAgeMs),
    'younger than min-age',
  );
  for (const own of Map.groupBy(snapshots, ({ dataSet }) => dataSet).values()) {
    // What nobody knows the age of takes no other's place.
    const newest = own.filter((each) => !doubtful.has(each)).sort(newestFirst);
    const settled = newest.filter(({ at }) => moment.now - at >= policy.minAgeMs);
    for (const [why, some] of ruleKept(settled, policy, moment)) keep(some, why);
    for (const some of [newest, settled]) {
      keep(some.slice(0, Math.max(1, policy.floor)), 'floor');
      keep(some.filter(({ isProven }) => isProven).slice(0, 1), 'newest proven');
    }
    // Of a machine that was cloned each goes on by itself: what one still holds is not the other's to push out.
    keep([...newest].sort(lastSeenFirst).slice(0, 1), 'floor');
  }
  return snapshots.map((snapshot) => ({ snapshot, keptBy: [...(reasons.get(snapshot) ?? [])] }));
}

/** Of one moment the one further along its chain is the newer; the rest is only that there is an order. */
function newestFirst(one: RetainedSnapshot, other: RetainedSnapshot): number {
  return other.at - one.at || other.seq - one.seq || (one.id < other.id ? 1 : -1);
}

function lastSeenFirst(one: RetainedSnapshot, other: RetainedSnapshot): number {
  return (other.seenAt ?? other.at) - (one.seenAt ?? one.at) || newestFirst(one, other);
}

function hasRule({
  last,
  hourly,
  daily,
  weekly,
  monthly,
  yearly,
  ...of
}: RetentionPolicy): boolean {
  const counts = [last, hourly, daily, weekly, monthly, yearly, of.withinMs, of.tags?.length];
  return counts.some((count) => count !== undefined && count > 0);
}

/** What lies ahead, what is dated before one that came earlier in its chain, and what did not arrive when it is dated. */
function doubtfulOf(
  snapshots: readonly RetainedSnapshot[],
  now: UnixMs,
): readonly RetainedSnapshot[] {
  const doubtful: RetainedSnapshot[] = [];
  for (const chain of Map.groupBy(snapshots, ({ writer }) => writer).values()) {
    let latest = Number.NEGATIVE_INFINITY;
    for (const each of [...chain].sort((one, other) => one.seq - other.seq)) {
      if (each.isTimeDoubted || each.at > now || each.at < latest) doubtful.push(each);
      // One that lies ahead makes no honest one after it doubtful, and neither does one that is doubted.
      if (each.at <= now && !each.isTimeDoubted) latest = Math.max(latest, each.at);
    }
  }
  return doubtful;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday; weeks begin on Monday. */
const weekOf = (at: UnixMs): string => String(Math.floor((at / DAY_MS + 3) / 7));

const PERIODS = {
  hourly: (at: UnixMs): string => String(Math.floor(at / HOUR_MS)),
  daily: (at: UnixMs): string => String(Math.floor(at / DAY_MS)),
  weekly: weekOf,
  monthly: (at: UnixMs): string => isoTimeOf(at).slice(0, 7),
  yearly: (at: UnixMs): string => isoTimeOf(at).slice(0, 4),
} as const;

type Kept = readonly [RetentionReason, readonly RetainedSnapshot[]];

function ruleKept(
  newest: readonly RetainedSnapshot[],
  policy: RetentionPolicy,
  { now }: RetentionMoment,
): readonly Kept[] {
  const { last = 0, withinMs = 0, tags = [] } = policy;
  const periods = (Object.keys(PERIODS) as (keyof typeof PERIODS)[]).map((rule): Kept => {
    const groups = [...Map.groupBy(newest, ({ at }) => PERIODS[rule](at)).values()];
    return [rule, groups.slice(0, policy[rule] ?? 0).flatMap(([first]) => first ?? [])];
  });
  return [
    ['last', newest.slice(0, last)],
    ...periods,
    ['within', newest.filter(({ at, seenAt = at }) => now - Math.max(at, seenAt) < withinMs)],
    ['tag', newest.filter((each) => each.tags.some((tag) => tags.includes(tag)))],
  ];
}
