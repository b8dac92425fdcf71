/** A directory of a snapshot: what is in it, to be opened, downloaded, restored. */
import { type ByteString, byteString } from '../base/bytes.ts';
import { countOf, formatBytes } from '../base/say-quantity.ts';
import { unixMs } from '../base/units.ts';
import type { EntrySaid, ListAnswer } from '../watch/core/files/wants.ts';
import { type Html, html, joinHtml, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import {
  amountWords,
  base64Url,
  momentHtml,
  morePager,
  pathPart,
  readThrough,
  snapshotHref,
  snapshotsHref,
  type ThroughShown,
} from './snapshot-words.ts';
import { wholeHtml } from './snapshots-page.ts';
import { ageHtml, nameInSentence, urlPart } from './words.ts';

export interface SnapshotShown {
  readonly through: ThroughShown;
  readonly path: ByteString;
  readonly found: ListAnswer;
  readonly from: number;
  readonly page: number;
}

export function snapshotPage(shown: Shown, of: SnapshotShown): string {
  const { through, found, path, from, page } = of;
  const { snapshot, totals, next } = found;
  const query = html`&amp;through=${urlPart(through.host)}&amp;id=${snapshot.id}${pathPart(path)}`;
  const isFlawed = snapshot.isTorn || snapshot.gapCount > 0;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/snapshots">Snapshots</a> / <a href="${snapshotsHref(through, snapshot)}">${snapshot.dataSet}</a> / ${crumbsHtml(of)}</p>
<h1 class="say">${path === '' ? nameInSentence(snapshot.dataSet) : html`<b>${nameHtml(lastOf(path))}</b>`} as it was ${momentHtml(snapshot, shown)}: <b>${amountWords(totals)}</b>.</h1>
${isFlawed ? html`<p class="basis">${wholeHtml(snapshot)}</p>` : NOTHING}
<p class="basis">${readThrough(through)}</p>
${actsHtml(shown, of)}
<section><div class="h"><h2>In it <i>${amountWords(totals)}</i></h2><a href="/v1/snapshots/${snapshot.id}/files?from=${String(from)}&amp;through=${urlPart(through.host)}${pathPart(path)}">As JSON</a></div>
${found.entries.length === 0 ? html`<p class="none">It is empty.</p>` : tableHtml(shown, of)}
${morePager({ path: '/snapshot', query, from, page, next })}</section></div>`;
  return pageOf(shown, { title: `${snapshot.dataSet} as it was`, menu: 'Snapshots', body });
}

function lastOf(path: ByteString): ByteString {
  return byteString(path.split('/').at(-1) ?? path);
}

/** Each directory on the way. */
function crumbsHtml({ through, found, path }: SnapshotShown): Html {
  const top = html`<a href="${snapshotHref(through.host, found.snapshot.id, byteString(''))}">${found.snapshot.id.slice(0, 8)}</a>`;
  if (path === '') return html`${found.snapshot.id.slice(0, 8)}`;
  const parts = path.split('/');
  const way = parts.map((part, n) => {
    const name = nameHtml(byteString(part));
    if (n === parts.length - 1) return name;
    const href = snapshotHref(
      through.host,
      found.snapshot.id,
      byteString(parts.slice(0, n + 1).join('/')),
    );
    return html`<a href="${href}">${name}</a>`;
  });
  return joinHtml([top, ...way], ' / ');
}

/** The forms that the rows of the table send: one for what is marked, one for a file. */
function actsHtml({ reader }: Shown, { through, found, path }: SnapshotShown): Html {
  const { id } = found.snapshot;
  const canSend = reader.csrf !== undefined;
  const here = { through: through.host, id };
  const restore =
    reader.mayRestore === true && canSend && through.places.length > 0
      ? html`<form id="restore" action="/restore"><input type="hidden" name="through" value="${here.through}"><input type="hidden" name="id" value="${id}"><button class="btn" type="submit">Restore what is marked…</button> <a class="btn" href="/restore?through=${urlPart(here.through)}&amp;id=${id}${path === '' ? html`&amp;path=` : pathPart(path)}">Restore all of this…</a></form>`
      : NOTHING;
  const download =
    reader.mayDownload === true && canSend && through.mayContent
      ? html`<form id="download" method="post" action="/snapshots/download"><input type="hidden" name="csrf" value="${reader.csrf}"><input type="hidden" name="through" value="${here.through}"><input type="hidden" name="id" value="${id}"></form>`
      : NOTHING;
  const why = [
    ...(through.mayContent ? [] : [`${through.host} hands out names and no content`]),
    ...(through.places.length > 0 ? [] : [`${through.host} restores nothing for its server`]),
  ];
  const said =
    why.length === 0
      ? NOTHING
      : html`<p class="basis">${why.join('; ')}: its owner says so in agent.yaml there (<code>files</code>).</p>`;
  return html`<div class="verbs">${restore}${download}</div>${said}`;
}

function tableHtml(shown: Shown, of: SnapshotShown): Html {
  const { found, through } = of;
  const { reader, at } = shown;
  const canSend = reader.csrf !== undefined;
  const canRestore = reader.mayRestore === true && canSend && through.places.length > 0;
  const canRead = reader.mayDownload === true && canSend && through.mayContent;
  const rows = found.entries.map((entry) => {
    const { path, modifiedAt } = entry;
    const name = nameHtml(lastOf(path));
    const box = canRestore
      ? html`<td class="w-mark"><input type="checkbox" form="restore" name="path64" value="${base64Url(path)}" aria-label="Mark ${name}"></td>`
      : NOTHING;
    const shownName =
      entry.type === 'dir'
        ? html`<a class="name mono" href="${snapshotHref(through.host, found.snapshot.id, path)}">${name}/</a>`
        : html`<span class="name mono">${name}</span>`;
    const link =
      entry.target === null
        ? NOTHING
        : html`<span class="sub">leads to <span class="mono">${nameHtml(entry.target)}</span></span>`;
    const flaw = entry.flaw === null ? NOTHING : html`<span class="sub bad">${entry.flaw}</span>`;
    const act =
      canRead && entry.type === 'file' && entry.flaw === null
        ? html`<button class="link" type="submit" form="download" name="path64" value="${base64Url(path)}">Download<span class="vh"> ${name}</span></button>`
        : NOTHING;
    return html`<tr>${box}<th scope="row">${shownName}${link}${flaw}</th><td data-l="Size">${sizeOf(entry)}</td><td data-l="Changed">${ageHtml(Math.max(0, at - unixMs(modifiedAt)))}<span class="sub">${modeWords(entry)}</span></td><td class="acts">${act}</td></tr>
`;
  });
  const head = canRestore ? html`<th class="w-mark"><span class="vh">Mark</span></th>` : NOTHING;
  return html`<table class="files"><thead><tr>${head}<th>Name</th><th class="w-m">Size</th><th class="w-l">Changed</th><th class="w-s"><span class="vh">Acts</span></th></tr></thead><tbody>${rows}</tbody></table>`;
}

const TYPE_WORDS: Readonly<Record<EntrySaid['type'], string>> = {
  ...{ file: 'file', dir: 'directory', symlink: 'link', fifo: 'pipe', socket: 'socket' },
  ...{ char: 'device', block: 'device' },
};

function sizeOf({ bytes, entries, type }: EntrySaid): Html {
  if (bytes === null) return html`${TYPE_WORDS[type]}`;
  const below =
    entries === null
      ? NOTHING
      : html`<span class="sub">${countOf(Math.max(0, entries - 1), 'entry', 'entries')} below</span>`;
  return html`${formatBytes(bytes)}${below}`;
}

function modeWords({ mode, uid, gid, type }: EntrySaid): string {
  return `${TYPE_WORDS[type]}, ${mode.toString(8).padStart(4, '0')}, owner ${uid}:${gid}`;
}
