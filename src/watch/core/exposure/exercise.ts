/** A disaster exercise: what was pulled, by whom, and how long each service was really out. */
import {
  type DurationMs,
  days,
  minutes,
  seconds,
  type UnixMs,
  unixMs,
} from '../../../base/units.ts';

export type ExerciseSaw = 'healthy' | 'impaired' | 'broken' | 'unreadable';

/** docs/format/exercise.md. */
export type ExerciseEvent =
  | ExerciseStart
  | {
      readonly event: 'note' | 'hand';
      readonly at: UnixMs;
      readonly who: string;
      readonly text: string;
    }
  | {
      readonly event: 'pulled' | 'back';
      readonly at: UnixMs;
      readonly who: string;
      readonly what: string;
    }
  | { readonly event: 'watching' | 'unwatched'; readonly at: UnixMs; readonly session: number }
  | SawEvent
  | { readonly event: 'stop'; readonly at: UnixMs; readonly who: string };

export interface ExerciseStart {
  readonly event: 'start';
  readonly at: UnixMs;
  readonly who: string;
  readonly reason: string;
  readonly until: UnixMs;
  readonly pull: readonly string[];
  readonly watch: Readonly<Record<string, string>>;
  readonly everyMs: number;
  readonly limitMs: number;
}

interface SawEvent {
  readonly event: 'saw';
  readonly at: UnixMs;
  readonly session: number;
  readonly service: string;
  readonly saw: ExerciseSaw;
  readonly why: string;
  /** Undefined at the first look of a session. */
  readonly before: UnixMs | undefined;
}

export interface ExerciseRecord {
  readonly number: number;
  readonly events: readonly ExerciseEvent[];
  /** When each session looked last, where its end was not written. */
  readonly lookedAt: ReadonlyMap<number, UnixMs>;
}

/** Holds this long, as nothing else shows that a service moves by itself. */
export const MOVES_LIMIT: DurationMs = days(90);
/** What was away for less proves nothing, and a service must be well for the last of it. */
const STEADY: DurationMs = seconds(30);
/** People write down what they pulled a little before or after they did. */
const WRITTEN_LATE: DurationMs = minutes(2);

export interface Outing {
  /** False: it could not be looked at, and may have been out. */
  readonly isSeen: boolean;
  /** The first look that saw it out. */
  readonly from: UnixMs;
  /** The first look that saw it back; undefined: it was not back when it was seen last. */
  readonly backAt: UnixMs | undefined;
  /** From the first look that saw it out to the last one that did. */
  readonly atLeastMs: number;
  /** From the last look that saw it well to the first that did again; undefined: nothing bounds it. */
  readonly atMostMs: number | undefined;
  readonly why: string;
}

export interface ServiceOutings {
  readonly service: string;
  readonly asked: string;
  readonly outings: readonly Outing[];
  /** All of them together. What was out between two looks only was seen by none. */
  readonly atLeastMs: number;
  readonly atMostMs: number | undefined;
  /** When it was seen last; undefined: never looked at. */
  readonly last: ExerciseSaw | undefined;
}

/** Whether a service was back by itself while something was away. */
export interface Moved {
  readonly service: string;
  readonly what: string;
  readonly verdict: 'moved' | 'did not' | 'not shown';
  /** Why it is not shown, in words. */
  readonly why: string;
  readonly pulledAt: UnixMs;
  readonly outAtLeastMs: number;
  readonly outAtMostMs: number | undefined;
}

export interface ExerciseReport {
  readonly number: number;
  readonly start: ExerciseStart;
  readonly isOpen: boolean;
  readonly endedAt: UnixMs | undefined;
  readonly services: readonly ServiceOutings[];
  readonly moved: readonly Moved[];
  /** In the order in which they came. */
  readonly said: readonly Exclude<ExerciseEvent, SawEvent>[];
}

export function startOf({ events }: ExerciseRecord): ExerciseStart | undefined {
  const [first] = events;
  return first?.event === 'start' ? first : undefined;
}

/** Undefined while it is open. */
export function endOfExercise(record: ExerciseRecord, now: UnixMs): UnixMs | undefined {
  const until = startOf(record)?.until;
  const stop = record.events.find(({ event }) => event === 'stop')?.at;
  if (until === undefined) return undefined;
  if (stop !== undefined && stop < until) return stop;
  return now >= until ? until : undefined;
}

/** @returns undefined where it does not begin with a start */
export function exerciseReport(record: ExerciseRecord, now: UnixMs): ExerciseReport | undefined {
  const start = startOf(record);
  if (start === undefined) return undefined;
  const endedAt = endOfExercise(record, now);
  const until = endedAt ?? now;
  const services = Object.entries(start.watch).map(([service, asked]) => {
    const stretches = stretchesOf(record, service, until);
    return { service, asked, ...outingsOf(stretches), last: stretches.at(-1)?.saw };
  });
  return {
    ...{ number: record.number, start, endedAt, services },
    isOpen: endedAt === undefined,
    moved: movedOf(record, { start, until }),
    said: record.events.flatMap((each) => (each.event === 'saw' ? [] : [each])),
  };
}

/** A span of one session in which one thing was seen. */
interface Stretch {
  readonly session: number;
  readonly saw: ExerciseSaw;
  readonly why: string;
  /** The look that saw it first, and the one that saw it last. */
  readonly from: number;
  readonly to: number;
  /** The look before the first; undefined at the begin of a session. */
  readonly before: number | undefined;
}

function stretchesOf(record: ExerciseRecord, service: string, until: number): readonly Stretch[] {
  const seen = record.events.flatMap((each) =>
    each.event === 'saw' && each.service === service && each.at <= until ? [each] : [],
  );
  return seen.map((each, nth): Stretch => {
    const next = seen[nth + 1];
    const isFollowed = next?.session === each.session;
    const lastLook = isFollowed ? next.before : sessionEnd(record, each.session);
    const to = Math.max(each.at, Math.min(lastLook ?? each.at, until));
    const { session, saw, why, at: from, before } = each;
    return { session, saw, why, from, to, before };
  });
}

/** What was killed has looked until its last sign of life. */
function sessionEnd({ events, lookedAt }: ExerciseRecord, session: number): number | undefined {
  const ended = events.find((each) => each.event === 'unwatched' && each.session === session);
  return ended?.at ?? lookedAt.get(session);
}

const isWell = ({ saw }: Stretch): boolean => saw === 'healthy' || saw === 'impaired';

/** What could not be looked at lengthens an outing that it stands beside; by itself it may be one. */
function outingsOf(
  stretches: readonly Stretch[],
): Pick<ServiceOutings, 'outings' | 'atLeastMs' | 'atMostMs'> {
  const outings: Outing[] = [];
  for (let at = 0; at < stretches.length; at++) {
    const run: Stretch[] = [];
    const first = at;
    for (let each = stretches[at]; each !== undefined && !isWell(each); each = stretches[at]) {
      run.push(each);
      at += 1;
    }
    const outing = outingOf(run, { before: stretches[first - 1], after: stretches[at] });
    if (outing !== undefined) outings.push(outing);
  }
  const atMost = outings.map(({ atMostMs }) => atMostMs);
  return {
    outings,
    atLeastMs: outings.reduce((sum, { atLeastMs }) => sum + atLeastMs, 0),
    atMostMs: atMost.reduce<number | undefined>(
      (sum, each) => (sum === undefined || each === undefined ? undefined : sum + each),
      0,
    ),
  };
}

function outingOf(
  run: readonly Stretch[],
  { before, after }: { readonly before: Stretch | undefined; readonly after: Stretch | undefined },
): Outing | undefined {
  const out = run.filter(({ saw }) => saw === 'broken');
  const first = out[0] ?? run[0];
  if (first === undefined) return undefined;
  const atLeastMs = out.reduce((sum, { from, to }) => sum + (to - from), 0);
  // From the last look that saw it well, so far as that was one of the same run of the watch.
  const well = run[0]?.before === undefined ? undefined : before?.to;
  const isSeenBack = after !== undefined && after.session === run.at(-1)?.session;
  const backAt = after?.from;
  const atMostMs =
    well === undefined || backAt === undefined || !isSeenBack ? undefined : backAt - well;
  return {
    isSeen: out.length > 0,
    from: unixMs(first.from),
    backAt: backAt === undefined ? undefined : unixMs(backAt),
    ...{ atLeastMs, atMostMs, why: first.why },
  };
}

/** For each thing that was pulled and each service that was watched. */
function movedOf(
  record: ExerciseRecord,
  { start, until }: { readonly start: ExerciseStart; readonly until: UnixMs },
): readonly Moved[] {
  const pulls = record.events.flatMap((each) =>
    each.event === 'pulled' && each.at <= until ? [each] : [],
  );
  return pulls.flatMap(({ what, at }) => {
    const back = record.events.find(
      (each) => each.event === 'back' && each.what === what && each.at >= at,
    );
    const awayUntil = Math.min(back?.at ?? until, until);
    const hands = record.events.filter(
      (each) => each.event === 'hand' && each.at >= at - WRITTEN_LATE && each.at <= awayUntil,
    );
    return Object.keys(start.watch).map((service) => {
      const stretches = stretchesOf(record, service, awayUntil);
      const away = { from: at, until: awayUntil, isByHand: hands.length > 0 };
      const judged = judgeMoved(stretches, away, start.everyMs + start.limitMs);
      return { service, what, pulledAt: at, ...judged };
    });
  });
}

type Judged = Pick<Moved, 'verdict' | 'why' | 'outAtLeastMs' | 'outAtMostMs'>;

function judgeMoved(
  stretches: readonly Stretch[],
  away: { readonly from: number; readonly until: number; readonly isByHand: boolean },
  unseenMs: number,
): Judged {
  const begin = away.from - WRITTEN_LATE;
  const during = stretches.filter(({ to }) => to >= begin);
  const { atLeastMs, atMostMs } = outingsOf(during);
  const figures = {
    outAtLeastMs: atLeastMs,
    // What ended between two looks was seen by none.
    outAtMostMs: atMostMs === undefined ? undefined : Math.max(atMostMs, unseenMs),
  };
  const notShown = (why: string): Judged => ({ verdict: 'not shown', why, ...figures });
  const [first] = during;
  const last = during.at(-1);
  if (first === undefined || last === undefined) return notShown('it was not looked at');
  if (!isWell(first)) return notShown('it was out or not seen before');
  if (first.from > away.from) return notShown('it was not looked at before');
  if (during.some(({ session }) => session !== first.session)) {
    return notShown('the watch was interrupted');
  }
  if (away.isByHand) return notShown('somebody helped by hand');
  if (away.until - away.from < 2 * STEADY) return notShown('it was away for less than a minute');
  const out = during.findLast(({ saw }) => saw === 'broken');
  if (out !== undefined && !isWell(last) && away.until - out.to <= STEADY) {
    return { verdict: 'did not', why: out.why, ...figures };
  }
  if (!isWell(last) || during.some(({ saw }) => saw === 'unreadable')) {
    return notShown('it could not be looked at all the time');
  }
  const isSteady = last.to - last.from >= STEADY && away.until - last.to <= STEADY;
  if (!isSteady) return notShown('it was not seen well for 30 s before the end');
  return { verdict: 'moved', why: '', ...figures };
}
