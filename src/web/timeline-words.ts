/** What a timeline shows, as a sentence and as rows of a table. */
import { countOf, formatCount, formatRate, formatShare } from '../base/say-quantity.ts';
import { formatDuration, formatInstant, formatInterval } from '../base/say-time.ts';
import type { UnixMs } from '../base/units.ts';
import type { HistoryStep, HistoryStepShown } from '../watch/core/history/history-line.ts';
import {
  type HistorySpan,
  looksOf,
  type SaidOften,
  together,
} from '../watch/core/history/history-span.ts';

/** The worst that was said, and in how much of it. */
export function saidWords(said: SaidOften, all: string): string {
  const looks = said.none + said.bounded + said.open + said.unknown + said.all;
  const worst = worstOf(said);
  const count = said[worst];
  const often = count === looks ? '' : ` (in ${formatCount(count)} of ${countOf(looks, 'look')})`;
  return `${wordsOf(said, worst, all)}${often}`;
}

type Kind = 'none' | 'bounded' | 'open' | 'unknown' | 'all';

function worstOf(said: SaidOften): Kind {
  const order = ['all', 'unknown', 'open', 'bounded'] as const;
  return order.find((kind) => said[kind] > 0) ?? 'none';
}

function wordsOf({ atLeastMs = 0, atMostMs }: SaidOften, worst: Kind, all: string): string {
  switch (worst) {
    case 'all':
      return all;
    case 'none':
      return all === 'for good' ? 'not out' : 'nothing';
    case 'unknown':
    case 'open': {
      const least = formatDuration(atLeastMs, { rounding: 'down', detail: 'rough' });
      if (worst === 'open') return `at least ${least}`;
      return atLeastMs < 1000 ? 'unknown' : `unknown, ${least} or more`;
    }
    case 'bounded':
      return formatInterval({ atLeastMs, atMostMs: Math.max(atLeastMs, atMostMs ?? 0) });
  }
}

/** `up to 14 min at worst`. Where some looks had no upper end, that of others is none of all. */
function widestWords(said: SaidOften, gone: string): string {
  const { all, unknown, open, bounded, atLeastMs = 0, atMostMs = 0 } = said;
  if (all > 0) return `${gone} at worst`;
  const most = formatDuration(Math.max(atLeastMs, atMostMs), { rounding: 'up', detail: 'rough' });
  if (unknown + open === 0) return bounded === 0 ? 'nothing at worst' : `up to ${most} at worst`;
  const least = formatDuration(atLeastMs, { rounding: 'down', detail: 'rough' });
  const worst = atLeastMs < 1000 ? 'unknown at worst' : `at least ${least} at worst`;
  return bounded === 0 ? worst : `${worst} (up to ${most} where it has an upper end)`;
}

/** Looks drift by seconds; a step that lacks a tenth of them and two at least was not watched whole. */
function isWatched({ serverLooks, looksMax }: HistoryStepShown): boolean {
  return serverLooks >= Math.min(looksMax - 1, looksMax * 0.9);
}

export interface TimelineSaid {
  readonly lost: string;
  readonly out: string;
  readonly survives: string;
  readonly rate: string;
  /** What of the time nobody knows: how often unknown, and how long nobody looked. */
  readonly known: string;
}

/** Undefined: nothing was ever looked at. */
export function timelineSaid(steps: readonly HistoryStepShown[]): TimelineSaid | undefined {
  const seen = steps.slice(
    Math.max(
      0,
      steps.findIndex(({ serverLooks }) => serverLooks > 0),
    ),
  );
  const whole = wholeOf(seen);
  const last = seen.findLast(({ span }) => span !== undefined)?.span;
  if (whole === undefined || last === undefined) return undefined;
  const looks = looksOf(whole);
  const max = seen.reduce((sum, { looksMax }) => sum + looksMax, 0);
  const watched = seen.reduce((sum, { serverLooks }) => sum + serverLooks, 0);
  const unknown = whole.lost.unknown + whole.lost.open;
  const parts = [
    ...(unknown === 0
      ? []
      : [`without an upper end or unknown in ${formatShare(unknown, looks)} of the looks`]),
    ...(watched >= max * 0.99 && seen.every(isWatched)
      ? []
      : [`we were not watching for ${formatShare(max - watched, max)} of the time`]),
    ...(watched - looks <= max * 0.01
      ? []
      : [`not known to this server for ${formatShare(watched - looks, max)} of it`]),
  ];
  const { survives, rate } = whole;
  return {
    lost: `${widestWords(whole.lost, 'all of it')}, ${saidWords(last.lost, 'all of it')} in the last look`,
    out: `${widestWords(whole.out, 'for good')}, ${saidWords(last.out, 'for good')} in the last look`,
    survives:
      survives === undefined
        ? 'nothing would have been hit'
        : `${survives} more at worst, ${last.survives ?? 'any number'} more in the last look`,
    rate:
      rate === undefined
        ? 'no drill that still counted measured it'
        : `${formatRate(rate, 'down')} at the slowest`,
    known: parts.length === 0 ? 'watched all the time' : parts.join('; '),
  };
}

function wholeOf(steps: readonly HistoryStepShown[]): HistorySpan | undefined {
  const spans = steps.flatMap(({ span }) => span ?? []);
  return spans.length === 0 ? undefined : spans.reduce(together);
}

export interface TimelineRow {
  readonly from: UnixMs;
  readonly until: UnixMs;
  readonly lost: string;
  readonly out: string;
  readonly survives: string;
  readonly rate: string;
  readonly looked: string;
}

/** Newest first; neighbours that say the same are one row. */
export function timelineRows(steps: readonly HistoryStepShown[]): readonly TimelineRow[] {
  const first = steps.findIndex(({ serverLooks }) => serverLooks > 0);
  const rows: TimelineRow[] = [];
  for (const step of first < 0 ? [] : steps.slice(first)) {
    const row = rowOf(step);
    const before = rows.at(-1);
    if (before !== undefined && isSame(before, row)) {
      rows[rows.length - 1] = { ...before, until: row.until };
    } else rows.push(row);
  }
  return rows.reverse();
}

function rowOf({ from, until, span, looks, looksMax, serverLooks }: HistoryStepShown): TimelineRow {
  if (span === undefined) {
    const looked = serverLooks > 0 ? 'not known to this server then' : 'we were not watching';
    return { from, until, lost: '', out: '', survives: '', rate: '', looked };
  }
  const { survives, rate } = span;
  return {
    ...{ from, until },
    lost: saidWords(span.lost, 'all of it'),
    out: saidWords(span.out, 'for good'),
    survives: survives === undefined ? 'nothing to lose' : `${survives} more`,
    rate: rate === undefined ? 'not measured' : formatRate(rate, 'down'),
    looked: looks >= looksMax * 0.95 ? 'all of it' : formatShare(looks, looksMax),
  };
}

function isSame(one: TimelineRow, other: TimelineRow): boolean {
  const of = ({ lost, out, survives, rate, looked }: TimelineRow): string =>
    [lost, out, survives, rate, looked].join('\n');
  return of(one) === of(other);
}

/** `Fri 20 Nov`, `today`, and of hours also the hour. */
export function stepWords(at: UnixMs, now: UnixMs, step: HistoryStep): string {
  const words = formatInstant(at, now);
  if (step === 'hour') return words;
  return words.includes(',') ? (words.split(',')[0] ?? '') : 'today';
}
