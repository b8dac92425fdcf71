/** Two recovery points of a data set: what differs, the sentence first. */
import { countOf, formatBytes, formatCount } from '../base/say-quantity.ts';
import type { DiffAnswer, DifferenceKind, DifferenceSaid } from '../watch/core/files/wants.ts';
import { type Html, html, joinHtml, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import {
  momentHtml,
  morePager,
  readThrough,
  snapshotsHref,
  type ThroughShown,
} from './snapshot-words.ts';
import { nameInSentence, urlPart } from './words.ts';

export interface CompareShown {
  readonly through: ThroughShown;
  readonly found: DiffAnswer;
  readonly kind: DifferenceKind | undefined;
  readonly from: number;
  readonly page: number;
}

const SIGNS: Readonly<Record<DifferenceKind, { readonly sign: string; readonly words: string }>> = {
  added: { sign: '+', words: 'only in the later one' },
  removed: { sign: '−', words: 'only in the earlier one' },
  changed: { sign: '≠', words: 'differs' },
  unknown: { sign: '?', words: 'could not be compared' },
};

export function comparePage(shown: Shown, of: CompareShown): string {
  const { through, found, kind, from, page } = of;
  const { before, after, differences, next } = found;
  const pair = html`&amp;through=${urlPart(through.host)}&amp;before=${before.id}&amp;after=${after.id}`;
  const query = html`${pair}${kind === undefined ? NOTHING : html`&amp;kind=${kind}`}`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/snapshots">Snapshots</a> / <a href="${snapshotsHref(through, after)}">${after.dataSet}</a> / Compare</p>
<h1 class="say">${leadHtml(found)}</h1>
<p class="basis">From ${momentHtml(before, shown)}, to ${momentHtml(after, shown)}. ${readThrough(through)}</p>
${countsHtml(found)}
<section><div class="h"><h2>What differs ${kindsHtml(kind, pair)}</h2><a href="/v1/diff?from=${String(from)}${query}">As JSON</a></div>
${differences.length === 0 ? html`<p class="none">Nothing of this kind.</p>` : tableHtml(differences)}
${morePager({ path: '/snapshots/compare', query, from, page, next })}</section></div>`;
  return pageOf(shown, { title: `${after.dataSet}: what changed`, menu: 'Snapshots', body });
}

function leadHtml({ totals, after }: DiffAnswer): Html {
  const { added, removed, changed, changedAround, unknown } = totals;
  const parts: Html[] = [
    ...(changed.entries === 0 ? [] : [html`<b>${formatCount(changed.entries)}</b> changed`]),
    ...(added.entries === 0 ? [] : [html`<b>${formatCount(added.entries)}</b> came`]),
    ...(removed.entries === 0
      ? []
      : [html`<span class="bad">${formatCount(removed.entries)} went</span>`]),
    ...(changedAround === 0
      ? []
      : [html`of <b>${formatCount(changedAround)}</b> only owner, mode or times differ`]),
    ...(unknown === 0
      ? []
      : [html`<span class="bad dim">${formatCount(unknown)} could not be compared</span>`]),
  ];
  const name = nameInSentence(after.dataSet);
  return parts.length === 0
    ? html`Nothing of ${name} differs between the two.`
    : html`Of ${name} ${joinHtml(parts, ', ')}.`;
}

function countsHtml({ totals }: DiffAnswer): Html {
  const rows = [
    ['Came', totals.added] as const,
    ['Went', totals.removed] as const,
    ['Changed', totals.changed] as const,
  ].map(
    ([word, { entries, bytes }]) =>
      html`<dt>${word}</dt><dd>${countOf(entries, 'entry', 'entries')} <span class="sub">${formatBytes(bytes)}</span></dd>`,
  );
  return html`<section><dl class="facts">${rows}</dl></section>`;
}

function kindsHtml(now: DifferenceKind | undefined, pair: Html): Html {
  const all: readonly DifferenceKind[] = ['removed', 'changed', 'added', 'unknown'];
  const links = all.map((kind) =>
    kind === now
      ? html` <b>${kind}</b>`
      : html` <a href="/snapshots/compare?kind=${kind}${pair}">${kind}</a>`,
  );
  const back =
    now === undefined ? NOTHING : html` <a href="/snapshots/compare?from=0${pair}">all</a>`;
  return html`<i>only${links}${back}</i>`;
}

function tableHtml(differences: readonly DifferenceSaid[]): Html {
  const rows = differences.map((each) => {
    const { kind, path, type, fields, why } = each;
    const { sign, words } = SIGNS[kind];
    const what = why ?? (fields.length === 0 ? words : fields.join(', '));
    return html`<tr><td class="w-mark"><b aria-hidden="true">${sign}</b><span class="vh">${kind}</span></td><th scope="row"><span class="name mono">${nameHtml(path)}${type === 'dir' ? '/' : ''}</span></th><td data-l="Size">${sizesHtml(each)}</td><td data-l="What differs" class="sub">${what}</td></tr>
`;
  });
  return html`<table class="files"><thead><tr><th class="w-mark"><span class="vh">Kind</span></th><th>Path</th><th class="w-l">Size</th><th class="w-xl">What differs</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function sizesHtml({ kind, type, bytesBefore, bytesAfter }: DifferenceSaid): Html {
  if (bytesBefore === null && bytesAfter === null)
    return html`${type === 'dir' ? 'directory' : type}`;
  if (kind !== 'changed' || bytesBefore === bytesAfter) {
    return html`${formatBytes(bytesAfter ?? bytesBefore ?? 0)}`;
  }
  const size = (bytes: number | null): string => (bytes === null ? 'none' : formatBytes(bytes));
  return html`${size(bytesBefore)} → ${size(bytesAfter)}`;
}
