/**
 * What a job of a schedule has proven, kept as an item of its host: the server writes it with the
 * job's end, in one commit, and no agent can say one. docs/design/033-schedules.md.
 */
import type { Detail, ItemSaw } from '../agent/messages.ts';
import { fitDetail, fitWhy } from '../agent/fit-record.ts';
import type { StoredItem, StoredJob } from '../server/changes.ts';
import { nothingTaken, runFacts } from './run-facts.ts';
import { type Schedule, slotOf } from './schedule.ts';

/** What a wall clock may be off without being called wrong. */
const AHEAD_MAX_MS = 5 * 60_000;
const KIND = /^(?:backup|drill|scrub|probe|canary)-run$/;

export function runKind(act: Schedule['act']): string {
  return `${act}-run`;
}

export function runItem({ act, job }: Pick<Schedule, 'act' | 'job'>): string {
  return `${runKind(act)}:${job}`;
}

/** Whether an item, or a kind, is one that only the server writes. */
export function isOfRuns(itemOrKind: string): boolean {
  const end = itemOrKind.indexOf(':');
  return KIND.test(end === -1 ? itemOrKind : itemOrKind.slice(0, end));
}

const SAW: Readonly<Partial<Record<StoredJob['state'], ItemSaw>>> = {
  done: 'healthy',
  gaps: 'impaired',
  failed: 'broken',
};

/**
 * @param before the item as it was; what the last good run has shown stays until there is another
 * @param ended a job that is over
 */
export function runItemAfter(
  before: StoredItem | undefined,
  ended: StoredJob,
  schedule: Schedule,
): StoredItem {
  const job = asFound(ended);
  const { state, askedMs, failedMs, ...shownBefore } = notAhead(before?.detail, job);
  const askedAt = askedOf(job);
  const isLate = typeof askedMs === 'number' && askedMs > askedAt;
  const goodBefore = shownBefore.goodMs;
  const isNewGood =
    (job.state === 'done' || job.state === 'gaps') &&
    !(typeof goodBefore === 'number' && isLate && goodBefore >= askedAt);
  const detail: Detail = {
    state: isLate && state !== undefined ? state : job.state,
    askedMs: isLate ? askedMs : askedAt,
    ...firstFailure(job, { schedule, before: { state, askedMs, failedMs }, isLate }),
    ...(isNewGood ? goodRun(job, schedule) : shownBefore),
  };
  const { everyMs, limitMs } = schedule;
  const isBefore = isLate && before !== undefined;
  return {
    ...{ agent: job.agent, item: runItem(schedule), kind: runKind(schedule.act) },
    saw: isBefore ? before.saw : (SAW[job.state] ?? 'unreadable'),
    ...{ why: isBefore ? before.why : fitWhy(job.why), detail: fitDetail(detail) },
    ...{ everyMs, limitMs, seenAt: isBefore ? before.seenAt : askedAt },
  };
}

interface Failing {
  readonly schedule: Schedule;
  readonly before: Readonly<Record<'state' | 'askedMs' | 'failedMs', Detail[string] | undefined>>;
  readonly isLate: boolean;
}

/** When it failed, of the first failure of its period only: that one is tried again. */
function firstFailure(job: StoredJob, { schedule, before, isLate }: Failing): Detail {
  const { state, askedMs, failedMs } = before;
  if (isLate) return failedMs === undefined ? {} : { failedMs };
  if (job.state !== 'failed') return {};
  const isAgain =
    state === 'failed' &&
    typeof askedMs === 'number' &&
    slotOf(schedule, askedMs) === slotOf(schedule, askedOf(job));
  return isAgain ? {} : { failedMs: job.changedAt };
}

/** Nothing was left out of what was there; but nobody asks again and again for a backup of nothing. */
function asFound(job: StoredJob): StoredJob {
  if (job.act !== 'backup' || (job.state !== 'done' && job.state !== 'gaps')) return job;
  const why = nothingTaken(job.answer);
  if (why === undefined) return job;
  return { ...job, state: 'gaps', why: job.why === '' ? why : `${why} ${job.why}` };
}

/** Where the clock was set back while it ran, its end is what it was asked before. */
function askedOf({ askedAt, changedAt }: StoredJob): StoredJob['askedAt'] {
  return changedAt < askedAt ? changedAt : askedAt;
}

/** What a clock has dated that was ahead would hide what comes now, and count as fresh one day. */
function notAhead(before: Detail | undefined, { changedAt }: StoredJob): Detail {
  const { askedMs, goodMs, failedMs, ...rest } = before ?? {};
  const isThere = (ms: Detail[string] | undefined): ms is number =>
    typeof ms === 'number' && ms <= changedAt + AHEAD_MAX_MS;
  const asked = {
    ...(isThere(askedMs) ? { askedMs } : {}),
    ...(isThere(failedMs) ? { failedMs } : {}),
  };
  if (isThere(goodMs)) return { ...rest, ...asked, goodMs };
  const { state } = rest;
  return { ...(state === undefined ? {} : { state }), ...asked };
}

/** What was read stood there when it was asked for, or came later: its age counts from then. */
function goodRun(job: StoredJob, { act }: Schedule): Detail {
  const { tookMs, shown } = runFacts(act, job.answer);
  const { oldestAgeMs, ...rest } = shown;
  const askedAt = askedOf(job);
  const unread = typeof oldestAgeMs === 'number' ? { unreadSinceMs: askedAt - oldestAgeMs } : {};
  const waitedMs = job.changedAt - askedAt;
  return { goodMs: askedAt, tookMs: tookMs ?? waitedMs, ...rest, ...unread };
}
