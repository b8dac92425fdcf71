/** Data sets with their copies, best recovery point, what would be lost of each, and what proves it. */
import { formatDuration } from '../base/say-time.ts';
import type { UnixMs } from '../base/units.ts';
import { utf8Of } from '../manifest/core/utf8.ts';
import type {
  BestPoint,
  CopyView,
  DataSetView,
  PromisedSpan,
} from '../watch/core/exposure/view.ts';
import type { ExposureToAll } from '../watch/core/exposure/rows.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { KIND_WORDS } from '../watch/core/render-coverage.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import { costOfHit } from './falls.ts';
import { proofHtml } from './front-rows.ts';
import { glyph } from './glyphs.ts';
import { NOW_LINE_AXIS, nowLine } from './now-line.ts';
import { vaultWords } from '../watch/core/exposure/say-step.ts';
import { ageHtml, outWords, sizeHtml, timeHtml, urlPart } from './words.ts';

export interface DataSetRow {
  readonly dataSet: DataSetView;
  /** What is to be said of it: by the failure that the page is about, or by its worst. */
  readonly hit: ExposureToAll | undefined;
}

export function dataSetTable(
  rows: readonly DataSetRow[],
  of: { readonly at: UnixMs; readonly awayFrom: string | undefined },
): Html {
  const copies = of.awayFrom === undefined ? 'Copies' : `Copies; outside ${of.awayFrom} first`;
  const lines = rows.map((row) => rowHtml(row, of));
  return html`<table class="ds"><thead><tr><th class="w-l">Data set</th><th>${copies}</th><th class="w-m">Best recovery point</th><th class="w-m">Lost</th><th class="w-line ax-th">${NOW_LINE_AXIS}</th><th class="w-m">Back in</th><th class="w-proof">Proof</th></tr></thead><tbody>${lines}</tbody></table>`;
}

function rowHtml(
  { dataSet, hit }: DataSetRow,
  of: { readonly at: UnixMs; readonly awayFrom: string | undefined },
): Html {
  const { name, best, copies } = dataSet;
  const shown =
    hit === undefined
      ? html`<td data-l="Lost"><b>nothing</b></td><td class="nlc"></td><td data-l="Back in"><b>not out</b></td><td data-l="Proof">${proofHtml(best)}</td>`
      : hitCells(hit, dataSet);
  const sorted = [...copies].sort((a, b) => Number(b.isElsewhere) - Number(a.isElsewhere));
  return html`<tr><th scope="row"><a class="name" href="/data-set?name=${urlPart(name)}">${name}</a><span class="sub">${kindWords(dataSet)}</span></th>
<td class="c-copies" data-l="Copies">${sorted.length === 0 ? NO_COPY : sorted.slice(0, COPIES_MAX).map((copy) => copyHtml(copy, of))}${sorted.length > COPIES_MAX ? html`<span class="sub">${String(sorted.length - COPIES_MAX)} more</span>` : NOTHING}</td><td data-l="Best recovery point">${bestHtml(best, of.at)}</td>
${shown}</tr>
`;
}

const COPIES_MAX = 4;

function hitCells(hit: ExposureToAll, dataSet: DataSetView): Html {
  const cost = costOfHit(hit, dataSet);
  const { mayLose, backWithin } = dataSet.promise ?? {};
  const why = cost.sub === '' ? NOTHING : html`<span class="sub">${cost.sub}</span>`;
  const out = outWords(hit.outage).replace(/^out /, '');
  const basis =
    hit.outage.kind === 'interval' ? html`<span class="sub">${hit.outage.basis}</span>` : NOTHING;
  return html`<td data-l="Lost"><b class="${cost.tone}">${cost.say}</b>${promisedHtml(mayLose)}${why}</td><td class="nlc">${nowLine(cost)}</td><td data-l="Back in"><b>${out}</b>${promisedHtml(backWithin)}${basis}</td><td data-l="Proof">${proofHtml(hit)}</td>`;
}

function promisedHtml(span: PromisedSpan | undefined): Html {
  if (span === undefined) return NOTHING;
  return html`<span class="sub">promised ${formatDuration(span.promisedMs, { detail: 'rough' })}, ${span.standing}</span>`;
}

export function kindWords({ kind, bytes, places, isSeen }: DataSetView): Html {
  const word = KIND_WORDS[kind] === '' ? 'tree' : KIND_WORDS[kind];
  const hosts = [...new Set(places.map(({ host }) => host))];
  const seen = isSeen ? '' : '; not seen lately';
  return html`${word}, ${sizeHtml(bytes)}, on ${hosts.slice(0, 3).join(', ')}${hosts.length > 3 ? ' and more' : ''}${seen}`;
}

const NO_COPY: Html = html`<span class="cp">${glyph('failed', 'failed')}<span class="vh">failed: </span>no copy <span class="sub">in no recovery point</span></span>`;

const COPY_MARKS: Readonly<Record<CopyView['exists'], StandingMark>> = {
  ...{ ok: 'ok', failed: 'failed', unknown: 'unknown' },
};
const COPY_WORDS: Readonly<Record<CopyView['exists'], string>> = {
  ...{ ok: 're-read', failed: 'found damaged', unknown: 'only seen' },
};

export function copyHtml(copy: CopyView, of: { readonly at: UnixMs }): Html {
  const mark = COPY_MARKS[copy.exists];
  const age =
    copy.newest === undefined ? NOTHING : html`${ageHtml(Math.max(0, of.at - copy.newest))}, `;
  const fate = copy.isElsewhere ? NOTHING : html`; lost with its data`;
  const path = copy.path === undefined ? '' : `:${utf8Of(copy.path)}`;
  return html`<span class="cp">${glyph(mark, mark)}<span class="vh">${mark}: </span>${copy.host}${path} <span class="sub">${age}${existsWords(copy, of.at)}${fate}</span></span>`;
}

function existsWords({ exists, readAt, isMaybeMemory }: CopyView, at: UnixMs): string {
  if (exists !== 'ok' || readAt === undefined) return COPY_WORDS[exists];
  const span = { detail: 'rough', rounding: 'up' } as const;
  const within = formatDuration(Math.max(0, at - readAt), span);
  return `all of it re-read within ${within}${isMaybeMemory === true ? ', memory may have served it' : ''}`;
}

function bestHtml(best: BestPoint | undefined, at: UnixMs): Html {
  if (best === undefined) return html`none<span class="sub">there is nothing to restore</span>`;
  const proven = best.isProven ? '' : 'not proven; ';
  return html`${timeHtml(best.coveredUpTo, at)}<span class="sub">${proven}${ageHtml(Math.max(0, at - best.coveredUpTo))}, in ${vaultWords(best.vault)}</span>`;
}
