/** Plans that wait for a person, beside the first table and on their own page. */
import { capitalised } from '../base/say-name.ts';
import { countOf, formatCount } from '../base/say-quantity.ts';
import { isToldWaiting } from '../watch/core/plans-report.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { pageOf } from './layout.ts';
import {
  chipsHtml,
  isReleased,
  kindOfPlan,
  planHref,
  planStateHtml,
  turnsHtml,
  waitingPlans,
  wouldHtml,
} from './plan-words.ts';
import type { PlanShown, PlansShown, Shown } from './shown.ts';
import { ageHtml, forHtml, timeHtml, urlPart } from './words.ts';

const RAIL_ROWS_MAX = 4;
const ROWS_MAX = 100;
const UNSAID_MAX = 12;

export function plansRailHtml({ plans, at }: Pick<Shown, 'plans' | 'at'>): Html {
  const waiting = waitingPlans(plans);
  if (waiting.length === 0) return NOTHING;
  const more = waiting.length - RAIL_ROWS_MAX;
  const rest =
    more <= 0
      ? NOTHING
      : html`<div class="li"><a href="/plans">${formatCount(more)} more</a></div>`;
  return html`<section><div class="h"><h2>Waiting for approval <i>${formatCount(waiting.length)}</i></h2><a href="/plans">All plans</a></div>${waiting.slice(0, RAIL_ROWS_MAX).map((plan) => lineHtml(plan, at))}${rest}</section>`;
}

function lineHtml(plan: PlanShown, at: Shown['at']): Html {
  const { host, to, made, lastKnown, seenAt } = plan;
  const known =
    lastKnown === ''
      ? planStateOf(plan, at)
      : html`<span class="sub">last known ${ageHtml(Math.max(0, at - seenAt))}: ${lastKnown}</span>`;
  return html`<div class="li"><div class="t"><a class="name" href="${planHref(plan)}">${titleOf(plan)} on ${host}</a><span class="sub">${forHtml(made, at)}</span></div><span class="sub">would ${wouldHtml(plan)} below <span class="mono">${to}</span></span>${known}${chipsHtml(plan)}</div>`;
}

/** Only what is no plain wait is said twice. */
function planStateOf(plan: PlanShown, at: Shown['at']): Html {
  const isPlain = plan.state === 'held' && !isReleased(plan, at);
  return isPlain ? NOTHING : html`<span class="sub">${planStateHtml(plan, at)}</span>`;
}

function titleOf(plan: PlanShown): string {
  return `${capitalised(kindOfPlan(plan))} ${plan.id}`;
}

export function plansPage(shown: Shown): string {
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Plans</p>
${plansPart(shown)}</div>`;
  return pageOf(shown, { title: 'Plans', menu: 'Plans', body, isRead: true });
}

/** What of the page changes while somebody looks at it. */
export function plansPart({ plans: all, at }: Pick<Shown, 'plans' | 'at'>): Html {
  const waiting = waitingPlans(all);
  const now = waiting.filter(({ lastKnown }) => lastKnown === '');
  const before = waiting.filter(({ lastKnown }) => lastKnown !== '');
  const ready = all.plans.filter(({ state }) => state === 'allowed');
  const over = all.plans.filter((plan) => !isToldWaiting(plan));
  const more = all.leftOut === 0 ? NOTHING : html` ${countOf(all.leftOut, 'more')} had no room.`;
  return html`<div id="plans" data-live="plans" data-part="/part/plans"${turnsHtml(all.plans, at)}><h1 class="say">${leadHtml(now, before, at)}</h1>
<p class="basis">A plan is held on the host that applies it, and a person approves it there by a signature. Nothing on this page can.${more}</p>
${sectionHtml('Waiting', now, at)}${sectionHtml('Last known, of hosts that do not say so now', before, at)}${sectionHtml('Allowed, and not applied', ready, at)}${sectionHtml('Over in the last 14 days', over, at)}
${notSeenHtml(all)}</div>`;
}

function leadHtml(now: readonly PlanShown[], before: readonly PlanShown[], at: Shown['at']): Html {
  if (now.length + before.length === 0) return html`No plan waits for anybody.`;
  const open = now.filter((plan) => !isBegun(plan));
  const begun = now.length - open.length;
  const can = open.filter((plan) => plan.canBeApproved && !isReleased(plan, at)).length;
  const approved = open.filter((plan) => isReleased(plan, at)).length;
  const rest = open.length - can - approved;
  const plans = (count: number): string => countOf(count, 'plan');
  const is = (count: number): string => (count === 1 ? 'is' : 'are');
  const wait = can === 1 ? 'waits' : 'wait';
  const was = begun === 1 ? 'was begun and has' : 'were begun and have';
  const were = before.length === 1 ? 'was' : 'were';
  const parts = [
    ...(can === 0 ? [] : [html`<b>${plans(can)}</b> ${wait} for approval`]),
    ...(approved === 0
      ? []
      : [html`${plans(approved)} ${is(approved)} approved and not applied yet`]),
    ...(begun === 0 ? [] : [html`${plans(begun)} ${was} not ended`]),
    ...(rest === 0 ? [] : [html`${plans(rest)} ${is(rest)} stopped by what no approval releases`]),
    ...(before.length === 0
      ? []
      : [
          html`<span class="bad dim">${plans(before.length)}</span> ${were} waiting when last heard of`,
        ]),
  ];
  return html`${parts.map((part, n) => (n === 0 ? part : html`; ${part}`))}.`;
}

/** It is past its approval: under way, or stopped on the way. */
function isBegun({ state }: PlanShown): boolean {
  return state === 'under-way' || state === 'stopped';
}

function sectionHtml(title: string, plans: readonly PlanShown[], at: Shown['at']): Html {
  if (plans.length === 0) return NOTHING;
  return html`<section><div class="h"><h2>${title} <i>${formatCount(plans.length)}</i></h2></div>${plans.slice(0, ROWS_MAX).map((plan) => rowHtml(plan, at))}</section>`;
}

function rowHtml(plan: PlanShown, at: Shown['at']): Html {
  const { host, to, from, made, expires, lastKnown, seenAt, actor, result } = plan;
  const source = from === undefined ? NOTHING : html` from <span class="mono">${from}</span>`;
  const end =
    result === undefined || isToldWaiting(plan)
      ? html`expires ${timeHtml(expires, at)}`
      : html`${endWords(result)} ${ageHtml(Math.max(0, at - result.at))}`;
  const known =
    lastKnown === ''
      ? NOTHING
      : html`<span class="sub">As of ${ageHtml(Math.max(0, at - seenAt))}: ${lastKnown}</span>`;
  const did = isToldWaiting(plan) ? 'would' : 'was to';
  return html`<div class="li"><div class="t"><span><a class="name" href="${planHref(plan)}">${titleOf(plan)}</a> on <a href="/hosts/${urlPart(host)}">${host}</a></span>${planStateHtml(plan, at)}</div><span class="sub">${did} ${wouldHtml(plan)} below <span class="mono">${to}</span>${source}</span><span class="sub">made ${ageHtml(Math.max(0, at - made))} by ${actor.name}; ${end}</span>${known}${isToldWaiting(plan) ? chipsHtml(plan) : NOTHING}</div>
`;
}

/** Its moment is that of its end: when what was kept went is not told. */
function endWords({ outcome }: NonNullable<PlanShown['result']>): string {
  return outcome === 'released' ? 'over' : outcome;
}

/** That nothing is seen is not that nothing waits. */
function notSeenHtml({ notSeen, unsaid }: PlansShown): Html {
  if (notSeen.length === 0 && unsaid.length === 0) return NOTHING;
  const rows = notSeen
    .slice(0, ROWS_MAX)
    .map(
      ({ host, what, why }) =>
        html`<div class="li"><b>${what} of ${host}</b><span class="sub">${why}</span></div>`,
    );
  const names = unsaid.slice(0, UNSAID_MAX).join(', ');
  const more = unsaid.length > UNSAID_MAX ? ` and ${unsaid.length - UNSAID_MAX} more` : '';
  const silent =
    unsaid.length === 0
      ? NOTHING
      : html`<div class="li"><b>${countOf(unsaid.length, 'host')} ${unsaid.length === 1 ? 'says' : 'say'} nothing of plans</b><span class="sub">${names}${more}: an older agent, one with <code>show: false</code>, or one that has not spoken since</span></div>`;
  return html`<section><div class="h"><h2>Not seen <i>which is not none</i></h2></div>${rows}${silent}</section>`;
}
