/**
 * How long an item was what. Only what was said and could be relied on is counted; unknown is never
 * counted but is what is left of a span, so that nothing forgotten can pass for good. No moment of
 * the wall clock is counted twice, also where it stepped back.
 */
import { smallest } from '../../../base/long-list.ts';
import { days, hours, unixMs } from '../../../base/units.ts';
import { ROLL_UP_DAYS, ROLL_UP_HOURS, type RollUp, type StoredItem } from './changes.ts';

export type SpanName = 'hour' | 'day';
export type Part = 'ok' | 'degraded' | 'failed';

/** An item between two sightings: from `countedTo` to `seenAt + limitMs` it was `saw`. */
export interface Counting {
  readonly saw: StoredItem['saw'];
  readonly seenAt: number;
  readonly limitMs: number;
  readonly countedTo: number;
}

export interface Piece {
  readonly span: SpanName;
  /** When the span begins. */
  readonly at: number;
  readonly part: Part;
  readonly ms: number;
}

/** What of a span was said. */
export interface Counted {
  readonly at: number;
  readonly okMs: number;
  readonly degradedMs: number;
  readonly failedMs: number;
}

const SPANS: Readonly<Record<SpanName, { readonly ms: number; readonly kept: number }>> = {
  hour: { ms: hours(1), kept: ROLL_UP_HOURS },
  day: { ms: days(1), kept: ROLL_UP_DAYS },
};

/** Spans that begin before it are let go of. */
export function oldestKept(span: SpanName, at: number): number {
  const { ms, kept } = SPANS[span];
  return beginOf(span, at) - (kept - 1) * ms;
}

const beginOf = (span: SpanName, at: number): number =>
  Math.floor(at / SPANS[span].ms) * SPANS[span].ms;

function partOf(saw: StoredItem['saw']): Part | undefined {
  if (saw === 'healthy') return 'ok';
  if (saw === 'impaired') return 'degraded';
  return saw === 'broken' ? 'failed' : undefined;
}

/** What was not counted yet, up to `until`. */
function piecesUpTo(of: Counting, until: number): readonly Piece[] {
  const part = partOf(of.saw);
  const to = Math.min(until, of.seenAt + of.limitMs);
  if (part === undefined || to <= of.countedTo) return [];
  return (['hour', 'day'] as const).flatMap((span) => {
    const { ms } = SPANS[span];
    const pieces: Piece[] = [];
    const first = Math.max(of.countedTo, oldestKept(span, to));
    for (let from = first; from < to; ) {
      const at = beginOf(span, from);
      const end = Math.min(to, at + ms);
      pieces.push({ span, at, part, ms: end - from });
      from = end;
    }
    return pieces;
  });
}

/** Nothing that an agent said before its silence counts in it. */
function untilSilence(of: Counting, until: number, silentFrom: number | undefined): number {
  const isSilent = silentFrom !== undefined && of.seenAt <= silentFrom;
  return isSilent ? Math.min(until, silentFrom) : until;
}

export interface CountedNext {
  readonly pieces: readonly Piece[];
  readonly countedTo: number;
}

/**
 * What the next sighting of an item adds, and up to where all is counted then. While an item stays as
 * it is, an hour is one piece and not one for each sighting.
 *
 * @param silentFrom since when its agent had been silent
 */
export function countSighting(
  before: Counting | undefined,
  seen: Pick<Counting, 'saw' | 'seenAt' | 'limitMs'>,
  silentFrom: number | undefined,
): CountedNext {
  if (before === undefined) return { pieces: [], countedTo: seen.seenAt };
  const until = Math.max(before.seenAt, seen.seenAt);
  const isOneRun =
    partOf(before.saw) === partOf(seen.saw) &&
    seen.seenAt >= before.seenAt &&
    untilSilence(before, until, silentFrom) === until &&
    seen.seenAt <= before.seenAt + before.limitMs &&
    beginOf('hour', before.countedTo) === beginOf('hour', until);
  if (isOneRun) return { pieces: [], countedTo: before.countedTo };
  return {
    pieces: piecesUpTo(before, untilSilence(before, until, silentFrom)),
    countedTo: Math.max(before.countedTo, until),
  };
}

/** The agent is heard again: what it said before its silence counts from now on, not in between. */
export function countSilence(
  of: Counting,
  silence: { readonly from: number; readonly until: number },
): CountedNext {
  if (of.seenAt > silence.from) return { pieces: [], countedTo: of.countedTo };
  return {
    pieces: piecesUpTo(of, Math.min(silence.from, silence.until)),
    countedTo: Math.max(of.countedTo, silence.until),
  };
}

export interface RollUpsWanted {
  readonly span: SpanName;
  readonly now: number;
  readonly silentFrom: number | undefined;
  readonly countMax: number;
}

/** Spans as people are shown them, oldest first; what is counted already and what is open, together. */
export function rollUpsOf(
  of: Counting,
  counted: readonly Counted[],
  wanted: RollUpsWanted,
): readonly RollUp[] {
  const { span, now, countMax } = wanted;
  const { ms } = SPANS[span];
  const sums = new Map(counted.map(({ at, ...parts }) => [at, parts]));
  for (const piece of piecesUpTo(of, untilSilence(of, now, wanted.silentFrom))) {
    if (piece.span !== span) continue;
    const sum = sums.get(piece.at) ?? { okMs: 0, degradedMs: 0, failedMs: 0 };
    const key = `${piece.part}Ms` as const;
    sums.set(piece.at, { ...sum, [key]: sum[key] + piece.ms });
  }
  const last = beginOf(span, now);
  const known = [...sums.keys(), beginOf(span, of.countedTo)];
  const first = Math.max(smallest(known, last), last - (countMax - 1) * ms);
  const spans: RollUp[] = [];
  for (let at = Math.max(first, oldestKept(span, now)); at <= last; at += ms) {
    const sum = sums.get(at) ?? { okMs: 0, degradedMs: 0, failedMs: 0 };
    const said = sum.okMs + sum.degradedMs + sum.failedMs;
    // A clock that stepped back leaves more said than time has passed: then it is shown as it was.
    const lengthMs = Math.max(said, Math.min(now, at + ms) - at);
    const from = unixMs(at);
    spans.push({ from, until: unixMs(at + lengthMs), ...sum, unknownMs: lengthMs - said });
  }
  return spans;
}
