import { formatBytes } from '../../../base/say-quantity.ts';
import type { StateMark } from '../../../base/say-mark.ts';
import type { UnixMs } from '../../../base/units.ts';
import { commandHtml, type Html, html, NOTHING } from '../look/html.ts';
import { fullTimeHtml } from '../look/page-marks.ts';
import { STYLE, STYLE_SHA256, SYMBOLS } from '../look/page-style.ts';
import type { Typed } from './typed-line.ts';
import type { RecoveryPlan, RecoveryStep } from './recovery-plan.ts';
import {
  liveRows,
  losesWords,
  mayWaitRow,
  neededRow,
  planSentence,
  type SaidRow,
  stepHead,
  stepRows,
} from './recovery-words.ts';

export interface PlanPage {
  readonly plans: readonly RecoveryPlan[];
  readonly madeAt: UnixMs;
  readonly lookedAt: UnixMs;
  /** The machine that made it. */
  readonly madeOn: string;
  /** What would be lost of each data set, in lines. */
  readonly exposure: string;
  /** Who wrote it, where that was no person. */
  readonly by?: string;
}

/**
 * Plans as one page that needs nothing: no network, no script, no second file. It is read when the
 * machine that made it is the one that died, so nothing in it turns stale by itself: it says of when
 * it is.
 */
export function renderPlanPage(page: PlanPage): string {
  const { madeAt, lookedAt, madeOn } = page;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_SHA256}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>Recovery plan · Holdfast</title>
<style>${{ markup: STYLE }}</style></head>
<body>${{ markup: SYMBOLS }}
<header class="top"><div class="wrap"><svg aria-hidden="true"><use href="#logo"/></svg><b>Holdfast</b><span>Recovery plan</span></div></header>
<div class="asof"><div class="wrap"><p><span><b>Made ${fullTimeHtml(madeAt)}</b> on ${madeOn}, from the look of ${fullTimeHtml(lookedAt)}.</span> <span>What is lost grows with the time since; the order, the places and the commands stand.</span></p></div></div>
<main class="wrap">${page.plans.length > 1 ? contentsHtml(page.plans) : NOTHING}
${page.plans.map((plan, at) => planHtml(plan, { at, now: madeAt }))}
<section><h2>What would be lost, data set by data set</h2><pre class="mono">${exposureHtml(page.exposure)}</pre></section></main>
<footer class="foot"><div class="wrap"><span>Written by ${page.by === undefined ? html`<code>holdfast recovery-plan --save</code>` : page.by}</span><span>No secret is in it. Keep it where the estate is not.</span></div></footer>
</body></html>
`.markup;
}

/** Made by us, safe to print, and longer than any name. */
function exposureHtml(text: string): Html {
  return {
    markup: text
      .split('\n')
      .map((line) => commandHtml(line).markup)
      .join('\n'),
  };
}

function contentsHtml(plans: readonly RecoveryPlan[]): Html {
  const rows = plans.map(
    (
      plan,
      at,
    ) => html`<li class="row"><a class="who" href="#p${String(at)}">${nameOf(plan)}</a><div><p>${planSentence(plan)}</p></div></li>
`,
  );
  return html`<section><h2>If one of these is lost</h2><ul>${rows}</ul></section>`;
}

const nameOf = ({ lost }: RecoveryPlan): string => lost.map(({ name }) => name).join(' and ');

function planHtml(
  plan: RecoveryPlan,
  { at, now }: { readonly at: number; readonly now: UnixMs },
): Html {
  const { steps } = plan;
  const gone = plan.forGood.map((row) => ({ label: row.dataSet, text: losesWords(row.loss) }));
  const bare = plan.bare.map((row) => ({ label: row.dataSet, text: formatBytes(row.bytes) }));
  const unseen = [
    ...plan.notSeen.map((label) => ({ label, text: 'was not seen: what it holds is unknown' })),
    ...plan.seenInPart.map((label) => ({ label, text: 'was seen in part: it may hold more' })),
  ];
  return html`<article id="p${String(at)}"><p class="say">${planSentence(plan)}</p>
${steps.length === 0 ? NOTHING : neededHtml(plan)}
${steps.length === 0 ? NOTHING : html`<section><h2>Bring back, in this order<i>${String(steps.length)}</i></h2><ul>${steps.map((step, no) => stepHtml(step, { number: no + 1, now }))}</ul></section>`}
${listHtml('Live copies', liveRows(plan))}${listHtml('Lost for good', gone)}${unknownHtml(plan)}${listHtml('These live on, and no backup of them is left', bare)}
${listHtml('May be switched off to make room', plan.mayWait.map(mayWaitRow))}${listHtml('Not seen', unseen)}</article>
`;
}

const MARK_WORD: Readonly<Partial<Record<StateMark, string>>> = {
  ok: 'there',
  unknown: 'unknown',
  failed: 'lost',
};

function neededHtml({ needed }: RecoveryPlan): Html {
  const rows = needed.map((each) => {
    const { is, label, text } = neededRow(each);
    return html`<li class="row"><span class="who ${is}"><svg class="g" aria-hidden="true"><use href="#${is}"/></svg>${label}</span><div><p><b class="${is}">${MARK_WORD[is] ?? is}</b>: ${text}</p></div></li>
`;
  });
  return html`<section><h2>Have these first</h2><ul>${rows}</ul></section>`;
}

function stepHtml(
  step: RecoveryStep,
  { number, now }: { readonly number: number; readonly now: UnixMs },
): Html {
  const rows = stepRows(step, now).map(({ label, text }) => html`<p><b>${label}</b> ${text}</p>`);
  const { image, lines } = step;
  const ways =
    image === undefined
      ? NOTHING
      : html`<p><b>Where it is there and broken, keep it first</b></p>${typedHtml(image.keepFirst)}
<p><b>Repair a copy of it</b>: in what time is unknown</p>${typedHtml(image.repair)}<p><b>Or restore it</b></p>`;
  return html`<li class="row"><span class="who">${String(number)}</span><div><p><b>${stepHead(step)}</b></p>${rows}${ways}${typedHtml(lines.typed)}</div></li>
`;
}

function typedHtml(typed: readonly Typed[]): readonly Html[] {
  return typed.map(
    ({ on, words }) =>
      html`<p>on ${on}: <code class="cmd">${commandHtml(words.join(' '))}</code></p>`,
  );
}

function listHtml(title: string, rows: readonly SaidRow[]): Html {
  if (rows.length === 0) return NOTHING;
  const items = rows.map(
    ({
      label,
      text,
    }) => html`<li class="row wide"><span class="who">${label}</span><div><p>${text}</p></div></li>
`,
  );
  return html`<section><h2>${title}<i>${String(rows.length)}</i></h2><ul>${items}</ul></section>`;
}

function unknownHtml({ unknown }: RecoveryPlan): Html {
  if (unknown.length === 0) return NOTHING;
  const items = unknown.map(
    ({
      row,
      commands,
    }) => html`<li class="row wide"><span class="who">${row.dataSet}</span><div><p>${losesWords(row.loss)}</p>${commands.map((line) => html`<p><code class="cmd">${commandHtml(line)}</code></p>`)}</div></li>
`,
  );
  return html`<section><h2>Unknown: open what was found, and ask again<i>${String(unknown.length)}</i></h2><ul>${items}</ul></section>`;
}
