/** Data that is in no recovery point, and what would protect it. */
import { utf8Of } from '../manifest/core/utf8.ts';
import { countOf, formatBytes, formatCount } from '../base/say-quantity.ts';
import { type Html, html, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { pathWord } from '../watch/core/exposure/typed-line.ts';
import { KIND_WORDS } from '../watch/core/render-coverage.ts';
import { stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { Room } from './room.ts';
import type { DataShown, Shown } from './shown.ts';
import { ageHtml, urlPart } from './words.ts';

const ROWS_MAX = 150;

export function unprotectedPage(
  shown: Shown,
  of: { readonly host: string | undefined; readonly configFile: string | undefined },
): string {
  const { host } = of;
  const all = shown.coverage.filter((data) => host === undefined || data.host === host);
  const none = all.filter(({ state }) => state === 'none');
  const unknown = all.filter(({ state }) => state === 'unknown');
  const covered = all.length - none.length - unknown.length;
  const total = none.reduce((sum, { bytes }) => sum + bytes, 0);
  const atLeast = none.some(({ isAtLeast }) => isAtLeast) ? 'at least ' : '';
  const lead =
    all.length === 0
      ? html`No host has said yet what lies on it.`
      : none.length === 0 && unknown.length === 0
        ? html`All data that was found is in a recovery point.`
        : html`${none.length === 0 ? NOTHING : html`<span class="bad">${atLeast}${formatBytes(total)}</span> in ${countOf(none.length, 'place')} ${none.length === 1 ? 'is' : 'are'} in no recovery point`}${none.length > 0 && unknown.length > 0 ? '; ' : ''}${unknown.length === 0 ? NOTHING : html`of ${countOf(unknown.length, 'place')} it is <span class="bad dim">unknown</span>`}.`;
  const crumb =
    host === undefined
      ? html`Unprotected`
      : html`<a href="/hosts/${urlPart(host)}">${host}</a> / Unprotected`;
  const room = new Room();
  const section = (title: string, some: readonly DataShown[]): Html => {
    if (some.length === 0) return NOTHING;
    const rows = room.take(some, { countMax: ROWS_MAX }, (data) =>
      dataHtml(data, { shown, configFile: of.configFile }),
    );
    const more = some.length - rows.length;
    return html`<section><div class="h"><h2>${title} <i>${formatCount(some.length)}</i></h2></div>${rows}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <code>GET /v1/coverage</code></p>`}</section>`;
  };
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / ${crumb}</p><h1 class="say">${lead}</h1>
<p class="basis">The largest and newest first. ${covered === 0 ? '' : `${countOf(covered, 'place')} more ${covered === 1 ? 'is' : 'are'} covered.`} What could not be read is not counted as covered.</p>
${section('In no recovery point', none)}${section('A backup was found that may hold it; nobody has opened it', unknown)}</div>`;
  return pageOf(shown, { title: 'Unprotected', menu: 'Unprotected', body });
}

function dataHtml(
  data: DataShown,
  of: { readonly shown: Shown; readonly configFile: string | undefined },
): Html {
  const { host, path, bytes, isAtLeast, state, why, seenAt, newestChange, kind, openCommand } =
    data;
  const { at } = of.shown;
  const changed =
    newestChange === undefined
      ? NOTHING
      : html`; changed ${ageHtml(Math.max(0, at - newestChange))}`;
  const word = KIND_WORDS[kind] === '' ? '' : `${KIND_WORDS[kind]}, `;
  const mark = state === 'none' ? stateHtml('failed', 'none') : stateHtml('unknown', 'unknown');
  const act =
    openCommand === undefined
      ? protectHtml(data, of.configFile)
      : html`<details class="raw"><summary>Open the backup<span class="vh"> that may hold ${host}:${nameHtml(path)}</span></summary><pre class="cmd"><span class="p">$ </span>${openCommand}</pre></details>`;
  return html`<div class="li"><div class="t"><span><a class="name mono" href="/hosts/${urlPart(host)}">${host}:${nameHtml(path)}</a></span>${mark}</div><span class="sub">${word}${isAtLeast ? 'at least ' : ''}${formatBytes(bytes)}${changed}; seen ${ageHtml(Math.max(0, at - seenAt))}${why === '' ? '' : `; ${why}`}</span>${act}</div>
`;
}

/** What to write into the configuration, and what to run; nothing is written from here. */
function protectHtml({ host, path }: DataShown, configFile: string | undefined): Html {
  const name = dataSetName(host, path);
  const quoted = JSON.stringify(utf8Of(path));
  const plain = /^[\w./-]+$/.test(path) ? path : quoted;
  const shell = pathWord(path);
  return html`<details class="raw"><summary>Protect<span class="vh"> ${host}:${nameHtml(path)}</span></summary>
<pre class="cmd"><span class="same">${configFile ?? 'holdfast.yaml'}</span><span class="same">  datasets:</span><span class="add">+   ${name}: {host: ${host}, paths: [${plain}]}</span></pre>
<pre class="cmd"><span class="p"># on ${host}, once; then as a schedule of the server
$ </span>holdfast backup ${path.startsWith('-') ? '-- ' : ''}${shell}
<span class="p">$ </span>holdfast drill --data-set ${shell}</pre></details>`;
}

/** `web1-srv-www`: a name that YAML and people can write. */
function dataSetName(host: string, path: string): string {
  const part = path.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return `${host.split('.')[0] ?? host}-${part === '' ? 'root' : part}`.toLowerCase().slice(0, 60);
}
