/** The first page: what is broken, what would hurt most, every host worst first, and what runs. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import type { Fall } from '../watch/core/exposure/view.ts';
import { sentenceOf } from '../watch/core/exposure/sentence.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { estateWhy } from '../watch/core/server/estate-why.ts';
import { MARKS } from '../watch/core/standing/standing.ts';
import { badChecksOf, type Check, checksTable, wellHtml } from './checks.ts';
import { costOfFall, dataSetsByName, hrefOf } from './falls.ts';
import { freezeTable } from './freeze-page.ts';
import { hostRows, otherFalls, proofHtml, worstTable } from './front-rows.ts';
import { stateHtml, survivesHtml } from './glyphs.ts';
import { guidePart, isNothingKnown } from './guide.ts';
import { pageOf } from './layout.ts';
import { NOW_LINE_KEY } from './now-line.ts';
import { railPart } from './rail.ts';
import type { Shown } from './shown.ts';
import {
  domainWords,
  forHtml,
  outWords,
  sentenceHtml,
  shortened,
  timeHtml,
  nameInSentence,
} from './words.ts';

/** More are on their own page. */
const BAD_MAX = 12;
const OTHERS_MAX = 8;
const WELL_MAX = 60;

export function frontPage(shown: Shown): string {
  const bad = badChecksOf(shown.estate);
  const body = isNothingKnown(shown)
    ? html`<div class="wrap">${guidePart(shown)}</div>`
    : html`${bandHtml(shown)}
<div class="wrap">${leadPart(shown, bad)}${guidePart(shown)}
<div class="cols"><div>
${frozenHtml(shown)}
<section><div class="h"><h2>Worst first <i>${countsHtml(shown)}</i></h2>${
        shown.exposure === undefined ? NOTHING : html`<a href="/lose">Simulate loss</a>`
      }</div>
${worstTable(shown)}
${NOW_LINE_KEY}</section>
${othersPart(shown)}
${checksHtml(shown, bad)}
</div>
${railPart(shown)}
</div></div>`;
  return pageOf(shown, { title: 'Exposure', menu: 'Exposure', body, isRead: true });
}

/** What the script asks for again when what would be lost has changed. */
export function leadPart(shown: Shown, bad = badChecksOf(shown.estate)): Html {
  return html`<div id="lead" data-live="exposure" data-part="/part/lead"><h1 class="say">${leadHtml(shown, bad)}</h1>${basisHtml(shown)}</div>`;
}

/** One that has failed now, and what follows from it. */
function bandHtml({ alerts, at }: Shown): Html {
  const [worst] = alerts.filter(
    ({ mark, acknowledgedBy }) => mark !== 'ok' && acknowledgedBy === undefined,
  );
  if (worst === undefined) return NOTHING;
  const { mark, subject, why, openedAt, consequences } = worst;
  const after =
    consequences.length === 0 ? '' : ` (and ${countOf(consequences.length, 'more thing')} with it)`;
  const others = alerts.length - 1;
  const more =
    others === 0 ? NOTHING : html` <a href="/alerts">${countOf(others, 'more alert')}</a>`;
  return html`<div class="band" data-mark="${mark}" role="region" aria-label="Open alert"><div class="wrap"><p>${stateHtml(mark, mark)} <b>${subject.replace(/^host:/, '')}</b> ${why}${after}<span class="sub">Open ${forHtml(openedAt, at)}; nobody has said yet that they have it.${more}</span></p><a class="btn" href="/alerts">Open alert</a></div></div>`;
}

function leadHtml(shown: Shown, checks: readonly Check[]): Html {
  const worst = worstFall(shown);
  if (worst !== undefined) return sentenceHtml(sentenceOf(worst));
  const [bad] = checks.filter(({ isInMaintenance }) => !isInMaintenance);
  if (bad === undefined) return html`${estateWhy(shown.estate)}`;
  const what =
    bad.item === ''
      ? html`${nameInSentence(bad.host)}`
      : html`${nameInSentence(bad.item)} on ${nameInSentence(bad.host)}`;
  const tone =
    bad.standing.mark === 'failed' ? '' : bad.standing.mark === 'degraded' ? 'amber' : 'dim';
  return html`${what} is <span class="bad ${tone}">${bad.standing.mark}</span>: ${shortened(bad.standing.why, LEAD_MAX)}`;
}

/** The row below has all of it. */
const LEAD_MAX = 120;

/** What would hurt most, wherever its row stands. */
function worstFall({ exposure }: Shown): Fall | undefined {
  const falls = exposure?.falls.filter(({ hitCount }) => hitCount > 0) ?? [];
  return falls.find(({ domain }) => domain.kind === 'host') ?? falls[0];
}

function basisHtml(shown: Shown): Html {
  const { exposure, sights, at } = shown;
  if (exposure === undefined) {
    return html`<p class="basis">What would be lost is not known yet: no host has said what lies on it.</p>`;
  }
  const old = sights.filter(({ look }) => look !== 'whole').length;
  const seen = sights.length === 0 ? '' : `${countOf(sights.length, 'host')} looked at`;
  const rest = old === 0 ? '' : `, ${formatCount(old)} not wholly or not lately`;
  const worst = worstFall(shown)?.hits[0]?.outage;
  const basis = worst?.kind === 'interval' ? ` ${worst.basis}.` : '';
  return html`<p class="basis">As of ${timeHtml(exposure.computedAt, at)}: ${countOf(exposure.dataSets.length, 'data set')} of ${seen}${rest}.${basis}</p>`;
}

function countsHtml(shown: Shown): Html {
  const rows = hostRows(shown);
  const counts = [...MARKS].reverse().flatMap((mark) => {
    const count = rows.filter((row) => row.mark === mark).length;
    return count === 0 ? [] : [`${formatCount(count)} ${mark}`];
  });
  return html`${countOf(rows.length, 'host')}: ${counts.join(', ')}`;
}

function frozenHtml({ freeze, at }: Shown): Html {
  if (freeze === undefined) return NOTHING;
  return html`<section><div class="h"><h2>What the freeze reached <i>by ${freeze.by} at ${timeHtml(freeze.at, at)}, ${freeze.reason}</i></h2><a href="/freeze">Unfreeze</a></div>
${freezeTable(freeze.rows)}</section>`;
}

/** A disk, a rack, a key: what else can fail. */
export function othersPart({ exposure }: Pick<Shown, 'exposure'>): Html {
  return html`<div id="others" data-live="exposure" data-part="/part/others">${othersHtml(exposure)}</div>`;
}

function othersHtml(exposure: Shown['exposure']): Html {
  if (exposure === undefined) return NOTHING;
  const all = otherFalls(exposure);
  if (all.length === 0) return NOTHING;
  const dataSets = dataSetsByName(exposure);
  const rows = all.slice(0, OTHERS_MAX).map((fall) => {
    const cost = costOfFall(fall, dataSets);
    const href = hrefOf(fall.domain);
    const words = domainWords(fall.domain);
    const name =
      href === undefined
        ? html`<span class="name">${words}</span>`
        : html`<a class="name" href="${href}">${words}</a>`;
    return html`<tr><th scope="row">${name}</th><td><span class="say1 ${cost.tone}">${cost.say}</span><span class="sub">${outWords(cost.outage)}</span></td><td data-l="Survives">${survivesHtml(fall.survives)}</td><td data-l="Proof">${proofHtml(fall.hits[0])}</td></tr>
`;
  });
  const more = all.length - rows.length;
  return html`<section><div class="h"><h2>If something else failed <i>disk, rack, key; worst first</i></h2></div>
<table><thead><tr><th>If this were lost</th><th>It would</th><th class="w-survives">Survives</th><th class="w-proof">Proof</th></tr></thead><tbody>${rows}</tbody></table>${
    more === 0
      ? NOTHING
      : html`<p class="pager"><a href="/lose">${formatCount(more)} more: simulate loss</a></p>`
  }</section>`;
}

function checksHtml({ estate }: Shown, bad: readonly Check[]): Html {
  const [host] = estate.hosts;
  const isOne = estate.hosts.length === 1;
  const more = bad.length - BAD_MAX;
  const table =
    bad.length === 0
      ? NOTHING
      : html`<section><div class="h"><h2>Checks that are not well <i id="bad-count">${formatCount(bad.length)}</i></h2><a href="/checks">All checks</a></div>
${checksTable(bad.slice(0, BAD_MAX), { isOfOneHost: false })}${more <= 0 ? NOTHING : html`<p class="pager"><a href="/checks">${formatCount(more)} more</a></p>`}</section>`;
  if (!isOne || host === undefined) return table;
  return html`${table}<section><div class="h"><h2>What is seen here</h2></div>${wellHtml(host, { isOpen: true, max: WELL_MAX })}</section>`;
}
