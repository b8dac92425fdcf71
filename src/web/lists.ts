/** Lists that the menu leads to: checks, hosts, alerts, jobs. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { ItemNow } from '../watch/core/server/estate-now.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { checksOf, checksOfHost, checksTable } from './checks.ts';
import { hostRows } from './front-rows.ts';
import { markHtml, stateHtml } from './glyphs.ts';
import { evidenceCounts, pageOf } from './layout.ts';
import { cancelHtml, jobHtml } from './rail.ts';
import { Room } from './room.ts';
import type { JobShown, Shown } from './shown.ts';
import { ageHtml, forHtml, timeHtml, urlPart } from './words.ts';

const PAGE_ROWS = 100;

export interface ChecksAsked {
  readonly host: string | undefined;
  readonly mark: StandingMark | undefined;
  readonly from: number;
}

export function checksPage(shown: Shown, { host, mark, from }: ChecksAsked): string {
  const { estate } = shown;
  const of = estate.hosts.find((each) => each.host === host);
  const all = (
    host === undefined ? checksOf(estate) : of === undefined ? [] : checksOfHost(of)
  ).filter((check) => mark === undefined || check.standing.mark === mark);
  const { total, current, tooOld, never } = evidenceCounts(estate);
  const lead =
    total === 0
      ? html`Nothing has been seen yet.`
      : html`<b>${formatCount(current)} of ${countOf(total, 'check')}</b> ${total === 1 ? 'is' : 'are'} current${tooOld === 0 ? NOTHING : html`, <span class="bad dim">${formatCount(tooOld)} too old</span>`}${never === 0 ? NOTHING : html`, <span class="bad dim">${formatCount(never)} never came</span>`}.`;
  const query = html`${host === undefined ? NOTHING : html`&amp;host=${urlPart(host)}`}${mark === undefined ? NOTHING : html`&amp;mark=${mark}`}`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Checks</p><h1 class="say">${lead}</h1>
<p class="basis">What is not current counts as unknown, and never as ok. ${marksHtml(mark)}</p>
<section><div class="h"><h2>Worst first <i>${formatCount(all.length)}${host === undefined ? '' : ` of ${host}`}${mark === undefined ? '' : `, ${mark}`}</i></h2></div>
${all.length === 0 ? html`<p class="none">None.</p>` : checksTable(all.slice(from, from + PAGE_ROWS), { isOfOneHost: false })}
${pagerHtml({ from, total: all.length, path: '/checks' }, query)}</section></div>`;
  return pageOf(shown, { title: 'Checks', menu: 'Checks', body });
}

function marksHtml(now: StandingMark | undefined): Html {
  const all: readonly StandingMark[] = ['failed', 'unknown', 'degraded', 'ok'];
  const links = all.map((mark) =>
    mark === now ? html` <b>${mark}</b>` : html` <a href="/checks?mark=${mark}">${mark}</a>`,
  );
  return html`Only:${links}${now === undefined ? NOTHING : html` <a href="/checks">all</a>`}`;
}

/** @param query goes along, each part after an ampersand */
function pagerHtml(
  of: { readonly from: number; readonly total: number; readonly path: string },
  query: Html,
): Html {
  const { from, total, path } = of;
  const back =
    from === 0
      ? NOTHING
      : html`<a href="${path}?from=${String(Math.max(0, from - PAGE_ROWS))}${query}">Worse</a>`;
  const on =
    from + PAGE_ROWS >= total
      ? NOTHING
      : html`<a href="${path}?from=${String(from + PAGE_ROWS)}${query}">${formatCount(total - from - PAGE_ROWS)} more</a>`;
  return from === 0 && on === NOTHING ? NOTHING : html`<p class="pager">${back}${on}</p>`;
}

export interface CheckFacts {
  readonly item: ItemNow;
  readonly transitions: readonly {
    readonly at: number;
    readonly from: string | undefined;
    readonly to: string;
    readonly why: string;
    readonly isByAgentClock: boolean;
  }[];
}

/** One check with its raw proof, and how it has changed. */
export function checkPage(shown: Shown, { item, transitions }: CheckFacts): string {
  const { host, standing, ageMs, expiresInMs, since, kind, everyMs, limitMs, detail, saw } = item;
  const seen =
    ageMs === undefined ? html`Not seen since this server began` : html`Seen ${ageHtml(ageMs)}`;
  const good =
    expiresInMs === undefined || standing.mark === 'unknown'
      ? NOTHING
      : html`, good for ${formatDuration(expiresInMs, { detail: 'rough' })} more`;
  const raw = JSON.stringify(
    { saw: saw ?? null, kind, everyMs, limitMs, seenAt: item.seenAt, detail },
    null,
    2,
  );
  const tone =
    standing.mark === 'failed'
      ? 'bad'
      : standing.mark === 'degraded'
        ? 'bad amber'
        : standing.mark === 'unknown'
          ? 'bad dim'
          : '';
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/hosts/${urlPart(host)}">${host}</a> / ${item.item}</p>
<p class="isnow">${stateHtml(standing.mark, standing.mark)} <span>${forHtml(since, shown.at)}${item.isInMaintenance ? '; being worked on' : ''}</span></p>
<h1 class="say"><b>${item.item}</b>: <span class="${tone}">${standing.why}</span></h1>
<p class="basis">${seen}${good}. ${everyMs === undefined ? '' : `It is looked at each ${formatDuration(everyMs, { detail: 'rough' })}`}${limitMs === undefined ? '' : ` and counts for ${formatDuration(limitMs, { detail: 'rough' })}`}.</p>
<div class="two"><section><div class="h"><h2>How it has changed <i>newest first</i></h2></div>${transitions.length === 0 ? html`<p class="none">It has not changed since it was first seen.</p>` : transitions.map((each) => transitionHtml(each, shown))}</section>
<section><div class="h"><h2>The raw proof</h2><a href="/v1/hosts/${urlPart(host)}/items/${urlPart(item.item)}">As JSON</a></div><pre class="cmd" tabindex="0">${raw
    .split('\n')
    .slice(0, 120)
    .map(
      (line) => html`${line}
`,
    )}</pre></section></div></div>`;
  return pageOf(shown, { title: `${item.item} of ${host}`, menu: 'Checks', body, isRead: true });
}

function transitionHtml(each: CheckFacts['transitions'][number], { at: now }: Shown): Html {
  const { at, from, to, why, isByAgentClock } = each;
  const clock = isByAgentClock ? html`, by its own clock` : NOTHING;
  const became =
    from === undefined ? html`first seen <b>${to}</b>` : html`${from} becomes <b>${to}</b>`;
  return html`<div class="ev-line log"><span class="sub">${ageHtml(Math.max(0, now - at))}${clock}</span><span>${became} <span class="sub">${why}</span></span></div>
`;
}

/** All hosts; the first page has the worst of them. */
export function hostsPage(shown: Shown, from: number): string {
  const rows = hostRows(shown);
  const lines = rows.slice(from, from + PAGE_ROWS).map(({ host, mark, now }) => {
    const sight = shown.sights.find((each) => each.host === host);
    const said =
      now?.saidAgoMs === undefined ? html`not heard` : html`heard ${ageHtml(now.saidAgoMs)}`;
    const seen =
      sight?.seenAt === undefined
        ? html`not looked at`
        : html`looked at ${ageHtml(Math.max(0, shown.at - sight.seenAt))}`;
    return html`<tr><td>${markHtml(mark)}</td><th scope="row"><a class="name" href="/hosts/${urlPart(host)}">${host}</a></th><td>${now?.standing.why ?? 'no agent of this server watches it'}</td><td>${said}<span class="sub">${seen}</span></td></tr>
`;
  });
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Hosts</p><h1 class="say"><b>${countOf(rows.length, 'host')}</b>, worst first.</h1>
<section><table><thead><tr><th class="w-mark"><span class="vh">State</span></th><th class="w-l">Host</th><th>How it is</th><th class="w-l">Seen</th></tr></thead><tbody>${lines}</tbody></table>${pagerHtml({ from, total: rows.length, path: '/hosts' }, NOTHING)}</section></div>`;
  return pageOf(shown, { title: 'Hosts', menu: 'Exposure', body });
}

export function alertsPage(shown: Shown): string {
  const { alerts, at, reader } = shown;
  const open = alerts.filter(({ acknowledgedBy }) => acknowledgedBy === undefined).length;
  const lead =
    alerts.length === 0
      ? html`No alert is open.`
      : open === 0
        ? html`<b>${countOf(alerts.length, 'alert')}</b>, each in somebody’s hands.`
        : html`<span class="bad">${countOf(open, 'alert')}</span> that nobody has taken.`;
  const rows = new Room().take(alerts, { countMax: PAGE_ROWS }, (alert) => {
    const { id, subject, mark, why, openedAt, consequences, acknowledgedBy } = alert;
    const form =
      acknowledgedBy !== undefined || !reader.mayAcknowledge || reader.csrf === undefined
        ? NOTHING
        : html`<form method="post" action="/alerts/${id}/acknowledge"><input type="hidden" name="csrf" value="${reader.csrf}"><button class="btn" type="submit">I have it<span class="vh">: ${subject}</span></button></form>`;
    const who =
      acknowledgedBy === undefined
        ? html`nobody has it in hand`
        : html`<b>${acknowledgedBy}</b> has it in hand`;
    const after =
      consequences.length === 0
        ? NOTHING
        : html`<details class="raw"><summary>${countOf(consequences.length, 'more thing')} with it</summary><ul>${consequences.slice(0, 60).map((each) => html`<li>${each}</li>`)}</ul></details>`;
    return html`<div class="li"><div class="t"><span><b>${subject.replace(/^host:/, '')}</b>: ${why}</span>${stateHtml(mark, mark)}</div><span class="sub">open ${forHtml(openedAt, at)}, since ${timeHtml(openedAt, at)}; ${who}</span>${after}${form}</div>
`;
  });
  const rest = alerts.length - rows.length;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Alerts</p><h1 class="say">${lead}</h1><p class="basis">One for one cause, with what follows from it. It is closed by fresh health only, never by silence. ${shown.telling.why}</p><section>${rows}${rest === 0 ? NOTHING : html`<p class="pager">${formatCount(rest)} more: <code>GET /v1/alerts</code></p>`}</section></div>`;
  return pageOf(shown, { title: 'Alerts', menu: 'Alerts', body, isRead: true });
}

/** Drills are jobs; each says what it proved. */
export function jobsPage(shown: Shown): string {
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Jobs</p>${jobsPart(shown)}</div>`;
  return pageOf(shown, { title: 'Jobs', menu: 'Jobs', body, isRead: true });
}

/** What of the page changes while somebody looks at it. */
export function jobsPart(shown: Shown): Html {
  const { jobs } = shown;
  const open = jobs.filter(({ isOpen }) => isOpen);
  const over = jobs.filter(({ isOpen }) => !isOpen);
  const lead =
    open.length === 0
      ? html`Nothing is running.`
      : html`<b>${countOf(open.length, 'job')}</b> under way.`;
  const drills = over.filter(({ act }) => act === 'drill');
  const rest = over.filter(({ act }) => act !== 'drill');
  const room = new Room();
  const part = (title: string, some: readonly JobShown[], row: (job: JobShown) => Html): Html =>
    some.length === 0
      ? NOTHING
      : html`<section><div class="h"><h2>${title} <i>${formatCount(some.length)}</i></h2></div>${room.take(some, { countMax: PAGE_ROWS }, row)}</section>`;
  return html`<div id="jobs" data-live="job" data-part="/part/jobs"><h1 class="say">${lead}</h1>
${part('Under way', open, (job) => jobHtml(job, shown))}${part('Drills', drills, (job) => overHtml(job, shown))}${part('Over', rest, (job) => overHtml(job, shown))}
${jobs.length === 0 ? html`<p class="none">No job was ever asked for: <code>holdfast server job HOST drill NAME</code>.</p>` : NOTHING}</div>`;
}

const JOB_MARKS: Readonly<Record<string, StandingMark>> = {
  ...{ done: 'ok', gaps: 'degraded', failed: 'failed', lost: 'unknown', cancelled: 'unknown' },
  ...{ refused: 'failed' },
};

function overHtml(job: JobShown, shown: Shown): Html {
  const { act, name, host, by, state, why, changedAt, askedAt } = job;
  const mark = JOB_MARKS[state] ?? 'unknown';
  const took = formatDuration(Math.max(0, changedAt - askedAt), { detail: 'rough' });
  return html`<div class="li"><div class="t"><span><b>${act} ${name}</b> on <a href="/hosts/${urlPart(host)}">${host}</a></span>${stateHtml(mark, state)}</div><span class="sub">${ageHtml(Math.max(0, shown.at - changedAt))}, ${took} after it was asked for by ${by}${why === '' ? '' : `; ${why}`}</span>${cancelHtml(job, shown)}</div>
`;
}
