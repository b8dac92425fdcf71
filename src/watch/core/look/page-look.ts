import { smallest } from '../../../base/long-list.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { LookAnswer } from './answer.ts';
import { type Html, html, NOTHING } from './html.ts';
import { hostsHtml } from './page-hosts.ts';
import {
  backupsHtml,
  bandHtml,
  findingsHtml,
  notSeenHtml,
  sharedFateHtml,
  singlePointsHtml,
  unprotectedHtml,
} from './page-lists.ts';
import { fullTimeHtml, markHtml } from './page-marks.ts';
import { SCRIPT, SCRIPT_SHA256 } from './page-script.ts';
import { STYLE, STYLE_SHA256, SYMBOLS } from './page-style.ts';

/**
 * The answer as one page that needs nothing: no network, no script, no second file. What is in it
 * is what the terminal says, in the same order. It knows when it expires and says so by itself.
 */
export function renderLookPage(answer: LookAnswer): string {
  const machines = countOf(answer.asked.machines, 'machine');
  const page = html`<!doctype html>
<html lang="en"${isStale(answer) ? { markup: ' class="stale"' } : NOTHING}><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_SHA256}'; script-src 'sha256-${SCRIPT_SHA256}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>${`A look at ${machines}`} · Holdfast</title>
<style>${{ markup: STYLE }}</style></head>
<body>${{ markup: SYMBOLS }}
<header class="top"><div class="wrap"><svg aria-hidden="true"><use href="#logo"/></svg><b>Holdfast</b><span>${`A look at ${machines}`}</span></div></header>
${asOfHtml(answer)}
<main class="wrap">${bandHtml(answer)}
${headHtml(answer)}
${hostsHtml(answer)}
<div class="pair">${singlePointsHtml(answer)}${unprotectedHtml(answer)}</div>
<div class="pair">${backupsHtml(answer)}${sharedFateHtml(answer)}</div>
${findingsHtml(answer)}${notSeenHtml(answer)}</main>
<footer class="foot"><div class="wrap"><span>Written by <code>holdfast look --html</code>; nothing was installed or written on the machines</span><span>With raw numbers: <code>holdfast look --json</code></span></div></footer>
<script>${{ markup: SCRIPT }}</script>
</body></html>
`;
  return page.markup;
}

/** Already so when it is written: nothing that was seen counts any more. */
function isStale({ answeredAt, expiresAt }: LookAnswer): boolean {
  return expiresAt === undefined || expiresAt <= answeredAt;
}

function asOfHtml(answer: LookAnswer): Html {
  const { answeredAt } = answer;
  const until = answer.expiresAt ?? answeredAt;
  const seen = seenAt(answer);
  return html`<div class="asof" role="status" data-seen="${String(seen)}" data-until="${String(until)}"><div class="wrap">
<p class="holds"><span><b>As of ${fullTimeHtml(seen)}</b><span class="age"></span></span><span>It holds until ${fullTimeHtml(until)}; then all of it is unknown.</span></p>
<p class="gone">${markHtml('unknown')}<b>This look is over: all that it says is unknown now.</b><span>As of ${fullTimeHtml(seen)}<span class="age"></span></span><span>Look again: <code>holdfast look</code></span></p></div></div>`;
}

/** When the oldest of the looks that count was taken. */
function seenAt({ answeredAt, hosts }: LookAnswer): UnixMs {
  const counted = hosts.filter(({ look }) => look === 'whole' || look === 'partial');
  return unixMs(
    smallest(
      counted.map((host) => host.seenAt ?? answeredAt),
      answeredAt,
    ),
  );
}

/** The sentence; where no look counts, what was counted is all there is to say. */
function headHtml(answer: LookAnswer): Html {
  if (answer.wouldBe === '') return html`<h1 class="say">${answer.counted}</h1>`;
  return html`<h1 class="say"><span class="was">Unknown now; then: </span>${answer.wouldBe}</h1><p class="basis">${answer.counted}</p>`;
}
