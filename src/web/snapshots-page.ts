/** Recovery points of a data set: browse one, compare two. */
import { countOf, formatBytes, formatCount } from '../base/say-quantity.ts';
import { unixMs } from '../base/units.ts';
import { byteString } from '../base/bytes.ts';
import { formatInstant } from '../base/say-time.ts';
import type { SnapshotSaid, SnapshotsAnswer } from '../watch/core/files/wants.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import {
  morePager,
  readThrough,
  snapshotHref,
  snapshotsHref,
  type ThroughShown,
} from './snapshot-words.ts';
import { ageHtml, nameInSentence, timeHtml, urlPart } from './words.ts';

export interface SnapshotsShown {
  readonly through: ThroughShown;
  readonly found: SnapshotsAnswer;
  readonly from: number;
  readonly page: number;
  readonly host: string | undefined;
  readonly dataSet: string | undefined;
}

const TOP = byteString('');

export function snapshotsPage(shown: Shown, of: SnapshotsShown): string {
  const { through, found, dataSet, host, from, page } = of;
  const { snapshots, total, next } = found;
  const query = html`&amp;through=${urlPart(through.host)}${host === undefined ? NOTHING : html`&amp;host=${urlPart(host)}`}${dataSet === undefined ? NOTHING : html`&amp;data-set=${urlPart(dataSet)}`}`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/data-sets">Data sets</a> / ${dataSet === undefined ? html`Snapshots` : html`<a href="/snapshots">Snapshots</a> / ${dataSet}`}</p>
<h1 class="say">${leadHtml(shown, of)}</h1>
<p class="basis">${readThrough(through)}</p>
${dataSet === undefined ? NOTHING : compareForm(shown, of)}
<section><div class="h"><h2>Newest first <i>${formatCount(total)}</i></h2><a href="/v1/snapshots?from=${String(from)}${query}">As JSON</a></div>
${snapshots.length === 0 ? html`<p class="none">None. <code>holdfast backup</code> on the host of the data makes the first.</p>` : tableHtml(shown, of)}
${morePager({ path: '/snapshots', query, from, page, next, left: total - from - snapshots.length })}</section></div>`;
  return pageOf(shown, {
    title: dataSet === undefined ? 'Snapshots' : `Snapshots of ${dataSet}`,
    menu: 'Snapshots',
    body,
  });
}

function leadHtml({ at }: Shown, { found, dataSet, host, through, from }: SnapshotsShown): Html {
  const [newest] = found.snapshots;
  const of = dataSet === undefined ? NOTHING : html` of ${nameInSentence(dataSet)}`;
  const where = html` on ${nameInSentence(host ?? through.host)}`;
  if (newest === undefined)
    return html`<span class="bad">No snapshot</span>${of} can be read through ${nameInSentence(through.host)}.`;
  const age =
    from > 0 ? NOTHING : html`, the newest ${ageHtml(Math.max(0, at - newest.coveredUpTo))}`;
  return html`<b>${countOf(found.total, 'snapshot')}</b>${of}${through.own || host !== undefined ? where : NOTHING}${age}.`;
}

function tableHtml({ at }: Shown, of: SnapshotsShown): Html {
  const { through, found, dataSet } = of;
  const rows = found.snapshots.map((each, n) => {
    const when = unixMs(each.coveredUpTo);
    const before = found.snapshots
      .slice(n + 1)
      .find((one) => one.dataSet === each.dataSet && one.host === each.host);
    const compare =
      before === undefined
        ? NOTHING
        : html` <a href="/snapshots/compare?through=${urlPart(through.host)}&amp;before=${before.id}&amp;after=${each.id}">What changed<span class="vh"> from the one before to ${formatInstant(each.coveredUpTo, at)}</span></a>`;
    const set = html`<td data-l="Data set"><a class="name" href="${snapshotsHref(through, each)}">${each.dataSet}</a><span class="sub">on ${each.host}</span></td>`;
    return html`<tr><th scope="row"><a class="name" href="${snapshotHref(through.host, each.id, TOP)}">${timeHtml(when, at)}</a><span class="sub">${ageHtml(Math.max(0, at - when))}</span></th>${dataSet === undefined ? set : NOTHING}<td data-l="Holds">${formatBytes(each.bytes)}<span class="sub">${countOf(each.entries, 'entry', 'entries')}</span></td><td data-l="Is">${wholeHtml(each)}</td><td class="acts"><a href="${snapshotHref(through.host, each.id, TOP)}">Browse<span class="vh"> ${formatInstant(each.coveredUpTo, at)}</span></a>${compare}</td></tr>
`;
  });
  return html`<table class="files"><thead><tr><th class="w-l">As it was</th>${dataSet === undefined ? html`<th>Data set</th>` : NOTHING}<th class="w-m">Holds</th><th>Is</th><th class="w-xl">Look</th></tr></thead><tbody>${rows}</tbody></table>`;
}

/** Whether it is all there is of it; that it can be used, only a drill shows. */
export function wholeHtml({ isTorn, gapCount }: SnapshotSaid): Html {
  if (isTorn) {
    return html`${stateHtml('degraded', 'torn')}<span class="sub">an engine was writing: no recovery point until one has started on a restore</span>`;
  }
  if (gapCount > 0) {
    return html`${stateHtml('degraded', 'with gaps')}<span class="sub">${countOf(gapCount, 'entry', 'entries')} could not be read or kept</span>`;
  }
  return html`without gaps<span class="sub">whether it can be used, a drill shows</span>`;
}

function compareForm({ at }: Shown, { through, found }: SnapshotsShown): Html {
  const { snapshots } = found;
  if (snapshots.length < 2) return NOTHING;
  const options = (chosen: number): readonly Html[] =>
    snapshots.map(
      ({ id, coveredUpTo }, n) =>
        html`<option value="${id}"${n === chosen ? SELECTED : NOTHING}>${formatInstant(coveredUpTo, at)}</option>`,
    );
  return html`<form class="pair" action="/snapshots/compare"><input type="hidden" name="through" value="${through.host}"><label class="field"><span>From</span><select name="before">${options(1)}</select></label><label class="field"><span>To</span><select name="after">${options(0)}</select></label><button class="btn" type="submit">Compare</button></form>`;
}

const SELECTED: Html = html` selected`;
