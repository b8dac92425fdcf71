/** A data set: what would be lost by which failure, what proves it, and what would raise it. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import { utf8Of } from '../manifest/core/utf8.ts';
import { ifGone } from '../watch/core/exposure/sentence.ts';
import type { DataSetView, PromisedSpan } from '../watch/core/exposure/view.ts';
import type { ExposureToAll } from '../watch/core/exposure/rows.ts';
import { heldWords } from '../watch/core/say-unflushed.ts';
import type { HeldBack } from '../watch/core/unflushed.ts';
import { type Html, html, joinHtml, NOTHING } from '../watch/core/look/html.ts';
import { copyHtml, dataSetTable, kindWords } from './data-set-rows.ts';
import { lastDrillsHtml } from './drills-page.ts';
import { costOfHit, hrefOf } from './falls.ts';
import { findingHtml } from './findings-page.ts';
import { proofHtml } from './front-rows.ts';
import { survivesHtml } from './glyphs.ts';
import { helpsOf } from './helps.ts';
import { pageOf } from './layout.ts';
import { limitHtml, liveHtml } from './limits.ts';
import { NOW_LINE_AXIS, NOW_LINE_KEY, nowLine } from './now-line.ts';
import type { Shown } from './shown.ts';
import { promisedIn, type Timeline, timelineSection } from './timeline.ts';
import { vaultWords } from '../watch/core/exposure/say-step.ts';
import { lossWords } from '../watch/core/say-loss.ts';
import {
  ageHtml,
  domainWords,
  outWords,
  sentenceHtml,
  timeHtml,
  nameInSentence,
  urlPart,
} from './words.ts';

const FALLS_MAX = 30;
const SETS_MAX = 8;

export function dataSetPage(shown: Shown, dataSet: DataSetView, timeline?: Timeline): string {
  const { name, promise, services } = dataSet;
  const hits = hitsOf(shown, name);
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/data-sets">Data sets</a> / ${name}</p>
<p class="isnow"><span>${kindWords(dataSet)}; survives ${survivesHtml(dataSet.survives)}${services.length === 0 ? '' : `; belongs to ${services.join(', ')}`}</span></p>
<h1 class="say">${leadHtml(dataSet)}</h1>
<p class="basis">${basisHtml(dataSet, shown)}</p>
${limitHtml(dataSet.bottleneck)}
${promise === undefined ? NOTHING : html`<p class="basis">${spanWords('may lose', promise.mayLose)}${spanWords('back within', promise.backWithin)}</p>`}
${browseHtml(dataSet, shown)}
${findingsOf(shown, name)}
<section><div class="h"><h2>If one thing failed now <i>worst first</i></h2></div>${fallsTable(hits, dataSet)}${NOW_LINE_KEY}</section>
${timelineSection(timeline, { at: shown.at, promise: promisedIn(promise) })}
${lastDrillsHtml(name, shown)}
<div class="two"><div>${copiesHtml(dataSet, shown)}${liveHtml(dataSet.live)}${proofSection(dataSet, shown)}</div><div>${helpsOf(dataSet)}${unflushedHtml(dataSet)}${lostWithHtml(dataSet)}</div></div></div>`;
  return pageOf(shown, { title: name, menu: 'Data sets', body });
}

/** What is the matter with the vaults that its recovery points are in. */
function findingsOf(shown: Shown, name: string): Html {
  const found = shown.findings.filter(({ dataSets }) => dataSets?.includes(name) === true);
  if (found.length === 0) return NOTHING;
  return html`<section><div class="h"><h2>Findings <i>${formatCount(found.length)}</i></h2><a href="/findings">All</a></div>${found.map((each) => findingHtml(each, shown))}</section>`;
}

/** To the best recovery point, where it is a snapshot of a vault. */
function browseHtml({ best, places }: DataSetView, { reader }: Shown): Html {
  if (reader.mayBrowse !== true || best === undefined) return NOTHING;
  if (!/^[0-9a-f]{64}$/.test(best.id)) return NOTHING;
  const [place] = places;
  const host = place === undefined ? NOTHING : html`&amp;host=${urlPart(place.host)}`;
  return html`<p class="basis"><a href="/snapshot?id=${best.id}${host}">Browse it, download or restore a part of it</a></p>`;
}

function hitsOf({ exposure }: Shown, name: string) {
  return (exposure?.falls ?? []).flatMap((fall) => {
    const hit = fall.hitOf(name);
    return hit === undefined ? [] : [{ domain: fall.domain, hit }];
  });
}

function leadHtml({ name, worst }: DataSetView): Html {
  if (worst === undefined)
    return html`No single failure that is known would lose anything of ${nameInSentence(name)}.`;
  const { loss, outage, domain } = worst;
  const gone = sentenceHtml(ifGone(domain));
  if (loss.kind === 'unknown') {
    return html`If ${gone} now, what would be lost of ${nameInSentence(name)} is <span class="bad dim">unknown</span>: ${loss.why}.`;
  }
  const lost =
    loss.kind === 'nothing'
      ? html`<b>nothing</b>`
      : html`<span class="bad">${loss.kind === 'all' ? 'all' : lossWords(loss)}</span>`;
  const out =
    outage.kind === 'interval' ? html`, and it would be <b>${outWords(outage)}</b>` : NOTHING;
  return html`If ${gone} now, ${lost} of ${nameInSentence(name)} would be lost${out}.`;
}

function basisHtml({ pointCount, best, isSeen, places }: DataSetView, { at }: Shown): Html {
  const points = countOf(pointCount, 'recovery point');
  const newest =
    best === undefined
      ? NOTHING
      : html`; the best is of ${timeHtml(best.coveredUpTo, at)}, ${ageHtml(Math.max(0, at - best.coveredUpTo))}, ${best.isProven ? 'proven' : 'not proven'}`;
  const paths = places
    .slice(0, 4)
    .map(({ host, path }) => `${host}${path === undefined ? '' : `:${utf8Of(path)}`}`);
  return html`${paths.join(', ')}${isSeen ? '' : ' (not seen lately)'}. ${points}${newest}.`;
}

function spanWords(what: string, span: PromisedSpan | undefined): Html {
  if (span === undefined) return NOTHING;
  const words = { proven: 'proven', broken: 'broken', 'not proven': 'not proven' }[span.standing];
  const by = span.by === undefined ? '' : ` by ${domainWords(span.by)}`;
  const tone =
    span.standing === 'broken' ? 'failed' : span.standing === 'proven' ? 'ok' : 'unknown';
  return html`Promised: ${what} ${formatDuration(span.promisedMs)}, <b class="${tone}">${words}</b>${by}. `;
}

function fallsTable(hits: ReturnType<typeof hitsOf>, dataSet: DataSetView): Html {
  if (hits.length === 0)
    return html`<p class="none">Nothing that is known to fail would take it.</p>`;
  const rows = hits.slice(0, FALLS_MAX).map(({ domain, hit }) => {
    const href = hrefOf(domain);
    const words = domainWords(domain);
    const name =
      href === undefined
        ? html`<span class="name">${words}</span>`
        : html`<a class="name" href="${href}">${words}</a>`;
    return html`<tr><th scope="row">${name}</th>${hitCells(hit, dataSet)}</tr>
`;
  });
  const more = hits.length - rows.length;
  return html`<table class="falls"><thead><tr><th class="w-xl">If this were lost</th><th>Lost</th><th class="w-line ax-th">${NOW_LINE_AXIS}</th><th class="w-l">Out</th><th class="w-proof">Proof left</th></tr></thead><tbody>${rows}</tbody></table>${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more cost no more than these</p>`}`;
}

function hitCells(hit: ExposureToAll, dataSet: DataSetView): Html {
  const cost = costOfHit(hit, dataSet);
  const { outage } = hit;
  const basis =
    outage.kind === 'interval'
      ? html`<span class="sub">${outage.basis}${outage.bottleneck === undefined ? '' : `; ${outage.bottleneck}`}</span>`
      : outage.kind === 'unknown'
        ? html`<span class="sub">${outage.why}</span>`
        : NOTHING;
  const why = cost.sub === '' ? NOTHING : html`<span class="sub">${cost.sub}</span>`;
  return html`<td data-l="Lost"><b class="${cost.tone}">${cost.say}</b>${why}</td><td class="nlc">${nowLine(cost)}</td><td data-l="Out">${outWords(outage).replace(/^out /, '')}${basis}</td><td data-l="Proof left">${proofHtml(hit)}</td>`;
}

function copiesHtml({ copies }: DataSetView, { at }: Shown): Html {
  if (copies.length === 0) {
    return html`<section><div class="h"><h2>Copies</h2></div><p class="none">No vault that is known holds a point of it.</p></section>`;
  }
  return html`<section><div class="h"><h2>Copies <i>${formatCount(copies.length)}</i></h2></div>${copies.map((copy) => html`<div class="li">${copyHtml(copy, { at })}<span class="sub">vault ${vaultWords(copy.vault)}, copy ${vaultWords(copy.copy)}</span></div>`)}</section>`;
}

/** What the figures rest on, as it was said. */
function proofSection({ best, worst }: DataSetView, { at }: Shown): Html {
  if (best === undefined) return NOTHING;
  const facts: readonly (readonly [string, Html])[] = [
    ['recovery point', html`<span class="mono">${best.id}</span>`],
    ['in vault', html`<span class="mono">${best.vault}</span>`],
    ['holds all up to', timeHtml(best.coveredUpTo, at)],
    ['proof', proofHtml(best)],
    ...(worst?.outage.kind === 'interval'
      ? [['time out from', html`${worst.outage.basis}`] as const]
      : []),
  ];
  return html`<section><div class="h"><h2>What proves it</h2></div><dl class="facts">${facts.map(([term, said]) => html`<dt>${term}</dt><dd>${said}</dd>`)}</dl>
<p class="basis">The same with every figure: <a href="/v1/exposure">GET /v1/exposure</a></p></section>`;
}

/** What a program believes written, by what fails; every figure of it has its setting beside it. */
function unflushedHtml({ unflushed, kind }: DataSetView): Html {
  const crash = kind === 'image' ? 'its guest crashed' : 'a program crashed';
  return html`<section id="unflushed"><div class="h"><h2>Not on disk yet <i>at most, of what was written</i></h2></div>${heldHtml('If the power went', unflushed)}${heldHtml(`If ${crash}`, unflushed.crash)}
<p class="basis">Whatever takes its disk or host takes this as well: it is in the figures above.</p></section>`;
}

function heldHtml(when: string, held: HeldBack): Html {
  const tone = held.atMostMs !== undefined ? '' : held.isKnown ? 'failed' : 'unknown';
  const parts = held.parts.map((words) => html`<span class="sub">${words}</span>`);
  return html`<div class="li">${when}: <b class="${tone}">${heldWords(held)}</b>${parts}</div>`;
}

/** The smallest sets of failures that leave nothing proven. */
function lostWithHtml({ lostWith }: DataSetView): Html {
  if (lostWith.length === 0) return NOTHING;
  const rows = lostWith.slice(0, SETS_MAX).map((domains) => {
    const named = domains.map((domain) => html`<b>${domainWords(domain)}</b>`);
    return html`<div class="li">${joinHtml(named, ' and ')}${domains.length === 1 ? html`<span class="sub">alone: a single point of failure</span>` : html`<span class="sub">together</span>`}</div>`;
  });
  return html`<section><div class="h"><h2>Nothing proven is left without <i>the smallest sets</i></h2></div>${rows}</section>`;
}

/** All of them, worst first. */
export function dataSetsPage(shown: Shown): string {
  const all = shown.exposure?.dataSets ?? [];
  const rows = all.slice(0, ROWS_MAX).map((dataSet) => ({ dataSet, hit: dataSet.worst }));
  const gone = all.filter(({ survives }) => survives === 0).length;
  const lead =
    all.length === 0
      ? html`No data set is kept yet.`
      : gone === 0
        ? html`<b>${countOf(all.length, 'data set')}</b>, and none is lost with one failure.`
        : html`<span class="bad">${formatCount(gone)} of ${countOf(all.length, 'data set')}</span> would be gone or unknown with one failure.`;
  const more = all.length - rows.length;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Data sets</p><h1 class="say">${lead}</h1>
<section><div class="h"><h2>Worst first <i>each by the failure that would cost most</i></h2></div>${rows.length === 0 ? html`<p class="none">Keep one: <code>holdfast backup /srv</code> on the host where it lies.</p>` : html`${dataSetTable(rows, { at: shown.at, awayFrom: undefined })}${NOW_LINE_KEY}`}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <a href="/v1/data-sets">GET /v1/data-sets</a>, or search</p>`}</section></div>`;
  return pageOf(shown, { title: 'Data sets', menu: 'Data sets', body });
}

const ROWS_MAX = 50;
