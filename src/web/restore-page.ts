/** What a restore would do, before it does; nothing is put over what is there. */
import type { ByteString } from '../base/bytes.ts';
import { countOf, formatBytes, formatRate } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import type { RestoreRate } from '../watch/core/files/restore-rate.ts';
import type { WeighAnswer } from '../watch/core/files/wants.ts';
import { type Html, html, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import {
  amountWords,
  base64Url,
  momentHtml,
  readThrough,
  snapshotsHref,
  type ThroughShown,
} from './snapshot-words.ts';
import { ageHtml, nameInSentence } from './words.ts';

export interface RestoreShown {
  readonly through: ThroughShown;
  readonly found: WeighAnswer;
  readonly paths: readonly ByteString[];
  /** A name that nothing there has yet. */
  readonly name: string;
  /** Of the last restore on that host; undefined: none was measured. */
  readonly rate: RestoreRate | undefined;
}

const PATHS_SHOWN = 12;

export function restorePage(shown: Shown, of: RestoreShown): string {
  const { through, found, paths } = of;
  const { snapshot, totals } = found;
  const isAll = paths.length === 1 && paths[0] === '';
  const what = isAll ? html`All` : html`<b>${countOf(paths.length, 'path')}</b>`;
  const list = isAll
    ? NOTHING
    : html`<section><div class="h"><h2>What is restored <i>${String(paths.length)}</i></h2></div><ul>${paths.slice(0, PATHS_SHOWN).map((path) => html`<li class="mono">${path === '' ? 'all of it' : nameHtml(path)}</li>`)}</ul>${paths.length > PATHS_SHOWN ? html`<p class="sub">${String(paths.length - PATHS_SHOWN)} more</p>` : NOTHING}</section>`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/snapshots">Snapshots</a> / <a href="${snapshotsHref(through, snapshot)}">${snapshot.dataSet}</a> / Restore</p>
<h1 class="say">${what} of ${nameInSentence(snapshot.dataSet)}, <b>${amountWords(totals)}</b>, would go to a new directory on ${nameInSentence(through.host)}.</h1>
<p class="basis">As it was ${momentHtml(snapshot, shown)}. ${timeHtml(shown, of)}</p>
<p class="basis">Nothing that is there is written over: the directory is made anew, and what cannot be made anew is refused. Owners are set where the agent may. It goes on during a freeze. ${readThrough(through)}</p>
${list}
${formHtml(shown, of)}</div>`;
  return pageOf(shown, { title: `Restore ${snapshot.dataSet}`, menu: 'Snapshots', body });
}

function timeHtml({ at }: Shown, { rate, found, through }: RestoreShown): Html {
  if (rate === undefined || rate.bytesPerS <= 0) {
    return html`How long it takes is not known: no restore on ${through.host} was measured yet.`;
  }
  const ms = (found.totals.bytes * 1000) / rate.bytesPerS;
  return html`It takes about <b>${formatDuration(Math.max(1000, ms), { detail: 'rough' })}</b> at the ${formatRate(rate.bytesPerS)} of the last restore there, ${ageHtml(Math.max(0, at - rate.at))}.`;
}

function formHtml({ reader }: Shown, of: RestoreShown): Html {
  const { through, found, paths, name } = of;
  if (reader.csrf === undefined || reader.mayRestore !== true) return NOTHING;
  const options = through.places.map((place) => html`<option value="${place}">${place}</option>`);
  return html`<section><form method="post" action="/restore"><input type="hidden" name="csrf" value="${reader.csrf}"><input type="hidden" name="through" value="${through.host}"><input type="hidden" name="id" value="${found.snapshot.id}"><input type="hidden" name="paths64" value="${paths.map(base64Url).join(' ')}">
<label class="field"><span>Below, on ${through.host}</span><select name="place">${options}</select></label>
<label class="field"><span>In a new directory called</span><input type="text" name="name" value="${name}" maxlength="100" pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*" required></label>
<div class="verbs"><button class="btn go" type="submit">Restore ${formatBytes(found.totals.bytes)} there</button> <a class="btn" href="${snapshotsHref(through, found.snapshot)}">Not now</a></div></form></section>`;
}
