/** What every page has in the same place: navigation, how much is known, who watches us, freeze. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { codeHtml, type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { EstateNow } from '../watch/core/server/estate-now.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { LOGO, glyph, GLYPH_DEFINITIONS } from './glyphs.ts';
import { waitingPlans } from './plan-words.ts';
import type { Shown } from './shown.ts';
import { timeHtml } from './words.ts';

export interface Page {
  readonly title: string;
  /** Of the menu; empty where the page stands in none. */
  readonly menu: string;
  readonly body: Html;
  /** It reads itself again where no script runs. */
  readonly isRead?: true;
}

const AGAIN_S = 30;
const SHAPES: Readonly<Record<StandingMark, string>> = {
  ...{ ok: '●', degraded: '▲', unknown: '◌', failed: '■' },
};

export function pageOf(shown: Shown, page: Page): string {
  const { estate, files } = shown;
  const { mark } = estate.standing;
  const again = page.isRead
    ? html`<noscript><meta http-equiv="refresh" content="${String(AGAIN_S)}"></noscript>`
    : NOTHING;
  const text = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark">${again}
<title>${SHAPES[mark]} ${page.title} · Holdfast</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="${files.style}"><script type="module" src="${files.script}"></script></head>
<body data-mark="${mark}">${GLYPH_DEFINITIONS}
<a class="skip" href="#main">Skip to content</a>
${topHtml(shown, page.menu)}
${stripHtml(shown)}
<main id="main">
${page.body}
</main>
${footHtml(shown)}
</body></html>
`;
  return text.markup;
}

interface MenuEntry {
  readonly name: string;
  readonly href: string;
  readonly count?: number | undefined;
  /** Though nothing in it is counted. */
  readonly isShown?: boolean;
}

/** What has entries; an empty menu is not shown. What is looked for less often stands behind one word. */
function menuOf(shown: Shown): { readonly first: MenuEntry[]; readonly more: MenuEntry[] } {
  const { exposure, coverage, findings, alerts, jobs, estate, plans, hasDrills = false } = shown;
  const hasHosts = estate.hosts.length > 0;
  const first: MenuEntry[] = [
    { name: 'Exposure', href: '/', isShown: true },
    { name: 'Data sets', href: '/data-sets', count: exposure?.dataSets.length },
    { name: 'Services', href: '/services', count: exposure?.services.length },
    {
      ...{ name: 'Plans', href: '/plans', count: waitingPlans(plans).length },
      isShown: plans.plans.length > 0,
    },
    { name: 'Drills', href: '/drills', isShown: hasDrills },
    {
      ...{ name: 'Unprotected', href: '/unprotected' },
      count: coverage.filter(({ state }) => state !== 'covered').length,
    },
    { name: 'Jobs', href: '/jobs', count: jobs.length },
  ];
  const more: MenuEntry[] = [
    { name: 'Findings', href: '/findings', count: findings.length },
    { name: 'Alerts', href: '/alerts', count: alerts.length },
    { name: 'Timelines', href: '/history', isShown: exposure !== undefined },
    { name: 'Map', href: '/map', isShown: exposure !== undefined },
    { name: 'Space', href: '/space', isShown: (shown.spaces ?? []).length > 0 },
    { name: 'Snapshots', href: '/snapshots', isShown: hasHosts && shown.reader.mayBrowse === true },
    { name: 'Checks', href: '/checks', isShown: hasHosts },
    { name: 'Changes', href: '/changes', isShown: hasHosts },
  ];
  const isShown = (entry: MenuEntry): boolean => entry.isShown === true || (entry.count ?? 0) > 0;
  return { first: first.filter(isShown), more: more.filter(isShown) };
}

function linkHtml({ name, href, count = 0 }: MenuEntry, menu: string): Html {
  const number = count === 0 ? NOTHING : html`<i>${formatCount(count)}</i>`;
  return name === menu
    ? html`<a href="${href}" aria-current="page">${name}${number}</a>`
    : html`<a href="${href}">${name}${number}</a>`;
}

function topHtml(shown: Shown, menu: string): Html {
  const { first, more } = menuOf(shown);
  const links = first.map((entry) => linkHtml(entry, menu));
  const isIn = more.some(({ name }) => name === menu);
  const rest =
    more.length === 0
      ? NOTHING
      : html`<details class="more${isIn ? ' in' : ''}"><summary>${isIn ? menu : 'More'}</summary><div>${more.map((entry) => linkHtml(entry, menu))}</div></details>`;
  return html`<header class="top"><div class="wrap"><a class="brand" href="/">${LOGO}Holdfast<small>${shown.place}</small></a>
<nav class="nav" aria-label="Main">${links}${rest}</nav>
<form class="find" role="search" action="/search"><input type="search" name="q" aria-label="Search hosts, data sets, checks" placeholder="Search" maxlength="100"></form></div></header>`;
}

export interface EvidenceCounts {
  readonly total: number;
  readonly current: number;
  readonly tooOld: number;
  readonly never: number;
}

const NEVER: ReadonlySet<string> = new Set(['never-seen', 'not-said']);
const TOO_OLD: ReadonlySet<string> = new Set([
  'expired',
  'silent',
  'from-future',
  'two-speakers',
  'gone',
]);

/** Of one reading they are counted once, for all the pages that show it. */
const countsIn = new WeakMap<EstateNow, EvidenceCounts>();

/** Of all checks, which still count. */
export function evidenceCounts(estate: EstateNow): EvidenceCounts {
  const known = countsIn.get(estate) ?? countedIn(estate);
  countsIn.set(estate, known);
  return known;
}

function countedIn({ hosts }: EstateNow): EvidenceCounts {
  let [total, tooOld, never] = [0, 0, 0];
  for (const { items } of hosts) {
    total += items.length;
    for (const { standing } of items) {
      if (NEVER.has(standing.reason)) never += 1;
      else if (TOO_OLD.has(standing.reason)) tooOld += 1;
    }
  }
  return { total, current: total - tooOld - never, tooOld, never };
}

function stripHtml(shown: Shown): Html {
  const { estate, freeze, telling } = shown;
  const { watching } = estate;
  const frozen = freeze === undefined ? '' : ' frozen';
  return html`<div class="strip${frozen}" role="region" aria-label="How much is known"><div class="wrap">
<a class="ev" href="/checks">${evidenceHtml(evidenceCounts(estate))}</a>
<span class="line">${glyph(watching.standing.mark, watching.standing.mark)} ${watching.standing.why}</span>
<span class="line">${glyph(telling.mark, telling.mark)} ${codeHtml(telling.why)}</span>
<span class="line" id="live" hidden></span>
${freezeHtml(shown)}
</div></div>`;
}

const BAR = 128;

function evidenceHtml({ total, current, tooOld, never }: EvidenceCounts): Html {
  if (total === 0) return html`<span>No check has been seen yet</span>`;
  const width = (count: number): string => ((count / total) * BAR).toFixed(1);
  const at = (current / total) * BAR;
  const rest = [
    ...(tooOld === 0 ? [] : [html`, <b>${formatCount(tooOld)}</b> too old`]),
    ...(never === 0 ? [] : [html`, <b>${formatCount(never)}</b> never came`]),
  ];
  return html`<svg viewBox="0 0 128 8" preserveAspectRatio="none" aria-hidden="true"><rect width="128" height="8" fill="url(#hatch)"/><rect width="${width(current)}" height="8" fill="var(--ok)"/><rect x="${at.toFixed(1)}" width="1" height="8" fill="var(--sunken)"/></svg>
<span><b>${formatCount(current)}</b> of ${countOf(total, 'check')} ${total === 1 ? 'is' : 'are'} current${rest}</span>`;
}

/** In the same place on every page; what is not covered stands behind it, before anything is done. */
function freezeHtml({ freeze, at }: Shown): Html {
  if (freeze === undefined) {
    return html`<span class="freeze"><a class="btn" href="/freeze">${glyph('freeze')}Freeze changes</a></span>`;
  }
  const open = freeze.rows.filter(({ state }) => state !== 'stopped').length;
  const words = open === 0 ? 'all confirmed' : `${open} not covered or not confirmed`;
  return html`<span class="freeze">${glyph('freeze')}<span><b>Changes frozen</b> until ${timeHtml(freeze.until, at)}; ${words}</span><a class="btn" href="/freeze">Unfreeze…</a></span>`;
}

function footHtml({ at, version, reader, estate }: Shown): Html {
  const out =
    reader.csrf === undefined
      ? NOTHING
      : html`<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${reader.csrf}"><button class="link" type="submit">Sign out</button></form>`;
  const keys =
    estate.hosts.length === 0
      ? NOTHING
      : html`<span>Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> rows, <kbd>Enter</kbd> opens, <kbd>f</kbd> freeze</span>`;
  return html`<footer class="foot"><div class="wrap"><span>Computed ${timeHtml(at, at)} when this page was read</span><span>Holdfast ${version}</span><span>${reader.name} is signed in</span>${keys}<span><a href="/v1/status">This as JSON</a></span>${out}</div></footer>`;
}
