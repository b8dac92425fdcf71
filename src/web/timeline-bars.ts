/**
 * Drawings of a figure over time. Each step of the axis is divided by how often the figure was what:
 * known from below and from above, known from below only, unknown, all; then what was not looked at.
 * Nothing is drawn between two of them that was not seen.
 */
import { addAll, largest } from '../base/long-list.ts';
import type { HistoryStepShown } from '../watch/core/history/history-line.ts';
import type { SaidOften } from '../watch/core/history/history-span.ts';
import type { Html } from '../watch/core/look/html.ts';

/** Of one step; the drawing is so many times the steps wide, and a hundred high. */
export const STEP_WIDTH = 12;
const BOTTOM = 100;
const LOW = 92;
const HIGH = 8;

type BarKind = 'none' | 'least' | 'most' | 'hatch' | 'all' | 'off';

export interface Bar {
  readonly kind: BarKind;
  readonly x: number;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STOPS = [1000, MINUTE, HOUR, DAY, 30 * DAY] as const;

/** From a second, below, to a month; straight, in logarithms, between two stops. */
export function heightOfMs(ms: number): number {
  if (ms <= 0) return BOTTOM - 1;
  if (ms < STOPS[0]) return LOW + 3;
  const above = STOPS.findIndex((stop) => ms <= stop);
  const [to, from] = [STOPS[above], STOPS[above - 1]];
  if (to === undefined) return HIGH;
  if (from === undefined) return LOW;
  const share = (above - 1 + Math.log(ms / from) / Math.log(to / from)) / (STOPS.length - 1);
  return Math.round(LOW - share * (LOW - HIGH));
}

/** What lies before the first step that anybody watched stays blank: there was no server yet. */
export function barsOf(steps: readonly HistoryStepShown[], figure: 'lost' | 'out'): readonly Bar[] {
  const first = steps.findIndex(({ serverLooks }) => serverLooks > 0);
  return joined(
    steps.flatMap((step, at) => (at < first ? [] : barsOfStep(step, at * STEP_WIDTH, figure))),
  );
}

function barsOfStep(
  { span, looks, looksMax, serverLooks }: HistoryStepShown,
  begin: number,
  figure: 'lost' | 'out',
): readonly Bar[] {
  if (span === undefined) {
    // Somebody watched, and it was not there: that is no gap in the watch.
    return serverLooks > 0 ? [] : [{ ...WHOLE, kind: 'off', x: begin, width: STEP_WIDTH }];
  }
  const said = span[figure];
  const kinds = ['none', 'bounded', 'open', 'unknown', 'all'] as const;
  const widths = widthsOf([...kinds.map((kind) => said[kind]), looksMax - looks]);
  let x = begin;
  const bars: Bar[] = [];
  for (const [at, width] of widths.entries()) {
    if (width > 0) addAll(bars, barsOfKind(kinds[at] ?? 'off', said, { x, width }));
    x += width;
  }
  return bars;
}

/** All of the step, by how often; what there was at all is seen. */
function widthsOf(counts: readonly number[]): readonly number[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const widths = counts.map((count) =>
    count <= 0 ? 0 : Math.max(1, Math.floor((count * STEP_WIDTH) / all)),
  );
  const over = STEP_WIDTH - widths.reduce((sum, width) => sum + width, 0);
  const widest = widths.indexOf(largest(widths));
  return widths.map((width, at) => (at === widest ? width + over : width));
}

const WHOLE = { top: 0, bottom: BOTTOM } as const;

function barsOfKind(
  kind: keyof Pick<SaidOften, 'none' | 'bounded' | 'open' | 'unknown' | 'all'> | 'off',
  said: SaidOften,
  of: { readonly x: number; readonly width: number },
): readonly Bar[] {
  const least = heightOfMs(said.atLeastMs ?? 0);
  const solid: Bar = { ...of, kind: 'least', top: least, bottom: BOTTOM };
  switch (kind) {
    case 'none':
      return [{ ...of, kind: 'none', top: BOTTOM - 2, bottom: BOTTOM }];
    case 'bounded': {
      const most = heightOfMs(Math.max(said.atMostMs ?? 0, said.atLeastMs ?? 0));
      return most < least ? [solid, { ...of, kind: 'most', top: most, bottom: least }] : [solid];
    }
    case 'open':
    case 'unknown': {
      const isNone = said.atLeastMs === undefined;
      const bottom = isNone ? BOTTOM : least;
      return [...(isNone ? [] : [solid]), { ...of, kind: 'hatch', top: 0, bottom }];
    }
    case 'all':
      return [{ ...of, ...WHOLE, kind: 'all' }];
    case 'off':
      return [{ ...of, ...WHOLE, kind: 'off' }];
  }
}

/** Neighbours of one height are one. */
function joined(bars: readonly Bar[]): readonly Bar[] {
  const open = new Map<string, Bar>();
  const whole: Bar[] = [];
  for (const bar of bars) {
    const key = `${bar.kind} ${bar.top} ${bar.bottom}`;
    const before = open.get(key);
    if (before !== undefined && before.x + before.width === bar.x) {
      open.set(key, { ...before, width: before.width + bar.width });
      continue;
    }
    if (before !== undefined) whole.push(before);
    open.set(key, bar);
  }
  return [...whole, ...open.values()];
}

const CLASSES: Readonly<Record<BarKind, string>> = {
  ...{
    none: 'tl-none',
    least: 'k-least',
    most: 'k-most',
    hatch: 'hatch',
    all: 'k-lost',
    off: 'tl-off',
  },
};

/** One path for each kind. */
export function pathsOf(bars: readonly Bar[]): readonly Html[] {
  return [...Map.groupBy(bars, ({ kind }) => kind)].map(([kind, some]) => {
    const parts = some.map(
      ({ x, width, top, bottom }) => `M${x} ${top}h${width}v${bottom - top}h-${width}z`,
    );
    return pathHtml(CLASSES[kind], parts.join(''));
  });
}

/** Numbers only: nothing in it was said by anybody. */
export function pathHtml(kind: string, drawn: string): Html {
  const effect = kind === 'tl-line' ? ' vector-effect="non-scaling-stroke"' : '';
  return { markup: `<path class="${kind}" d="${drawn}"${effect}/>` };
}

/** A line through what was seen, broken where it was not. */
export function lineOf(heights: readonly (number | undefined)[]): string {
  let drawn = '';
  let isOn = false;
  for (const [at, height] of heights.entries()) {
    if (height === undefined) {
      isOn = false;
      continue;
    }
    const x = at * STEP_WIDTH;
    drawn += isOn ? `V${height}H${x + STEP_WIDTH}` : `M${x} ${height}H${x + STEP_WIDTH}`;
    isOn = true;
  }
  return drawn;
}

/** Of a share from 0, below, to 1. */
export function heightOfShare(share: number): number {
  return Math.round(LOW - Math.min(1, Math.max(0, share)) * (LOW - HIGH));
}

/** Where nobody looked, as of `barsOf`. */
export function offBars(steps: readonly HistoryStepShown[]): readonly Bar[] {
  return barsOf(steps, 'lost').filter(({ kind }) => kind === 'off');
}
