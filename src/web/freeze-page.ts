/** Freeze changes: what it reaches, what it does not cover, and the form that does it. */
import { countOf } from '../base/say-quantity.ts';
import { type Html, html } from '../watch/core/look/html.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import type { FreezeRow, FreezeShown, Shown } from './shown.ts';
import { timeHtml } from './words.ts';

const STATES: Readonly<
  Record<
    FreezeRow['state'],
    { readonly mark: StandingMark; readonly words: string; readonly order: number }
  >
> = {
  'not-covered': { mark: 'failed', words: 'not covered', order: 0 },
  'still-running': { mark: 'degraded', words: 'still running', order: 1 },
  'not-reachable': { mark: 'unknown', words: 'not reachable', order: 2 },
  'not-yet': { mark: 'unknown', words: 'not yet', order: 3 },
  stopped: { mark: 'ok', words: 'stopped', order: 4 },
  'would-stop': { mark: 'ok', words: 'would stop', order: 5 },
};

const ROWS_MAX = 200;

/** What is not covered first: to that people must go by hand. */
export function freezeTable(rows: readonly FreezeRow[]): Html {
  const sorted = [...rows].sort(
    (a, b) => STATES[a.state].order - STATES[b.state].order || (a.host < b.host ? -1 : 1),
  );
  const lines = sorted.slice(0, ROWS_MAX).map(({ host, what, state, why }) => {
    const { mark, words } = STATES[state];
    return html`<tr><td>${stateHtml(mark, words)}</td><th scope="row">${what === null ? 'changes' : what} on <b>${host}</b></th><td class="sub">${why}</td></tr>
`;
  });
  if (lines.length === 0) return html`<p class="none">No host is watched: it reaches nothing.</p>`;
  return html`<table><thead><tr><th class="w-m">State</th><th class="w-xl">What</th><th>What it means</th></tr></thead><tbody>${lines}</tbody></table>
<p class="basis">Goes on: <b>copies, backups, drills, scrubs and restores</b>. Unfreeze puts back what the freeze stopped, and nothing else.</p>`;
}

/** @param would what a freeze would reach, from what hosts have said of their stoppers */
export function freezePage(shown: Shown, would: readonly FreezeRow[]): string {
  const { freeze } = shown;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Freeze changes</p>
${freeze === undefined ? freezeBody(shown, would) : unfreezeBody(shown, freeze)}</div>`;
  return pageOf(shown, { title: 'Freeze changes', menu: '', body });
}

function freezeBody(shown: Shown, would: readonly FreezeRow[]): Html {
  const open = would.filter(({ state }) => state === 'not-covered').length;
  const away = would.filter(({ state }) => state === 'not-reachable').length;
  const rest = [
    ...(open === 0 ? [] : [`${countOf(open, 'host has', 'hosts have')} no stopper`]),
    ...(away === 0 ? [] : [`${countOf(away, 'host is', 'hosts are')} not reachable now`]),
  ];
  const lead =
    rest.length === 0
      ? html`A freeze would stop all changes that Holdfast knows of.`
      : html`A freeze would not cover everything: <span class="bad">${rest.join('; ')}</span>.`;
  return html`<h1 class="say">${lead}</h1>
<p class="basis">No plan is applied on any host until it ends; the stoppers that the owners of hosts have enabled are run there. Where there is none, what changes the host by itself goes on. Each agent confirms it by itself.</p>
${shown.reader.mayFreeze && shown.reader.csrf !== undefined ? freezeForm(shown.reader.csrf) : commandHtml('holdfast freeze --reason "storage work" --for 2h', shown)}
<section><div class="h"><h2>What it would reach</h2></div>${freezeTable(would)}</section>`;
}

const SPANS: readonly (readonly [ms: number, words: string])[] = [
  [1_800_000, '30 minutes'],
  [7_200_000, '2 hours'],
  [28_800_000, '8 hours'],
  [86_400_000, '1 day'],
];

function freezeForm(csrf: string): Html {
  const options = SPANS.map(([ms, words], at) =>
    at === 1
      ? html`<option value="${String(ms)}" selected>${words}</option>`
      : html`<option value="${String(ms)}">${words}</option>`,
  );
  return html`<form method="post" action="/freeze"><input type="hidden" name="csrf" value="${csrf}">
<label class="field"><span>Why, for those who are stopped by it</span><input type="text" name="reason" required maxlength="200" autocomplete="off"></label>
<label class="field"><span>It ends by itself after</span><select name="forMs">${options}</select></label>
<div class="verbs"><button class="btn go" type="submit">Freeze changes on all hosts</button></div></form>`;
}

function unfreezeBody(shown: Shown, freeze: FreezeShown): Html {
  const { reader, at } = shown;
  const open = freeze.rows.filter(({ state }) => state !== 'stopped').length;
  const lead =
    open === 0
      ? html`Changes are frozen, and <b>every host has confirmed it</b>.`
      : html`Changes are frozen, and <span class="bad">${countOf(open, 'line is', 'lines are')} not confirmed or not covered</span>.`;
  const form =
    reader.mayUnfreeze && reader.csrf !== undefined
      ? html`<form method="post" action="/unfreeze"><input type="hidden" name="csrf" value="${reader.csrf}"><input type="hidden" name="id" value="${freeze.id}"><div class="verbs"><button class="btn" type="submit">Unfreeze all hosts</button></div></form>`
      : commandHtml('holdfast unfreeze', shown);
  return html`<h1 class="say">${lead}</h1>
<p class="basis">By ${freeze.by} at ${timeHtml(freeze.at, at)}: ${freeze.reason}. It ends by itself at ${timeHtml(freeze.until, at)}.</p>
${form}
<section><div class="h"><h2>What the freeze reached</h2></div>${freezeTable(freeze.rows)}</section>`;
}

/** Where this session may only read. */
function commandHtml(command: string, { reader }: Shown): Html {
  return html`<p class="basis">${reader.name} may read here and nothing else. At a terminal:</p><pre class="cmd"><span class="p">$ </span>${command}</pre>`;
}
