/** Which snapshots a retention would let go, and why the others stay: it decides, and changes nothing. */
import type { Moment } from '../../base/moment.ts';
import { days } from '../../base/units.ts';
import { type ClockMemory, clockDoubt, countedTo, rememberedClock } from '../core/clock-doubt.ts';
import { type RetentionPolicy, type RetentionReason, retained } from '../core/retention.ts';
import type { ForgottenPlan } from './forget-book.ts';
import type { FactsOfSnapshot, RetentionFacts } from './retention-facts.ts';

export interface DecidedSnapshot extends FactsOfSnapshot {
  /** Empty: it would go. */
  readonly keptBy: readonly RetentionReason[];
}

export interface DecidedRetention {
  readonly snapshots: readonly DecidedSnapshot[];
  /** Why nothing goes whatever the rules say, for people. */
  readonly doubt: string | undefined;
  /** What is to be remembered of the clock. */
  readonly memory: ClockMemory;
}

export interface ToDecide {
  readonly policy: RetentionPolicy;
  readonly facts: RetentionFacts;
  /** By which something went before: each saw the time. */
  readonly plans: readonly Pick<ForgottenPlan, 'plan' | 'time'>[];
  /** By the clock of this machine, and what it remembers. */
  readonly now: Moment;
  readonly memory: ClockMemory | undefined;
}

/** So long a clock that was set is not believed, however short min-age is. */
const DOUBT_MIN_MS = days(1);

export function decideRetention({ policy, facts, plans, now, memory }: ToDecide): DecidedRetention {
  const witnesses = {
    ...{ now, memory, arrivals: facts.arrivals },
    minAgeMs: Math.max(policy.minAgeMs, DOUBT_MIN_MS),
    heads: [
      ...facts.heads,
      ...plans.map(({ plan, time }) => ({ at: time, what: `the plan ${plan}` })),
    ],
  };
  const [unread] = facts.holdProblems;
  const ofHolds =
    unread && `${unread.object} may hold any snapshot, and cannot be read: ${unread.why}`;
  const doubt = clockDoubt(witnesses) ?? ofHolds;
  const said = retained(
    facts.snapshots.map((each) => each.retained),
    policy,
    { now: countedTo(now.at, facts.arrivals), isClockTrusted: doubt === undefined },
  );
  const snapshots = facts.snapshots.map((each, at) => ({
    ...each,
    keptBy: reasonsFor(each, said[at]?.keptBy ?? ['clock']),
  }));
  return { snapshots, doubt, memory: rememberedClock(witnesses) };
}

const ABOVE_A_RELEASE: ReadonlySet<RetentionReason> = new Set(['held', 'clock', 'no rule']);

/** Rules are for data sets: what a plan set aside is none, and is no newest, nor the last of anything. */
function reasonsFor(
  { isReleasedUndo }: FactsOfSnapshot,
  keptBy: readonly RetentionReason[],
): readonly RetentionReason[] {
  return isReleasedUndo ? keptBy.filter((each) => ABOVE_A_RELEASE.has(each)) : keptBy;
}
