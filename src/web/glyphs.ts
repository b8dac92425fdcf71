/** Marks that are drawn: a shape beside a word that says the same, so that none is colour alone. */
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';

type Glyph = StandingMark | 'freeze' | 'pause' | 'hold';

/** Once on every page; each mark refers to it. */
export const GLYPH_DEFINITIONS: Html = html`<svg class="defs" width="0" height="0" aria-hidden="true"><defs>
<pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="4" height="4" fill="var(--unknown-wash)"/><rect width="1.6" height="4" fill="var(--unknown-hatch)"/></pattern>
<pattern id="off" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="var(--sunken)"/><rect y="2" width="6" height="1" fill="var(--edge)"/></pattern>
<symbol id="logo" viewBox="0 0 24 24"><g fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"><path d="M12 2v20"/><path d="M12 9c0 6-3.4 8.6-8 10"/><path d="M12 9c0 6 3.4 8.6 8 10"/></g></symbol>
<symbol id="ok" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="currentColor"/><path d="M4.8 8.3l2.2 2.2 4.2-4.7" fill="none" stroke="var(--glyph-cut)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></symbol>
<symbol id="degraded" viewBox="0 0 16 16"><path d="M8 1.2L15.3 14H.7z" fill="var(--gf,currentColor)" stroke="var(--gf,currentColor)" stroke-width="1" stroke-linejoin="round"/><path d="M8 5.6v4" stroke="var(--gc,var(--glyph-cut))" stroke-width="1.7" stroke-linecap="round"/><circle cx="8" cy="11.9" r="1" fill="var(--gc,var(--glyph-cut))"/></symbol>
<symbol id="failed" viewBox="0 0 16 16"><rect x="1" y="1" width="14" height="14" rx="2.5" fill="currentColor"/><path d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" stroke="var(--glyph-cut)" stroke-width="1.8" stroke-linecap="round"/></symbol>
<symbol id="unknown" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.3" fill="url(#hatch)" stroke="currentColor" stroke-width="1.4" stroke-dasharray="2.6 1.6"/></symbol>
<symbol id="pause" viewBox="0 0 16 16"><path d="M5 3v10M11 3v10" stroke="currentColor" stroke-width="2.2" stroke-linecap="round"/></symbol>
<symbol id="hold" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="var(--gf,currentColor)"/><path d="M6 5.2v5.6M10 5.2v5.6" stroke="var(--gc,var(--glyph-cut))" stroke-width="1.9" stroke-linecap="round"/></symbol>
<symbol id="freeze" viewBox="0 0 16 16"><path d="M8 1v14M2 4.5l12 7M14 4.5l-12 7" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/></symbol>
<g id="nl"><path class="grid" d="M140 0v18M260 0v18M76 0v18M324 0v18M16 0v18M384 0v18" vector-effect="non-scaling-stroke"/><path class="now" d="M200 0v18" vector-effect="non-scaling-stroke"/></g>
</defs></svg>`;

export const LOGO: Html = html`<svg aria-hidden="true"><use href="#logo"/></svg>`;

export function glyph(name: Glyph, tone = ''): Html {
  return html`<svg class="g ${tone}" aria-hidden="true"><use href="#${name}"/></svg>`;
}

/** `■ failed 11 min ago`, in the colour of its mark. */
export function stateHtml(mark: StandingMark, words: string): Html {
  return html`<span class="st ${mark}">${glyph(mark)}${words}</span>`;
}

/** The mark alone, its word for those who do not see it. */
export function markHtml(mark: StandingMark): Html {
  return html`${glyph(mark, mark)}<span class="vh">${mark}</span>`;
}

/** How many more failures until it is gone: `1 more`. Undefined: nothing of it would be hit. */
export function survivesHtml(count: number | undefined, isKnown = true): Html {
  if (!isKnown) {
    return html`<span class="pips unk" aria-hidden="true"><i></i><i></i></span>unknown`;
  }
  if (count === undefined) return html`<span class="sub">nothing to lose</span>`;
  const pip = (at: number): Html => (count > at ? html`<i class="on"></i>` : html`<i></i>`);
  const words = count >= SURVIVES_SHOWN_MAX ? `${count} or more` : `${count} more`;
  const zero = count === 0 ? 'zero' : '';
  const third = count > 2 ? pip(2) : NOTHING;
  return html`<span class="pips ${zero}" aria-hidden="true">${pip(0)}${pip(1)}${third}</span>${words}`;
}

/** More are not looked for: `src/watch/core/exposure.ts`. */
const SURVIVES_SHOWN_MAX = 3;
