/** All of one timeline, with its table. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { HistorySubject } from '../watch/core/history/history-span.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import {
  HISTORY_RANGES,
  historyHref,
  promisedIn,
  rangeWords,
  type Timeline,
  timelineHtml,
  type TimelinePromise,
} from './timeline.ts';
import { stepWords, timelineRows } from './timeline-words.ts';
import { nameInSentence, timeHtml, urlPart } from './words.ts';

const ROWS_MAX = 120;

export function historyPage(shown: Shown, timeline: Timeline): string {
  const { of, range } = timeline;
  const lead =
    of.kind === 'estate'
      ? html`What would have been lost of <b>all</b>, over time.`
      : html`What would have been lost of ${nameInSentence(of.name)}, over time.`;
  const ranges = HISTORY_RANGES.map((each) =>
    each === range
      ? html`<span class="btn" aria-current="true">${rangeWords(each)}</span>`
      : html`<a class="btn" href="${historyHref(of, each)}">${rangeWords(each)}</a>`,
  );
  const promise = promiseOf(shown, of);
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / ${crumbHtml(of)}Over time</p>
<h1 class="say">${lead}</h1>
<p class="basis">Looked at each five minutes, from this server, computed ${timeHtml(shown.at, shown.at)}. Each step is the worst that was seen in it, by the worst single failure; what nobody saw is a gap. Days are of UTC.</p>
<div class="verbs" role="group" aria-label="How far back">${ranges}</div>
<section class="tl-all"><div class="h"><h2>The last ${rangeWords(range)}</h2></div>${timelineHtml(timeline, { at: shown.at, promise })}</section>
${tableHtml(shown, timeline)}</div>`;
  const title = of.kind === 'estate' ? 'Over time' : `${of.name} over time`;
  return pageOf(shown, { title, menu: 'Timelines', body });
}

function crumbHtml({ kind, name }: HistorySubject): Html {
  switch (kind) {
    case 'data-set':
      return html`<a href="/data-set?name=${urlPart(name)}">${name}</a> / `;
    case 'service':
      return html`<a href="/service?name=${urlPart(name)}">${name}</a> / `;
    case 'host':
      return html`<a href="/hosts/${urlPart(name)}">${name}</a> / `;
    case 'estate':
      return NOTHING;
  }
}

function promiseOf({ exposure }: Shown, { kind, name }: HistorySubject): TimelinePromise {
  const all =
    kind === 'data-set' ? exposure?.dataSets : kind === 'service' ? exposure?.services : [];
  return promisedIn(all?.find((each) => each.name === name)?.promise);
}

function fromTo(begin: string, end: string): Html {
  if (begin === 'today') return html`today`;
  return html`<span class="nw">${begin}</span> to <span class="nw">${end}</span>`;
}

function tableHtml(shown: Shown, { of, step, steps }: Timeline): Html {
  const rows = timelineRows(steps);
  if (rows.length === 0) return NOTHING;
  const lines = rows
    .slice(0, ROWS_MAX)
    .map(({ from, until, lost, out, survives, rate, looked }) => {
      const begin = stepWords(from, shown.at, step);
      const end = until >= shown.at ? 'now' : stepWords(until, shown.at, step);
      const cells =
        lost === ''
          ? html`<td colspan="4" class="sub">${looked}</td><td></td>`
          : html`<td data-l="Lost">${lost}</td><td data-l="Out">${out}</td><td data-l="Survives">${survives}</td><td data-l="Slowest drill">${rate}</td><td data-l="Watched">${looked}</td>`;
      return html`<tr><th scope="row">${fromTo(begin, end)}</th>${cells}</tr>
`;
    });
  const more = rows.length - ROWS_MAX;
  const by = html`/v1/history?of=${of.kind}&amp;name=${urlPart(of.name)}&amp;by=${step}`;
  return html`<section><div class="h"><h2>As a table <i>newest first</i></h2><a href="${by}">As JSON</a></div><details class="raw"><summary>${countOf(rows.length, 'row')}</summary><table><thead><tr><th class="w-l">From, to</th><th>Lost</th><th>Out</th><th class="w-s">Survives</th><th class="w-s">Slowest drill</th><th class="w-s">Watched</th></tr></thead><tbody>${lines}</tbody></table>${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} older rows as JSON</p>`}</details></section>`;
}
