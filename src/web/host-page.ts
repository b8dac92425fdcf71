/** A host: how it is, what would be if it died now, what lies on it, what was seen of it. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import type { UnixMs } from '../base/units.ts';
import type { DataSetView, Fall } from '../watch/core/exposure/view.ts';
import { sentenceOf } from '../watch/core/exposure/sentence.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { HostNow } from '../watch/core/server/estate-now.ts';
import { changeHtml } from './changes-page.ts';
import { checksOfHost, checksTable } from './checks.ts';
import { type DataSetRow, dataSetTable } from './data-set-rows.ts';
import { findingHtml } from './findings-page.ts';
import { shortName, worstItem } from './front-rows.ts';
import { helpsHtml } from './helps.ts';
import { markHtml, stateHtml, survivesHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { fallLimitHtml } from './limits.ts';
import { NOW_LINE_KEY } from './now-line.ts';
import type { ChangeShown, Shown, SightShown } from './shown.ts';
import { type Timeline, timelineSection } from './timeline.ts';
import { ageHtml, forHtml, sentenceHtml, shortened, urlPart, nameInSentence } from './words.ts';

export interface HostFacts {
  readonly host: string;
  readonly changes: readonly ChangeShown[];
  /** Newest last, as the host sent them. */
  readonly lines: readonly { readonly at: number; readonly text: string }[];
  readonly timeline?: Timeline;
}

const CHECKS_MAX = 60;
const WHY_MAX = 120;
/** Of those that nothing keeps; the others are all shown. */
const BARE_MAX = 4;
const SETS_MAX = 30;

export function hostPage(shown: Shown, of: HostFacts): string {
  const { host } = of;
  const { estate, exposure, sights } = shown;
  const now = estate.hosts.find((each) => each.host === host);
  const fall = exposure?.falls.find(({ domain }) => domain.kind === 'host' && domain.host === host);
  const sight = sights.find((each) => each.host === host);
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / ${host}</p>
<p class="isnow">${isHtml(now, shown)}</p>
<h1 class="say">${leadHtml(host, fall)}</h1>
<p class="basis">${basisHtml(sight, shown)}</p>
${fallLimitHtml(fall)}
<div class="verbs">${fall === undefined ? NOTHING : html`<a class="btn go" href="/recovery-plan?lost=${urlPart(`host:${host}`)}">Plan the recovery</a>`}${fall === undefined ? NOTHING : html`<a class="btn" href="/lose?lost=${urlPart(`host:${host}`)}">Simulate loss</a>`}<a class="btn" href="/changes?host=${urlPart(host)}">What changed</a></div>
${dataHtml(shown, { host, fall })}
<div class="two"><div>${timelineSection(of.timeline, { at: shown.at })}${checksHtml(now)}${linesHtml(of, shown)}</div><div>${helpsHtml(dataSetsOn(shown, host))}${dependsHtml(now, shown)}${findingsOn(shown, host)}${of.changes.length === 0 ? NOTHING : html`<section><div class="h"><h2>Changed last</h2><a href="/changes?host=${urlPart(host)}">All</a></div>${of.changes.slice(0, 6).map((each) => changeHtml(each, { at: shown.at, isOfOneHost: true }))}</section>`}</div></div></div>`;
  return pageOf(shown, { title: host, menu: 'Exposure', body, isRead: true });
}

function isHtml(now: HostNow | undefined, { at }: Shown): Html {
  if (now === undefined) {
    return html`${stateHtml('unknown', 'unknown')} <span>no agent of this server watches it</span>`;
  }
  const { standing, items, own, since, saidAgoMs } = now;
  const worst = worstItem(now);
  const isOwn = own === standing || worst === undefined;
  const what = isOwn ? '' : `${shortName(worst.item)} `;
  const then = isOwn ? since : worst.since;
  const said =
    saidAgoMs === undefined
      ? html`it has not spoken since this server began`
      : html`it spoke ${ageHtml(saidAgoMs)}`;
  const well = items.filter((item) => item.standing.mark === 'ok').length;
  const words =
    standing.mark === 'ok'
      ? html`all is well`
      : html`${forHtml(then, at)}: ${shortened(standing.why, WHY_MAX)}`;
  return html`${stateHtml(standing.mark, `${what}${standing.mark}`)} <span>${words}</span> <span>${formatCount(well)} of ${countOf(items.length, 'check')} well; ${said}; level ${now.level}${now.isInMaintenance ? '; being worked on' : ''}</span>`;
}

function leadHtml(host: string, fall: Fall | undefined): Html {
  if (fall !== undefined) return sentenceHtml(sentenceOf(fall));
  return html`If ${nameInSentence(host)} died now, what would be lost is <span class="bad dim">unknown</span>: nobody has seen what lies on it.`;
}

function basisHtml(sight: SightShown | undefined, { at }: Shown): Html {
  if (sight === undefined)
    return html`What lies on it was never seen: <code>holdfast look</code> reads it over ssh.`;
  const { seenAt, seenBy, look, why, remedy, system, kernel, ledger } = sight;
  const seen =
    seenAt === undefined
      ? html`What lies on it was never seen`
      : html`What lies on it was seen ${ageHtml(Math.max(0, at - seenAt))} by ${seenBy === 'agent' ? 'its agent' : 'a look over ssh'}`;
  const rest =
    look === 'whole'
      ? NOTHING
      : html` (${look}${why === '' ? '' : `: ${why}`}${remedy === '' ? '' : `; ${remedy}`})`;
  const proof =
    ledger === undefined
      ? html`; it never said what is proven`
      : html`; what is proven is of ${ageHtml(Math.max(0, at - ledger.seenAt))}${ledger.isFresh ? '' : ', too old to count'}`;
  const machine = [system, kernel].filter((word) => word !== '').join(', ');
  return html`${seen}${rest}${proof}.${machine === '' ? '' : ` ${machine}.`}`;
}

function dataSetsOn({ exposure }: Shown, host: string): readonly DataSetView[] {
  return (
    exposure?.dataSets.filter(({ places }) => places.some((place) => place.host === host)) ?? []
  );
}

function dataHtml(
  shown: Shown,
  of: { readonly host: string; readonly fall: Fall | undefined },
): Html {
  const { host, fall } = of;
  const on = new Set(dataSetsOn(shown, host).map(({ name }) => name));
  const hits = new Map(fall?.hits.map((hit) => [hit.dataSet, hit]));
  const all = (shown.exposure?.dataSets ?? []).filter(({ name }) => on.has(name) || hits.has(name));
  const rows = all
    .slice(0, SETS_MAX)
    .map((dataSet): DataSetRow => ({ dataSet, hit: hits.get(dataSet.name) }));
  const rest = all.length - rows.length;
  if (rows.length === 0) {
    return html`<section><div class="h"><h2>What is on it</h2></div><p class="none">Nothing on it is kept in a recovery point that this server knows of. ${unprotectedWords(shown, host)}</p></section>`;
  }
  return html`<section><div class="h"><h2>What is on it <i>${countOf(all.length, 'data set')}; ${unprotectedWords(shown, host)}</i></h2>${fall === undefined ? NOTHING : html`<span class="sub nw">${survivesHtml(fall.survives)}</span>`}</div>
${rowsHtml(rows, { at: shown.at, awayFrom: host })}${rest === 0 ? NOTHING : html`<p class="pager">${formatCount(rest)} more: <a href="/lose?lost=host:${urlPart(host)}">simulate loss</a></p>`}
${NOW_LINE_KEY}</section>`;
}

/** Many that nothing keeps say the same: the worst of them, and the rest behind a line. */
function rowsHtml(
  rows: readonly DataSetRow[],
  of: { readonly at: UnixMs; readonly awayFrom: string },
): Html {
  const bare = rows.filter(({ dataSet }) => dataSet.pointCount === 0).slice(BARE_MAX);
  const folded = new Set(bare);
  const shown = rows.filter((row) => !folded.has(row));
  if (bare.length === 0) return dataSetTable(rows, of);
  return html`${dataSetTable(shown, of)}<details class="raw"><summary>${countOf(bare.length, 'more data set')} in no recovery point</summary>${dataSetTable(bare, of)}</details>`;
}

function unprotectedWords({ coverage }: Shown, host: string): Html {
  const count = coverage.filter((data) => data.host === host && data.state !== 'covered').length;
  if (count === 0) return html`nothing else was found`;
  return html`<a href="/unprotected?host=${urlPart(host)}">${formatCount(count)} more in no recovery point</a>`;
}

function checksHtml(now: HostNow | undefined): Html {
  if (now === undefined) return NOTHING;
  const checks = checksOfHost(now);
  const more = checks.length - CHECKS_MAX;
  return html`<section><div class="h"><h2>What was seen of it <i>${countOf(checks.length, 'check')}, worst first</i></h2></div>
${checksTable(checks.slice(0, CHECKS_MAX), { isOfOneHost: true })}${more <= 0 ? NOTHING : html`<p class="pager"><a href="/checks?host=${urlPart(now.host)}&amp;from=${String(CHECKS_MAX)}">${formatCount(more)} more</a></p>`}</section>`;
}

function linesHtml({ lines }: HostFacts, { at }: Shown): Html {
  if (lines.length === 0) return NOTHING;
  const rows = lines.map(
    ({ at: then, text }) =>
      html`<div class="ev-line log"><span class="sub">${ageHtml(Math.max(0, at - then))}</span><code>${text}</code></div>`,
  );
  return html`<section><div class="h"><h2>Last lines of its kernel and journal</h2></div>${rows}</section>`;
}

/** What it stands on, and what stands on it. */
function dependsHtml(now: HostNow | undefined, { estate }: Shown): Html {
  if (now === undefined) return NOTHING;
  const below = now.restsOn;
  const above = estate.hosts.filter(({ restsOn }) => restsOn.includes(now.subject));
  if (below.length === 0 && above.length === 0) return NOTHING;
  const byName = new Map(estate.hosts.map((each) => [each.subject, each]));
  const line = (subject: string): Html => {
    const host = byName.get(subject);
    const name = subject.replace(/^host:/, '');
    const mark = host === undefined ? NOTHING : markHtml(host.standing.mark);
    const shown =
      host === undefined
        ? html`${name}`
        : html`<a class="name" href="/hosts/${urlPart(name)}">${name}</a>`;
    return html`<li class="cp">${mark} ${shown}</li>`;
  };
  const list = (title: string, all: readonly string[]): Html =>
    all.length === 0
      ? NOTHING
      : html`<div class="day"><h3>${title}</h3><ul>${all.slice(0, 40).map(line)}</ul></div>`;
  return html`<section><div class="h"><h2>Dependencies</h2></div>${list(`${now.host} stands on`, below)}${list(
    `stands on ${now.host}`,
    above.map(({ subject }) => subject),
  )}</section>`;
}

function findingsOn(shown: Shown, host: string): Html {
  const found = shown.findings.filter(({ hosts }) => hosts.includes(host));
  if (found.length === 0) return NOTHING;
  return html`<section><div class="h"><h2>Findings <i>${formatCount(found.length)}</i></h2><a href="/findings">All</a></div>${found.slice(0, 6).map((each) => findingHtml(each, shown))}</section>`;
}
