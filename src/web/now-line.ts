/**
 * The now-line: left of now what is lost, right of now how long it is out, on a logarithmic axis of
 * second, minute, hour and day. Solid is at least, pale at most, hatched unknown; grey within the
 * promise, red (lost) and amber (out) beyond it. Words stand beside it, always.
 */
import { type Html, html } from '../watch/core/look/html.ts';
import type { Loss } from '../watch/core/loss.ts';
import type { Outage } from '../watch/core/outage.ts';
import { lossWords } from '../watch/core/say-loss.ts';
import { outWords } from './words.ts';

const NOW = 200;
const EDGE = 200;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where on the axis a time lies, as seen from now; straight, in logarithms, between two of these. */
const STOPS: readonly (readonly [ms: number, at: number])[] = [
  [SECOND, 4],
  [MINUTE, 60],
  [HOUR, 124],
  [DAY, 184],
  [30 * DAY, EDGE],
];

/** What takes any time at all is seen. */
export function distanceOf(ms: number): number {
  if (ms <= 0) return 0;
  const above = STOPS.findIndex(([stop]) => ms <= stop);
  const [to, before] = [STOPS[above], STOPS[above - 1]];
  if (to === undefined) return EDGE;
  if (before === undefined) return to[1];
  const share = Math.log(ms / before[0]) / Math.log(to[0] / before[0]);
  return before[1] + share * (to[1] - before[1]);
}

export interface NowLine {
  readonly loss: Loss;
  readonly outage: Outage;
  /** Beyond what was promised; without a promise, only what would be gone for good. */
  readonly isLossHot: boolean;
  readonly isOutHot: boolean;
}

interface Side {
  readonly least: number;
  readonly most: number;
  readonly isOpen: boolean;
}

export function nowLine({ loss, outage, isLossHot, isOutHot }: NowLine): Html {
  const [left, right] = [lossSide(loss), outSide(outage)];
  const hot = `${isLossHot ? ' hot-l' : ''}${isOutHot ? ' hot-o' : ''}`;
  const label = `${lossWords(loss)} lost, ${outWords(outage)}`;
  return html`<svg class="nl${hot}" viewBox="0 0 400 18" preserveAspectRatio="none" role="img" aria-label="${label}"><use href="#nl"/>${[
    ...partsOf(left, { from: -1, solid: 'lose', pale: 'may may-l' }),
    ...partsOf(right, { from: 1, solid: 'out', pale: 'may may-o' }),
  ]}<path class="now" d="M200 0v18" vector-effect="non-scaling-stroke"/></svg>`;
}

function partsOf(
  { least, most, isOpen }: Side,
  of: { readonly from: 1 | -1; readonly solid: string; readonly pale: string },
): readonly Html[] {
  const solid = barHtml(of.solid, of.from, [0, least]);
  const rest = barHtml(isOpen ? 'hatch' : of.pale, of.from, [least, isOpen ? EDGE : most]);
  return [...(least > 0 ? [solid] : []), ...(isOpen || most > least ? [rest] : [])];
}

function barHtml(kind: string, from: 1 | -1, [near, far]: readonly [number, number]): Html {
  const x = from === 1 ? NOW + near : NOW - far;
  return html`<rect class="${kind}" x="${x.toFixed(1)}" y="5" width="${(far - near).toFixed(1)}" height="8"/>`;
}

const NONE: Side = { least: 0, most: 0, isOpen: false };
const ALL: Side = { least: EDGE, most: EDGE, isOpen: false };

function lossSide(loss: Loss): Side {
  switch (loss.kind) {
    case 'nothing':
      return NONE;
    case 'window':
      return sideOf(loss);
    case 'unknown':
      return sideOf({ atLeastMs: loss.atLeastMs ?? 0, atMostMs: undefined });
    case 'all':
      return ALL;
  }
}

function outSide(outage: Outage): Side {
  switch (outage.kind) {
    case 'not out':
      return NONE;
    case 'interval':
      return sideOf(outage);
    case 'unknown':
      return sideOf({ atLeastMs: 0, atMostMs: undefined });
    case 'for good':
      return ALL;
  }
}

function sideOf(of: { readonly atLeastMs: number; readonly atMostMs: number | undefined }): Side {
  const least = distanceOf(of.atLeastMs);
  const most = of.atMostMs === undefined ? EDGE : distanceOf(of.atMostMs);
  return { least, most, isOpen: of.atMostMs === undefined };
}

/** Above the lines of a table. */
export const NOW_LINE_AXIS: Html = html`<span class="ax" aria-hidden="true"><span class="l">lost</span><span class="c">now</span><span class="o">out</span></span><span class="ax" aria-hidden="true"><span class="a1">day</span><span class="a2">hour</span><span class="a3">min</span><span class="a4">min</span><span class="a5">hour</span><span class="a6">day</span></span><span class="vh">Data lost before now, time out after now, on a logarithmic scale</span>`;

/** Below them. */
export const NOW_LINE_KEY: Html = html`<p class="keys"><span><svg aria-hidden="true"><rect class="k-least" width="16" height="8" rx="1"/></svg>at least</span><span><svg aria-hidden="true"><rect class="k-most" width="16" height="8" rx="1"/></svg>at most</span><span><svg aria-hidden="true"><rect class="hatch" width="16" height="8" rx="1"/></svg>unknown</span><span><svg aria-hidden="true"><rect class="k-lost" width="16" height="8" rx="1"/></svg><svg aria-hidden="true"><rect class="k-out" width="16" height="8" rx="1"/></svg>more than promised, or all</span></p>`;
