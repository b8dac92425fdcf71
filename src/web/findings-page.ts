/** Findings: what is not as it should be built, worst first, each with what to do. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { codeHtml, type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { isOwnedBy, NOBODY } from '../watch/core/look/owners.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { Room } from './room.ts';
import type { FindingShown, Reader, Shown } from './shown.ts';
import { forHtml, urlPart } from './words.ts';

const ROWS_MAX = 300;
const HOSTS_MAX = 6;

const SECTIONS: Readonly<Record<FindingShown['section'], string>> = {
  degraded: 'Not as it should be',
  trust: 'Said by whom it is not believed',
  single: 'Single points of failure',
  fate: 'Shared fate',
  declared: 'Declared and seen',
  change: 'Worth a change',
};

/** A finding says how bad it is by its rank; only what is degraded is a state. */
const RANKS: readonly (readonly [StandingMark, string])[] = [
  ['failed', 'first'],
  ['degraded', 'soon'],
  ['unknown', 'when you can'],
  ['unknown', 'to know'],
];

export interface FindingsAsked {
  /** A name of the file, or `nobody`. */
  readonly owner: string | undefined;
  readonly host: string | undefined;
}

export function findingsPage(shown: Shown, { owner, host }: FindingsAsked): string {
  const ofHost = shown.findings.filter((each) => host === undefined || each.hosts.includes(host));
  const findings = ofHost.filter(({ owners }) => owner === undefined || isOwnedBy(owners, owner));
  const urgent = findings.filter(({ rank }) => rank === 1).length;
  const room = new Room();
  const groups = Object.entries(SECTIONS).flatMap(([section, title]) => {
    const some = findings.filter((each) => each.section === section);
    if (some.length === 0) return [];
    const rows = room.take(some, { countMax: ROWS_MAX }, (each) => findingHtml(each, shown));
    const more = some.length - rows.length;
    return [
      html`<section><div class="h"><h2>${title} <i>${formatCount(some.length)}</i></h2></div>${rows}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <code>GET /v1/findings</code></p>`}</section>`,
    ];
  });
  const lead =
    findings.length === 0
      ? html`${whose(owner)}Nothing was found that should be built otherwise.`
      : html`${whose(owner)}<b>${countOf(findings.length, 'finding')}</b>${urgent === 0 ? NOTHING : html`, <span class="bad">${formatCount(urgent)} to be mended first</span>`}.`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Findings</p><h1 class="say">${lead}</h1><p class="basis">From what hosts say of themselves and what looks over ssh saw; what was not seen is not said to be well.${ownersHtml(ofHost, { owner, host })}</p>${groups}</div>`;
  return pageOf(shown, { title: 'Findings', menu: 'Findings', body });
}

function whose(owner: string | undefined): Html {
  if (owner === undefined) return NOTHING;
  return owner === NOBODY ? html`Nobody’s: ` : html`Of ${owner}: `;
}

const OWNERS_MAX = 60;

/** Links to each person's own list, with how many stand in it; nothing where no owner is named. */
function ownersHtml(findings: readonly FindingShown[], asked: FindingsAsked): Html {
  const counts = new Map<string, number>();
  for (const { owners } of findings) {
    for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  if (counts.size === 0 && asked.owner === undefined) return NOTHING;
  const bare = findings.filter(({ owners }) => owners.length === 0).length;
  const named = [...counts].sort((one, other) => other[1] - one[1]).slice(0, OWNERS_MAX);
  const all = [...named, ...(bare === 0 ? [] : [[NOBODY, bare] as const])];
  const host = asked.host === undefined ? NOTHING : html`&amp;host=${urlPart(asked.host)}`;
  const links = all.map(([name, count]) =>
    name === asked.owner
      ? html` <b>${name} ${formatCount(count)}</b>`
      : html` <a href="/findings?owner=${urlPart(name)}${host}">${name} ${formatCount(count)}</a>`,
  );
  const rest = asked.owner === undefined ? NOTHING : html` <a href="/findings">all</a>`;
  return html`<br>Whose:${links}${rest}`;
}

export function findingHtml(finding: FindingShown, of: Pick<Shown, 'at' | 'reader'>): Html {
  const { at, reader } = of;
  const { rank, hosts, owners, subject, sentence, fix, source, since } = finding;
  const [mark, words] = RANKS[rank - 1] ?? ['unknown', 'to know'];
  const named = hosts.slice(0, HOSTS_MAX).join(', ');
  const others = hosts.length > HOSTS_MAX ? ` and ${hosts.length - HOSTS_MAX} more` : '';
  const age = since === undefined ? NOTHING : html`; ${forHtml(since, at)}`;
  const about = subject === '' ? NOTHING : html` <span class="mono">${subject}</span>`;
  const from = source === undefined ? NOTHING : html`; as in ${source}`;
  return html`<div class="li"><div class="t"><span><b>${named}${others}</b>${about}: ${sentence}</span>${stateHtml(mark, words)}</div><span class="sub">${owners.length === 0 ? 'nobody’s' : owners.join(', ')}; ${finding.code}${age}${from}</span>${fixHtml(fix)}${acceptHtml(finding, reader)}</div>
`;
}

function fixHtml(fix: FindingShown['fix']): Html {
  if (fix === undefined) return NOTHING;
  if (fix.kind === 'change') return html`<span class="sub">Fix: ${codeHtml(fix.text)}</span>`;
  return html`<pre class="cmd"><span class="p"># ${fix.says}
$ </span>${fix.line}</pre>`;
}

/** Nobody says it by mistake: it takes a reason, which the audit log keeps. */
function acceptHtml({ vaultPlace }: FindingShown, { csrf, mayAcceptVaults }: Reader): Html {
  if (vaultPlace === undefined || csrf === undefined || mayAcceptVaults !== true) return NOTHING;
  return html`<details class="raw"><summary>It is right so<span class="vh">: vault at ${vaultPlace}</span></summary><form method="post" action="/vaults/accept"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="place" value="${vaultPlace}">
<label class="field"><span>Why it is right so, for the audit log</span><input type="text" name="reason" required maxlength="200" autocomplete="off"></label>
<div class="verbs"><button class="btn" type="submit">Accept the vault as it is</button></div></form></details>`;
}
