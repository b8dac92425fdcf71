/** What limits a recovery and what would help, and live copies with which of them are there. */
import type { Bottleneck } from '../watch/core/exposure/bottlenecks.ts';
import { bestStepWords, bottleneckWords } from '../watch/core/exposure/say-bottleneck.ts';
import {
  fullWords,
  liveWords,
  missingWords,
  servesWords,
} from '../watch/core/exposure/say-live.ts';
import type { LiveSetView } from '../watch/core/exposure/live-sets.ts';
import type { Fall } from '../watch/core/exposure/view.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { nameInSentence } from './words.ts';

const SETS_MAX = 20;

/** One line below a sentence: what limits, and each step up. */
export function limitHtml(of: Bottleneck | undefined): Html {
  return of === undefined ? NOTHING : html`<p class="basis">${bottleneckWords(of)}.</p>`;
}

/** Of a host: what of its live copies goes on without it, and the step that shortens the rest. */
export function fallLimitHtml(fall: Fall | undefined): Html {
  if (fall === undefined) return NOTHING;
  const { bottleneck, live = [] } = fall;
  const best = bottleneck && bestStepWords(bottleneck.of);
  const goes = live
    .slice(0, SETS_MAX)
    .map(
      ({ set, ...after }) =>
        html`<p class="basis">${nameInSentence(set.name)} without it: ${servesWords(after)}; ${fullWords(set.full)}.</p>`,
    );
  const limit =
    bottleneck === undefined || bottleneck.of.limit.kind === 'unknown'
      ? NOTHING
      : html`<p class="basis">${nameInSentence(bottleneck.dataSet)}: ${best ?? bottleneckWords(bottleneck.of)}.</p>`;
  return html`${limit}${goes}`;
}

export function liveHtml(sets: readonly LiveSetView[] = []): Html {
  if (sets.length === 0) return NOTHING;
  const rows = sets.slice(0, SETS_MAX).map((set) => {
    const missing = missingWords(set);
    return html`<div class="li"><b>${set.name}</b> ${liveWords(set)}${missing === '' ? NOTHING : html`<span class="sub">${missing}</span>`}<span class="sub">${fullWords(set.full)}</span></div>
`;
  });
  return html`<section><div class="h"><h2>Live copies <i>kept by the storage itself, never compared</i></h2></div>${rows}</section>`;
}
