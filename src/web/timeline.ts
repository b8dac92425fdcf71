/** What would have been lost, how long it would have been out, and how much more it would have survived, over time. */
import { capitalised } from '../base/say-name.ts';
import { formatBytes } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import type { UnixMs } from '../base/units.ts';
import type { HistoryStep, HistoryStepShown } from '../watch/core/history/history-line.ts';
import type { HistorySubject } from '../watch/core/history/history-span.ts';
import type { PromiseView } from '../watch/core/exposure/view.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import {
  barsOf,
  heightOfMs,
  heightOfShare,
  lineOf,
  offBars,
  pathHtml,
  pathsOf,
  STEP_WIDTH,
} from './timeline-bars.ts';
import { stepWords, type TimelineSaid, timelineSaid } from './timeline-words.ts';
import { urlPart } from './words.ts';

export const HISTORY_RANGES = ['14d', '90d', '400d'] as const;
export type HistoryRange = (typeof HISTORY_RANGES)[number];

export interface Timeline {
  readonly of: HistorySubject;
  readonly range: HistoryRange;
  readonly step: HistoryStep;
  /** Oldest first, up to now. */
  readonly steps: readonly HistoryStepShown[];
}

/** What was promised: a line to hold it against, as it is promised now. */
export interface TimelinePromise {
  readonly mayLoseMs: number | undefined;
  readonly backWithinMs: number | undefined;
}

export function promisedIn(promise: PromiseView | undefined): TimelinePromise {
  return {
    mayLoseMs: promise?.mayLose?.promisedMs,
    backWithinMs: promise?.backWithin?.promisedMs,
  };
}

const NO_PROMISE: TimelinePromise = { mayLoseMs: undefined, backWithinMs: undefined };
/** Fewer are not worth an axis. */
const STEPS_MIN = 12;

/** On the page of what it is about; all of it with its table is behind the link. */
export function timelineSection(
  timeline: Timeline | undefined,
  of: { readonly at: UnixMs; readonly promise?: TimelinePromise },
): Html {
  if (timeline === undefined) return NOTHING;
  const { of: subject } = timeline;
  const link = html`<a href="${historyHref(subject)}">As table, and further back</a>`;
  return html`<section><div class="h"><h2>Over time <i>last ${rangeWords(timeline.range)}</i></h2>${link}</div>${timelineHtml(timeline, of)}</section>`;
}

export function historyHref({ kind, name }: HistorySubject, range?: HistoryRange): Html {
  const more = range === undefined ? NOTHING : html`&amp;range=${range}`;
  return html`/history?of=${kind}&amp;name=${urlPart(name)}${more}`;
}

export function rangeWords(range: HistoryRange): string {
  return range.replace('d', ' days');
}

export function timelineHtml(
  { steps: all, step, range }: Timeline,
  of: { readonly at: UnixMs; readonly promise?: TimelinePromise },
): Html {
  const said = timelineSaid(all);
  if (said === undefined) {
    return html`<p class="none">Nothing of it was looked at in the last ${rangeWords(range)}. A server looks each five minutes, a minute after its start for the first time.</p>`;
  }
  const first = all.findIndex(({ serverLooks }) => serverLooks > 0);
  const steps = all.slice(Math.max(0, Math.min(first, all.length - STEPS_MIN)));
  const { promise = NO_PROMISE } = of;
  const survives = steps.map(({ span }) => span?.survives);
  return html`<p class="basis">Lost by the worst single failure: ${said.lost}. Out: ${said.out}. Survives: ${said.survives}. ${capitalised(said.known)}.</p>
${chartHtml('Lost, if the worst failed', said.lost, {
  labels: SPANS,
  drawn: [...pathsOf(barsOf(steps, 'lost')), ...promiseLine(promise.mayLoseMs, steps)],
  steps,
})}
${chartHtml('Out', said.out, {
  labels: SPANS,
  drawn: [...pathsOf(barsOf(steps, 'out')), ...promiseLine(promise.backWithinMs, steps)],
  steps,
})}
${chartHtml('Survives', said.survives, {
  labels: ['3 more', '2', '1', '0'],
  drawn: [
    ...pathsOf(offBars(steps)),
    pathHtml('tl-zero', `M0 86H${steps.length * STEP_WIDTH}V98H0z`),
    pathHtml(
      'tl-line',
      lineOf(survives.map((count) => (count === undefined ? undefined : heightOfShare(count / 3)))),
    ),
  ],
  steps,
})}
${rateChart(steps, said)}
<p class="tl-x"><span>${stepWords(steps[0]?.from ?? of.at, of.at, step)}</span><span>now</span></p>
${timelineKey(promise)}`;
}

/** Evenly apart, from a month down to a second. */
const SPANS = ['month', 'day', 'hour', 'min', 's'];

interface Chart {
  /** From above. */
  readonly labels: readonly string[];
  readonly drawn: readonly Html[];
  readonly steps: readonly HistoryStepShown[];
}

function chartHtml(title: string, said: string, { labels, drawn, steps }: Chart): Html {
  const width = String(steps.length * STEP_WIDTH);
  const lines = labels.map((_, at) => {
    const y = heightOfShare(1 - at / (labels.length - 1));
    return `M0 ${y}H${width}`;
  });
  return html`<div class="tl"><h3>${title}</h3><div class="tl-y" aria-hidden="true">${labels.map((label) => html`<span>${label}</span>`)}</div><svg viewBox="0 0 ${width} 100" preserveAspectRatio="none" role="img" aria-label="${title}: ${said}">${{ markup: `<path class="grid" d="${lines.join('')}" vector-effect="non-scaling-stroke"/>` }}${drawn}</svg></div>`;
}

function promiseLine(ms: number | undefined, steps: readonly HistoryStepShown[]): readonly Html[] {
  if (ms === undefined) return [];
  const y = heightOfMs(ms);
  const d = `M0 ${y}H${steps.length * STEP_WIDTH}`;
  return [{ markup: `<path class="tl-promise" d="${d}" vector-effect="non-scaling-stroke"/>` }];
}

function rateChart(steps: readonly HistoryStepShown[], said: TimelineSaid): Html {
  const rates = steps.map(({ span }) => span?.rate);
  const known = rates.filter((rate) => rate !== undefined);
  if (known.length === 0) return NOTHING;
  const max = known.reduce((a, b) => Math.max(a, b));
  const heights = rates.map((rate) =>
    rate === undefined ? undefined : heightOfShare(max === 0 ? 0 : rate / max),
  );
  return chartHtml('Restored in drills, each second', said.rate, {
    labels: [formatBytes(max), '0'],
    drawn: [...pathsOf(offBars(steps)), pathHtml('tl-line', lineOf(heights))],
    steps,
  });
}

function timelineKey({ mayLoseMs, backWithinMs }: TimelinePromise): Html {
  const box = (kind: string, words: string): Html =>
    html`<span><svg aria-hidden="true"><rect class="${kind}" width="16" height="8" rx="1"/></svg>${words}</span>`;
  const promised = [
    ...(mayLoseMs === undefined ? [] : [`may lose ${formatDuration(mayLoseMs)}`]),
    ...(backWithinMs === undefined ? [] : [`back within ${formatDuration(backWithinMs)}`]),
  ];
  const line =
    promised.length === 0
      ? NOTHING
      : html`<span><svg aria-hidden="true"><path class="tl-promise" d="M0 4H16"/></svg>promised now: ${promised.join(', ')}</span>`;
  return html`<p class="keys">${box('k-least', 'at least')}${box('k-most', 'at most')}${box('hatch', 'unknown')}${box('k-lost', 'all, or for good')}${box('tl-off', 'we were not watching')}<span>blank: not known to this server</span>${line}</p>`;
}
