/**
 * What the exposure said in a span of time: docs/format/history.md. Spans of one subject are put
 * together in any order, and the whole never says less than the worst of its parts.
 */
import type { Loss } from '../loss.ts';
import type { Outage } from '../outage.ts';

export const HISTORY_KINDS = ['data-set', 'service', 'host', 'estate'] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

export interface HistorySubject {
  readonly kind: HistoryKind;
  /** Of the estate: empty. */
  readonly name: string;
}

/** In how many looks a figure was what, and its widest ends. */
export interface SaidOften {
  /** Nothing lost, or not out. */
  readonly none: number;
  /** Both ends were known. */
  readonly bounded: number;
  /** No fresh proof bounded it from above. */
  readonly open: number;
  readonly unknown: number;
  /** All lost, or out for good. */
  readonly all: number;
  readonly atLeastMs: number | undefined;
  /** Of the looks in which it was bounded. */
  readonly atMostMs: number | undefined;
}

export interface HistorySpan {
  readonly lost: SaidOften;
  readonly out: SaidOften;
  /** The fewest; undefined: nothing would be hit. */
  readonly survives: number | undefined;
  /** Bytes a second that the slowest fresh drill brought back; undefined: none is fresh. */
  readonly rate: number | undefined;
}

/** Why a drill has expired, a copy is gone, ... is not kept: only what the figures were. */
export interface LookedAt {
  readonly losses: readonly Loss[];
  readonly outages: readonly Outage[];
  readonly survives: number | undefined;
  readonly rate: number | undefined;
}

const ORDER = ['none', 'bounded', 'open', 'unknown', 'all'] as const;
type Said = (typeof ORDER)[number];

interface Figure {
  readonly said: Said;
  readonly atLeastMs: number | undefined;
  readonly atMostMs: number | undefined;
}

/** One look, at all that belongs to a subject: what decides is the worst. */
export function spanOf({ losses, outages, survives, rate }: LookedAt): HistorySpan {
  const lost = saidOnce(losses.map(figureOfLoss));
  return { lost, out: saidOnce(outages.map(figureOfOutage)), survives, rate };
}

function figureOfLoss(loss: Loss): Figure {
  switch (loss.kind) {
    case 'nothing':
      return { said: 'none', atLeastMs: undefined, atMostMs: undefined };
    case 'all':
      return { said: 'all', atLeastMs: undefined, atMostMs: undefined };
    case 'unknown':
      return { said: 'unknown', atLeastMs: loss.atLeastMs, atMostMs: undefined };
    case 'window': {
      const { atLeastMs, atMostMs } = loss;
      return { said: atMostMs === undefined ? 'open' : 'bounded', atLeastMs, atMostMs };
    }
  }
}

function figureOfOutage(outage: Outage): Figure {
  switch (outage.kind) {
    case 'not out':
      return { said: 'none', atLeastMs: undefined, atMostMs: undefined };
    case 'for good':
      return { said: 'all', atLeastMs: undefined, atMostMs: undefined };
    case 'unknown':
      return { said: 'unknown', atLeastMs: undefined, atMostMs: undefined };
    case 'interval': {
      const { atLeastMs, atMostMs } = outage;
      return { said: atMostMs === undefined ? 'open' : 'bounded', atLeastMs, atMostMs };
    }
  }
}

function saidOnce(figures: readonly Figure[]): SaidOften {
  const worst = figures.reduce<Said>(
    (so, { said }) => (ORDER.indexOf(said) > ORDER.indexOf(so) ? said : so),
    'none',
  );
  const counts = { none: 0, bounded: 0, open: 0, unknown: 0, all: 0, [worst]: 1 };
  const atLeastMs = largest(figures.map((each) => each.atLeastMs));
  // An upper end of some is none of the whole.
  const atMostMs = worst === 'bounded' ? largest(figures.map((each) => each.atMostMs)) : undefined;
  return { ...counts, atLeastMs, atMostMs };
}

export function together(one: HistorySpan, other: HistorySpan): HistorySpan {
  return {
    lost: saidTogether(one.lost, other.lost),
    out: saidTogether(one.out, other.out),
    survives: smallest([one.survives, other.survives]),
    rate: smallest([one.rate, other.rate]),
  };
}

function saidTogether(one: SaidOften, other: SaidOften): SaidOften {
  return {
    none: one.none + other.none,
    bounded: one.bounded + other.bounded,
    open: one.open + other.open,
    unknown: one.unknown + other.unknown,
    all: one.all + other.all,
    atLeastMs: largest([one.atLeastMs, other.atLeastMs]),
    atMostMs: largest([one.atMostMs, other.atMostMs]),
  };
}

export function looksOf({ lost }: HistorySpan): number {
  return lost.none + lost.bounded + lost.open + lost.unknown + lost.all;
}

/** Whether one look says something else than another, and not only longer or shorter. */
export function kindOfLook({ lost, out, survives }: HistorySpan): string {
  const of = (said: SaidOften): string => ORDER.filter((each) => said[each] > 0).join('+');
  return `${of(lost)} ${of(out)} ${survives ?? ''}`;
}

function largest(all: readonly (number | undefined)[]): number | undefined {
  const known = all.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.max(a, b));
}

function smallest(all: readonly (number | undefined)[]): number | undefined {
  const known = all.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.min(a, b));
}

const VERSION = 1;

export function historyText({ lost, out, survives, rate }: HistorySpan): string {
  const row = [VERSION, ...numbersOf(lost), ...numbersOf(out), survives ?? null, rate ?? null];
  return JSON.stringify(row);
}

function numbersOf(said: SaidOften): readonly (number | null)[] {
  const ends = [said.atLeastMs ?? null, said.atMostMs ?? null];
  return [...ORDER.map((each) => said[each]), ...ends];
}

/** Undefined: it is none of ours. */
export function readHistory(text: string): HistorySpan | undefined {
  const row = numbersIn(text);
  if (row?.length !== 17 || row[0] !== VERSION) return undefined;
  const [lost, out] = [saidIn(row.slice(1, 8)), saidIn(row.slice(8, 15))];
  if (lost === undefined || out === undefined) return undefined;
  return { lost, out, survives: row[15], rate: row[16] };
}

function numbersIn(text: string): readonly (number | undefined)[] | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(read)) return undefined;
  const numbers: (number | undefined)[] = [];
  for (const each of read as readonly unknown[]) {
    if (each !== null && (typeof each !== 'number' || each < 0)) return undefined;
    numbers.push(each ?? undefined);
  }
  return numbers;
}

function saidIn(row: readonly (number | undefined)[]): SaidOften | undefined {
  const [none, bounded, open, unknown, all, atLeastMs, atMostMs] = row;
  if (none === undefined || bounded === undefined || open === undefined) return undefined;
  if (unknown === undefined || all === undefined) return undefined;
  return { none, bounded, open, unknown, all, atLeastMs, atMostMs };
}
