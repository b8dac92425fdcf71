/** What changed on hosts, newest first, by day. */
import { formatInstant } from '../base/say-time.ts';
import { formatCount } from '../base/say-quantity.ts';
import type { UnixMs } from '../base/units.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { pageOf } from './layout.ts';
import { Room } from './room.ts';
import type { ChangeShown, Shown } from './shown.ts';
import { ageHtml, shortened, timeHtml, urlPart } from './words.ts';

/** What was seen of a check: it was so, and became so. */
export function changesPage(
  shown: Shown,
  of: { readonly host: string | undefined; readonly changes: readonly ChangeShown[] },
): string {
  const { host, changes } = of;
  const where = host === undefined ? html`any host` : html`<b>${host}</b>`;
  const [newest] = changes;
  const lead =
    newest === undefined
      ? html`Nothing has changed on ${where} since it was first seen.`
      : html`The last change on ${where} was seen <b>${ageHtml(Math.max(0, shown.at - newest.at))}</b>.`;
  const crumb =
    host === undefined
      ? html`Changes`
      : html`<a href="/hosts/${urlPart(host)}">${host}</a> / Changes`;
  const room = new Room();
  const days = daysOf(changes, shown.at).map(([day, some]) => {
    const rows = room.take(some, { countMax: some.length }, (change) =>
      changeHtml(change, { at: shown.at, isOfOneHost: false }),
    );
    const rest = some.length - rows.length;
    const more = html`<p class="pager">${formatCount(rest)} more: <code>GET /v1/changes</code></p>`;
    return html`<section class="day"><h2>${day}</h2>${rows}${rest === 0 ? NOTHING : more}</section>`;
  });
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / ${crumb}</p><h1 class="say">${lead}</h1>
<p class="basis">Kernel, packages, mounts, disks, guests, firewall, ports, units, logins: what one sight has and the one before had not. A change came about between the two.</p>
${days}</div>`;
  return pageOf(shown, { title: 'Changes', menu: 'Changes', body });
}

const DAY = 86_400_000;

function daysOf(
  changes: readonly ChangeShown[],
  now: UnixMs,
): readonly (readonly [string, readonly ChangeShown[]])[] {
  const byDay = new Map<number, ChangeShown[]>();
  for (const change of changes) {
    const day = Math.floor(change.at / DAY);
    byDay.set(day, [...(byDay.get(day) ?? []), change]);
  }
  return [...byDay].map(([day, some]) => [dayWords(day, some, now), some]);
}

function dayWords(day: number, [first]: readonly ChangeShown[], now: UnixMs): string {
  if (day === Math.floor(now / DAY)) return 'Today';
  return first === undefined ? '' : formatInstant(first.at, now).replace(/, \d\d:\d\d UTC$/, '');
}

const VALUE_MAX = 160;
const cut = (text: string | undefined): string => shortened(text ?? '', VALUE_MAX);

export function changeHtml(
  { at: then, notBefore, host, topic, kind, name, before, after }: ChangeShown,
  { at, isOfOneHost }: { readonly at: UnixMs; readonly isOfOneHost: boolean },
): Html {
  const values =
    kind === 'changed'
      ? html`<span class="sub">${cut(before)} becomes ${cut(after)}</span>`
      : html`<span class="sub">${cut(kind === 'added' ? after : before)}</span>`;
  const since =
    notBefore === then
      ? NOTHING
      : html`<span class="vh">, not before ${timeHtml(notBefore, at)}</span>`;
  return html`<div class="ev-line"><span class="sub">${timeHtml(then, at)}${since}</span>${isOfOneHost ? NOTHING : html`<a class="name" href="/hosts/${urlPart(host)}">${host}</a>`}<span>${topic} ${kind}: <b>${name}</b> ${values}</span></div>
`;
}
