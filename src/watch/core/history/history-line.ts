/** Spans of a subject on the axis of time: what was not looked at is a gap, and is never filled in. */
import { type UnixMs, unixMs } from '../../../base/units.ts';
import { type HistorySpan, looksOf } from './history-span.ts';

export type HistoryStep = 'hour' | 'day';

export const STEP_MS: Readonly<Record<HistoryStep, number>> = {
  hour: 3_600_000,
  day: 86_400_000,
};
export const HISTORY_LOOK_MS = 300_000;
/** What is kept of one subject. */
export const HISTORY_HOURS = 336;
export const HISTORY_DAYS = 400;
/** Of all hosts together: names come and go. */
export const HISTORY_SUBJECTS_MAX = 20_000;
/** Of the data sets of one host at one look. */
export const HISTORY_OF_HOST_MAX = 5000;

export interface StoredSpan {
  readonly at: UnixMs;
  readonly span: HistorySpan;
}

/** One step of the axis. */
export interface HistoryStepShown {
  readonly from: UnixMs;
  readonly until: UnixMs;
  /** Undefined: it was not looked at, or not known then. */
  readonly span: HistorySpan | undefined;
  /** How often it was looked at, and how often this server looked at anything. */
  readonly looks: number;
  readonly serverLooks: number;
  /** How often it could have been looked at up to now. */
  readonly looksMax: number;
}

export function stepBegin(at: UnixMs, step: HistoryStep): UnixMs {
  return unixMs(Math.floor(at / STEP_MS[step]) * STEP_MS[step]);
}

/** The last `count` steps up to now, oldest first, each there once. */
export function historyLine(of: {
  readonly step: HistoryStep;
  readonly count: number;
  readonly now: UnixMs;
  readonly spans: readonly StoredSpan[];
  /** Of the estate: when this server looked at all. */
  readonly server: readonly StoredSpan[];
}): readonly HistoryStepShown[] {
  const { step, count, now } = of;
  const own = new Map(of.spans.map(({ at, span }) => [Number(at), span]));
  const server = new Map(of.server.map(({ at, span }) => [Number(at), span]));
  const last = stepBegin(now, step);
  return Array.from({ length: count }, (_, index) => {
    const from = last - (count - 1 - index) * STEP_MS[step];
    const until = Math.min(now, from + STEP_MS[step]);
    const span = own.get(from);
    const looks = span === undefined ? 0 : looksOf(span);
    const ofServer = server.get(from);
    return {
      ...{ from: unixMs(from), until: unixMs(until), span, looks },
      serverLooks: Math.max(looks, ofServer === undefined ? 0 : looksOf(ofServer)),
      looksMax: Math.max(1, looks, Math.round((until - from) / HISTORY_LOOK_MS)),
    };
  });
}
