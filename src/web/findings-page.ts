/** Findings: what is not as it should be built, worst first, each with what to do. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import type { FindingShown, Shown } from './shown.ts';
import { forHtml } from './words.ts';

const ROWS_MAX = 300;
const HOSTS_MAX = 6;

const SECTIONS: Readonly<Record<FindingShown['section'], string>> = {
  degraded: 'Not as it should be',
  trust: 'Said by whom it is not believed',
  single: 'Single points of failure',
  fate: 'Shared fate',
  declared: 'Declared and seen',
  change: 'Changed lately',
};

/** A finding says how bad it is by its rank; only what is degraded is a state. */
const RANKS: readonly (readonly [StandingMark, string])[] = [
  ['failed', 'first'],
  ['degraded', 'soon'],
  ['unknown', 'when you can'],
  ['unknown', 'to know'],
];

export function findingsPage(shown: Shown): string {
  const { findings } = shown;
  const urgent = findings.filter(({ rank }) => rank === 1).length;
  const groups = Object.entries(SECTIONS).flatMap(([section, title]) => {
    const some = findings.filter((each) => each.section === section);
    if (some.length === 0) return [];
    const more = some.length - ROWS_MAX;
    return [
      html`<section><div class="h"><h2>${title} <i>${formatCount(some.length)}</i></h2></div>${findingsHtml(some.slice(0, ROWS_MAX), shown)}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <code>GET /v1/findings</code></p>`}</section>`,
    ];
  });
  const lead =
    findings.length === 0
      ? html`Nothing was found that should be built otherwise.`
      : html`<b>${countOf(findings.length, 'finding')}</b>${urgent === 0 ? NOTHING : html`, <span class="bad">${formatCount(urgent)} to be mended first</span>`}.`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Findings</p><h1 class="say">${lead}</h1><p class="basis">From what hosts say of themselves and what looks over ssh saw; what was not seen is not said to be well.</p>${groups}</div>`;
  return pageOf(shown, { title: 'Findings', menu: 'Findings', body });
}

export function findingsHtml(findings: readonly FindingShown[], { at }: Pick<Shown, 'at'>): Html {
  return html`${findings.map((finding) => {
    const { rank, hosts, subject, sentence, fix, source, since } = finding;
    const [mark, words] = RANKS[rank - 1] ?? ['unknown', 'to know'];
    const named = hosts.slice(0, HOSTS_MAX).join(', ');
    const others = hosts.length > HOSTS_MAX ? ` and ${hosts.length - HOSTS_MAX} more` : '';
    const age = since === undefined ? NOTHING : html`; ${forHtml(since, at)}`;
    const about = subject === '' ? NOTHING : html` <span class="mono">${subject}</span>`;
    const from = source === undefined ? NOTHING : html`; as in ${source}`;
    return html`<div class="li"><div class="t"><span><b>${named}${others}</b>${about}: ${sentence}</span>${stateHtml(mark, words)}</div><span class="sub">${finding.code}${age}${from}</span>${fixHtml(fix)}</div>
`;
  })}`;
}

function fixHtml(fix: FindingShown['fix']): Html {
  if (fix === undefined) return NOTHING;
  if (fix.kind === 'change') return html`<span class="sub">Fix: ${fix.text}</span>`;
  return html`<pre class="cmd"><span class="p"># ${fix.says}
$ </span>${fix.line}</pre>`;
}
