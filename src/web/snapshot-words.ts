/** What pages of snapshots have in common: ways to them, amounts, and what is said where nobody answers. */
import type { ByteString } from '../base/bytes.ts';
import { countOf, formatBytes, formatCount } from '../base/say-quantity.ts';
import { unixMs } from '../base/units.ts';
import { base64OfText } from '../manifest/core/base64.ts';
import { isUtf8, utf8Of } from '../manifest/core/utf8.ts';
import type { SnapshotSaid, TotalsSaid } from '../watch/core/files/wants.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { pageOf } from './layout.ts';
import type { Shown } from './shown.ts';
import { ageHtml, timeHtml, urlPart } from './words.ts';

/** A host that reads a vault, for a page. */
export interface ThroughShown {
  readonly host: string;
  /** It answers for its own data alone. */
  readonly own: boolean;
  readonly mayContent: boolean;
  /** Where it may restore to. */
  readonly places: readonly string[];
}

export function base64Url(bytes: ByteString): string {
  return base64OfText(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Of an address, for a path of a snapshot: as text, where it is some. */
export function pathPart(path: ByteString): Html {
  if (path === '') return NOTHING;
  const isPlain = isUtf8(path);
  return isPlain ? html`&amp;path=${urlPart(utf8Of(path))}` : html`&amp;path64=${base64Url(path)}`;
}

export function snapshotHref(through: string, id: string, path: ByteString): Html {
  return html`/snapshot?through=${urlPart(through)}&amp;id=${id}${pathPart(path)}`;
}

export function snapshotsHref({ host }: ThroughShown, of: SnapshotSaid): Html {
  return html`/snapshots?through=${urlPart(host)}&amp;host=${urlPart(of.host)}&amp;data-set=${urlPart(of.dataSet)}`;
}

export function momentHtml({ coveredUpTo }: SnapshotSaid, { at }: Pick<Shown, 'at'>): Html {
  const when = unixMs(coveredUpTo);
  return html`${timeHtml(when, at)}, ${ageHtml(Math.max(0, at - when))}`;
}

export function amountWords({ entries, bytes }: TotalsSaid): string {
  return `${countOf(entries, 'entry', 'entries')}, ${formatBytes(bytes)}`;
}

/** Of whom it is known, and how far that goes. */
export function readThrough({ host, own }: ThroughShown): Html {
  const whose = own
    ? 'which answers for its own data alone'
    : 'a restore host: it can read every backup of this vault';
  return html`Read through <a href="/hosts/${urlPart(host)}">${host}</a> when this page was asked for; ${whose}. Nothing of it is kept by this server.`;
}

export interface NotRead {
  readonly title: string;
  readonly what: string;
  readonly remedy: string;
}

/** What was asked for could not be read: what is in the vault is not known here. */
export function notReadPage(shown: Shown, { title, what, remedy }: NotRead): string {
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/snapshots">Snapshots</a></p>
<h1 class="say"><span class="bad dim">It cannot be read now</span>: ${what}.</h1>
<p class="basis">${remedy} What the vault holds is unknown here until then; nothing of it was changed.</p></div>`;
  return pageOf(shown, { title, menu: 'Snapshots', body });
}

/** @param query goes along, each part after an ampersand */
export function morePager(of: {
  readonly path: string;
  readonly query: Html;
  readonly from: number;
  readonly page: number;
  readonly next: number | null;
  readonly left?: number;
}): Html {
  const { path, query, from, page, next, left } = of;
  const back =
    from === 0
      ? NOTHING
      : html`<a href="${path}?from=${String(Math.max(0, from - page))}${query}">Back</a>`;
  const on =
    next === null
      ? NOTHING
      : html`<a href="${path}?from=${String(next)}${query}">${left === undefined ? 'More' : `${formatCount(left)} more`}</a>`;
  return from === 0 && next === null ? NOTHING : html`<p class="pager">${back}${on}</p>`;
}
