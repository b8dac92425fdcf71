import type { ByteString } from '../../../base/bytes.ts';
import { isoTimeOf } from '../../../base/iso-time.ts';
import type { StateMark } from '../../../base/say-mark.ts';
import { formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { formatInstant } from '../../../base/say-time.ts';
import { days, type UnixMs } from '../../../base/units.ts';
import { type Html, html, nameHtml } from './html.ts';

/** Which symbol is drawn: the states, and the outline of what would be lost. */
type Shape = StateMark | 'lost';

/** A mark beside a word that says the same; once the page is stale, all that was is unknown. */
export function markHtml(shape: Shape): Html {
  return html`<svg class="g now" aria-hidden="true"><use href="#${shape}"/></svg><svg class="g then" aria-hidden="true"><use href="#unknown"/></svg>`;
}

/** `▲ degraded`; `was degraded` once the page is stale. */
export function stateHtml(state: StateMark): Html {
  return html`<span class="is ${state}"><span class="was">was </span>${state}</span>`;
}

/** A page is read on another day, when "today" would be wrong: the date always stands there. */
export function timeHtml(at: UnixMs, answeredAt: UnixMs): Html {
  return html`<time class="nw" datetime="${isoTimeOf(at)}">${formatInstant(at, answeredAt + days(2))}</time>`;
}

/** With the year. */
export function fullTimeHtml(at: UnixMs): Html {
  return html`<time class="nw" datetime="${isoTimeOf(at)}">${formatInstant(at, at + days(800))}</time>`;
}

export function sizeHtml(bytes: number, isAtLeast: boolean): Html {
  const size = isAtLeast ? `${formatBytes(bytes, 'down')} or more` : formatBytes(bytes);
  return html`<span class="nw">${size}</span>`;
}

export function placeHtml(host: string, path: ByteString): Html {
  return html`<code class="mono">${host}:${nameHtml(path)}</code>`;
}

/** What did not find room; it stands in the JSON. */
export function restHtml(shownCount: number, allCount: number): Html | undefined {
  if (allCount <= shownCount) return undefined;
  return html`<li class="sub">${formatCount(allCount - shownCount)} more in <code>holdfast look --json</code></li>`;
}
