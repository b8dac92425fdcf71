/** Beside the table: what runs, and what is in no recovery point. */
import { formatCount, formatShare } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import { type Html, html, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { turnsHtml } from './plan-words.ts';
import { plansRailHtml } from './plans-page.ts';
import type { DataShown, JobShown, Shown } from './shown.ts';
import { ageHtml, forHtml, sizeHtml } from './words.ts';

const ROWS_MAX = 5;

/** Its place is there when nothing is in it: what comes to wait or to run appears in it. */
export function railPart(shown: Shown): Html {
  const parts = [
    ...[plansRailHtml(shown), waitingHtml(shown), runningHtml(shown), unprotectedHtml(shown)],
  ];
  const isEmpty = parts.every(({ markup }) => markup === '');
  return html`<aside class="rail" id="rail" data-live="plans job" data-part="/part/rail"${turnsHtml(shown.plans.plans, shown.at)}${isEmpty ? html` hidden` : NOTHING} aria-label="Waiting, running and unprotected">${parts}</aside>`;
}

/** Asked for, and not begun. */
function waitingHtml({ jobs, at }: Shown): Html {
  const waiting = jobs.filter(({ state, isOpen }) => isOpen && state === 'asked');
  if (waiting.length === 0) return NOTHING;
  const rows = waiting
    .slice(0, ROWS_MAX)
    .map(
      ({ act, name, host, askedAt, by }) =>
        html`<div class="li"><div class="t"><span class="name">${act} ${name}</span><span class="sub">${forHtml(askedAt, at)}</span></div><span class="sub">on ${host}, asked by ${by}</span></div>`,
    );
  return html`<section><div class="h"><h2>Waiting to begin <i>${formatCount(waiting.length)}</i></h2><a href="/jobs">All jobs</a></div>${rows}</section>`;
}

function runningHtml(shown: Shown): Html {
  const running = shown.jobs.filter(({ state, isOpen }) => isOpen && state !== 'asked');
  if (running.length === 0) return NOTHING;
  return html`<section><div class="h"><h2>Running <i>${formatCount(running.length)}</i></h2><a href="/jobs">All jobs</a></div>${running.slice(0, ROWS_MAX).map((job) => jobHtml(job, shown))}</section>`;
}

export function jobHtml(job: JobShown, shown: Pick<Shown, 'at' | 'reader'>): Html {
  const { act, name, host, share, why, by } = job;
  const done = share === undefined ? undefined : Math.min(1000, Math.max(0, share));
  const percent = done === undefined ? '' : formatShare(done, 1000);
  const bar =
    done === undefined
      ? NOTHING
      : html`<div class="bar" role="progressbar" aria-valuenow="${String(Math.floor(done / 10))}" aria-valuemin="0" aria-valuemax="100" aria-label="${act} ${name}: ${percent} done"><svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="${(done / 10).toFixed(1)}" height="4"/></svg></div>`;
  const left = leftHtml(job, shown);
  const said = why === '' ? NOTHING : html`; ${why}`;
  return html`<div class="li" data-job="${job.job}"><div class="t"><span class="name">${act} ${name}</span><span class="sub">${left}</span></div>${bar}<span class="sub">on ${host}, ${percent === '' ? 'share not known' : percent}, last word ${ageHtml(shown.at - job.changedAt)}; asked by ${by}${said}</span>${cancelHtml(job, shown)}</div>`;
}

/** From what it did since it began, and not since it was asked: no promise, and said as such. */
function leftHtml(job: JobShown, { at }: Pick<Shown, 'at'>): Html {
  const { share, askedAt, startedAt, changedAt } = job;
  const spentMs = startedAt === undefined ? 0 : changedAt - startedAt;
  const isTold = share !== undefined && share >= 20 && share < 1000;
  // Its first word says nothing of its pace.
  if (!isTold || spentMs < 1000) return forHtml(startedAt ?? askedAt, at);
  const leftMs = (spentMs * (1000 - share)) / share - (at - changedAt);
  if (leftMs < 1000) return html`about to end`;
  return html`<span class="nw">about ${formatDuration(leftMs, { detail: 'rough' })} left</span>`;
}

export function cancelHtml(job: JobShown, { reader }: Pick<Shown, 'reader'>): Html {
  if (!job.isOpen || !reader.mayRun || reader.csrf === undefined) return NOTHING;
  return html`<form method="post" action="/jobs/${job.job}/cancel"><input type="hidden" name="csrf" value="${reader.csrf}"><button class="link" type="submit">Cancel<span class="vh"> ${job.act} ${job.name} on ${job.host}</span></button></form>`;
}

function unprotectedHtml({ coverage }: Shown): Html {
  const none = coverage.filter(({ state }) => state !== 'covered');
  if (none.length === 0) return NOTHING;
  const more = none.length - ROWS_MAX;
  const rest =
    more <= 0
      ? NOTHING
      : html`<div class="li"><a href="/unprotected">${formatCount(more)} more</a></div>`;
  return html`<section><div class="h"><h2>In no recovery point <i>${formatCount(none.length)}</i></h2><a href="/unprotected">All</a></div>${none.slice(0, ROWS_MAX).map(unprotectedLine)}${rest}</section>`;
}

function unprotectedLine(data: DataShown): Html {
  const { host, path, bytes, isAtLeast, state, why, seenAt, newestChange } = data;
  const size = html`${isAtLeast ? 'at least ' : ''}${sizeHtml(bytes)}`;
  const changed =
    newestChange === undefined
      ? NOTHING
      : html`; changed ${ageHtml(Math.max(0, seenAt - newestChange))} when last seen`;
  const is = state === 'unknown' ? 'not known' : 'in no recovery point';
  return html`<div class="li"><div class="t"><a class="name mono" href="/unprotected">${host}:${nameHtml(path)}</a><span class="sub">${size}</span></div><span class="sub">${is}${why === '' ? '' : `: ${why}`}${changed}</span></div>`;
}
