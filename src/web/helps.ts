/** What helps most: for each data set the cheapest step that would raise it. */
import type { CheapestStep, DataSetView } from '../watch/core/exposure/view.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { stepWords } from '../watch/core/exposure/say-step.ts';
import { urlPart } from './words.ts';

const STEPS_MAX = 6;

export function helpsHtml(dataSets: readonly DataSetView[]): Html {
  const rows = dataSets
    .flatMap(({ name, step }) => (step === undefined ? [] : [stepHtml(name, step)]))
    .slice(0, STEPS_MAX);
  return listHtml(rows);
}

/** Of one data set: also what would make its window seconds, where that is another step. */
export function helpsOf({ name, step, streaming }: DataSetView): Html {
  const steps = new Set([step, streaming]);
  return listHtml([...steps].flatMap((each) => (each === undefined ? [] : [stepHtml(name, each)])));
}

function listHtml(rows: readonly Html[]): Html {
  if (rows.length === 0) return NOTHING;
  return html`<section id="helps"><div class="h"><h2>What helps most</h2></div><ul class="up">${rows}</ul></section>`;
}

function stepHtml(name: string, step: CheapestStep): Html {
  const { act, gain, cost } = stepWords(step);
  const sub =
    cost === ''
      ? NOTHING
      : html`<span class="sub">${cost}; as computed with it done and gone well</span>`;
  return html`<li><a href="/data-set?name=${urlPart(name)}">${act}</a><span class="gain">${gain}</span>${sub}</li>`;
}
