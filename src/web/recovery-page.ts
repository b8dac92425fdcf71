/** What to bring back after a loss: in which order, where to, by which command, in what time. */
import { formatCount } from '../base/say-quantity.ts';
import {
  liveRows,
  losesWords,
  mayWaitRow,
  neededRow,
  planSentence,
  type SaidRow,
  stepHead,
  stepRows,
} from '../watch/core/exposure/recovery-words.ts';
import type { RecoveryPlan, RecoveryStep } from '../watch/core/exposure/recovery-plan.ts';
import type { Typed } from '../watch/core/exposure/typed-line.ts';
import { commandHtml, type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { loseName } from '../watch/core/domain.ts';
import { costOfFall, type DataSetsByName, dataSetsByName } from './falls.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { choiceHtml } from './lose-page.ts';
import { Room } from './room.ts';
import type { Shown } from './shown.ts';
import { domainWords, outWords, urlPart } from './words.ts';

export interface Recovery {
  /** None: nothing was asked for yet. */
  readonly names: readonly string[];
  readonly plan: RecoveryPlan | undefined;
  /** Why there is none. */
  readonly wrong: string | undefined;
}

const ROWS_MAX = 100;

export function recoveryPage(shown: Shown, { names, plan, wrong }: Recovery): string {
  if (names.length === 0) return startPage(shown);
  const query = names.map((name, at) => html`${at === 0 ? '' : '&'}lost=${urlPart(name)}`);
  const lead =
    plan === undefined ? html`No plan can be made of this.` : html`${planSentence(plan)}`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/lose?${query}">Simulate loss</a> / Recovery plan</p>
<h1 class="say">${lead}</h1>
${wrong === undefined ? NOTHING : html`<p class="wrong">${wrong}</p>`}
<p class="basis">Needed most when this server is what died: <code>holdfast recovery-plan --save DIRECTORY</code> writes it for every host, to be kept where the estate is not. Nothing is run from here.</p>
${plan === undefined ? NOTHING : planHtml(plan, shown)}</div>`;
  return pageOf(shown, { title: 'Recovery plan', menu: 'Exposure', body });
}

const FALLS_MAX = 12;

/** Nothing was named yet: the plans that would be longest missed come first, then all that can be named. */
function startPage(shown: Shown): string {
  const { exposure } = shown;
  const dataSets: DataSetsByName = exposure === undefined ? new Map() : dataSetsByName(exposure);
  const rows: Html[] = [];
  for (const fall of exposure?.falls ?? []) {
    if (rows.length === FALLS_MAX) break;
    const name = loseName(fall.domain);
    if (name === undefined || fall.hitCount === 0) continue;
    const cost = costOfFall(fall, dataSets);
    rows.push(
      html`<tr><th scope="row"><a class="name" href="/recovery-plan?lost=${urlPart(name)}">${domainWords(fall.domain)}</a></th><td><span class="say1 ${cost.tone}">${cost.say}</span><span class="sub">${outWords(cost.outage)}</span></td></tr>
`,
    );
  }
  const table =
    rows.length === 0
      ? NOTHING
      : html`<section><div class="h"><h2>Worst first <i>each by itself</i></h2></div><table><thead><tr><th>Plan for the loss of</th><th>Without it</th></tr></thead><tbody>${rows}</tbody></table></section>`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Recovery plan</p>
<h1 class="say">Say what is lost, and read <b>what to bring back first</b>.</h1>
<p class="basis">In which order, where to, by which command, in what time. Needed most when this server is what died: <code>holdfast recovery-plan --save DIRECTORY</code> writes it for every host, to be kept where the estate is not.</p>
${table}<section id="sim"><div class="h"><h2>Or several things at once</h2></div>${choiceHtml(shown, { names: [], action: '/recovery-plan', verb: 'Plan the recovery' })}</section></div>`;
  return pageOf(shown, { title: 'Recovery plan', menu: 'Exposure', body });
}

function planHtml(plan: RecoveryPlan, shown: Shown): Html {
  const { steps, needed, forGood, bare, unknown, mayWait, notSeen, seenInPart } = plan;
  const gone = forGood.map((row) => ({ label: row.dataSet, text: losesWords(row.loss) }));
  const alive = bare.map((row) => ({
    label: row.dataSet,
    text: 'no recovery point of it is left',
  }));
  const unseen = [
    ...notSeen.map((label) => ({ label, text: 'was not seen: what it holds is unknown' })),
    ...seenInPart.map((label) => ({ label, text: 'was seen in part: it may hold more' })),
  ];
  const first = needed.map((each) => {
    const { is, label, text } = neededRow(each);
    return html`<div class="li"><div class="t"><span><b>${label}</b> ${text}</span>${stateHtml(is === 'ok' || is === 'failed' || is === 'degraded' ? is : 'unknown', is === 'ok' ? 'there' : is === 'failed' ? 'lost' : 'unknown')}</div></div>
`;
  });
  const numbered = steps.map((step, at) => ({ step, at }));
  const room = new Room();
  const taken = room.take(numbered, { countMax: ROWS_MAX }, ({ step, at }) =>
    stepHtml(step, { at, shown }),
  );
  const rest = steps.length - taken.length;
  return html`${steps.length === 0 || first.length === 0 ? NOTHING : html`<section><div class="h"><h2>Have these first</h2></div>${first}</section>`}
${steps.length === 0 ? NOTHING : html`<section><div class="h"><h2>Bring back, in this order <i>${formatCount(steps.length)}</i></h2></div>${taken}${rest === 0 ? NOTHING : html`<p class="pager">${formatCount(rest)} more: <code>holdfast recovery-plan</code></p>`}</section>`}
${listHtml('Live copies', liveRows(plan), room)}
${listHtml('Lost for good', gone, room)}
${listHtml(
  'Unknown: open what was found, and ask again',
  unknown.map(({ row, commands }) => ({
    label: row.dataSet,
    text: losesWords(row.loss),
    commands,
  })),
  room,
)}
${listHtml('These live on, and no backup of them is left', alive, room)}${listHtml('May be switched off to make room', mayWait.map(mayWaitRow), room)}${listHtml('Not seen', unseen, room)}`;
}

function stepHtml(
  step: RecoveryStep,
  { at, shown }: { readonly at: number; readonly shown: Shown },
): Html {
  const rows = stepRows(step, shown.at).map(
    ({ label, text }) => html`<dt>${label}</dt><dd>${text}</dd>`,
  );
  const { image, lines } = step;
  const ways =
    image === undefined
      ? NOTHING
      : html`<p class="basis">Where it is there and broken, keep it first:</p>${typedHtml(image.keepFirst)}<p class="basis">Repair a copy of it, in what time is unknown:</p>${typedHtml(image.repair)}<p class="basis">Or restore it:</p>`;
  return html`<div class="li"><b>${formatCount(at + 1)}. ${stepHead(step)}</b><dl class="facts">${rows}</dl>${ways}${typedHtml(lines.typed)}</div>
`;
}

function typedHtml(typed: readonly Typed[]): readonly Html[] {
  return typed.map(
    ({ on, words }) =>
      html`<pre class="cmd"><span class="p"># on ${on}
$ </span>${commandHtml(words.join(' '))}</pre>`,
  );
}

function listHtml(
  title: string,
  rows: readonly (SaidRow & { readonly commands?: readonly string[] })[],
  room: Room,
): Html {
  if (rows.length === 0) return NOTHING;
  const lines = room.take(
    rows,
    { countMax: ROWS_MAX },
    ({ label, text, commands = [] }) =>
      html`<div class="li"><b>${label}</b> <span class="sub">${text}</span>${commands.map((line) => html`<pre class="cmd"><span class="p">$ </span>${commandHtml(line)}</pre>`)}</div>
`,
  );
  const more = rows.length - lines.length;
  return html`<section><div class="h"><h2>${title} <i>${formatCount(rows.length)}</i></h2></div>${lines}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <code>holdfast recovery-plan</code></p>`}</section>`;
}
