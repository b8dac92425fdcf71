/** What was seen, by whom it was seen and how long that still counts. */
import { largest } from '../base/long-list.ts';
import { countOf, formatCount } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { EstateNow, HostNow, ItemNow } from '../watch/core/server/estate-now.ts';
import { isWorse, type Standing } from '../watch/core/standing/standing.ts';
import { stateHtml } from './glyphs.ts';
import { ageHtml, urlPart } from './words.ts';

/** A thing that stands somehow: an item, or a host by itself. */
export interface Check {
  readonly host: string;
  /** Empty: the host and its agent. */
  readonly item: string;
  readonly standing: Standing;
  readonly ageMs: number | undefined;
  readonly expiresInMs: number | undefined;
  readonly isInMaintenance: boolean;
}

/** All of an estate, worst first. */
export function checksOf({ hosts, orphans }: EstateNow): readonly Check[] {
  return [...hosts.flatMap(unsorted), ...orphans.map(orphanCheck)].sort(worstFirst);
}

/** Those that are not well, worst first: of many they are few. */
export function badChecksOf({ hosts, orphans }: EstateNow): readonly Check[] {
  const isBad = ({ standing }: Check): boolean => standing.mark !== 'ok';
  const bad = hosts
    .filter(
      (host) => host.standing.mark !== 'ok' || host.items.some(isBad) || host.own.mark !== 'ok',
    )
    .flatMap((host) => unsorted(host).filter(isBad));
  return [...bad, ...orphans.map(orphanCheck).filter(isBad)].sort(worstFirst);
}

export function checksOfHost(host: HostNow): readonly Check[] {
  return [...unsorted(host)].sort(worstFirst);
}

function unsorted(host: HostNow): readonly Check[] {
  const own: Check = {
    ...{ host: host.host, item: '', standing: host.own, ageMs: host.saidAgoMs },
    ...{ expiresInMs: undefined, isInMaintenance: host.isInMaintenance },
  };
  return [own, ...host.items];
}

/** What is to be done on a host that nobody enrolled. */
function orphanCheck({ subject, standing }: EstateNow['orphans'][number]): Check {
  const [host = '', ...item] = subject.replace(/^host:/, '').split('/');
  return {
    ...{ host, item: item.join('/'), standing, ageMs: undefined, expiresInMs: undefined },
    isInMaintenance: false,
  };
}

export function worstFirst(
  a: Pick<ItemNow, 'standing' | 'host' | 'item'>,
  b: Pick<ItemNow, 'standing' | 'host' | 'item'>,
): number {
  if (a.standing.mark !== b.standing.mark) {
    return isWorse(a.standing.mark, b.standing.mark) ? -1 : 1;
  }
  if (a.host !== b.host) return a.host < b.host ? -1 : 1;
  return a.item < b.item ? -1 : a.item > b.item ? 1 : 0;
}

/** @param isOfOneHost then its name stands above, not in each row */
export function checksTable(
  checks: readonly Check[],
  { isOfOneHost }: { readonly isOfOneHost: boolean },
): Html {
  const rows = checks.map((check) => {
    const { host, item, standing, isInMaintenance } = check;
    const place = isOfOneHost ? NOTHING : html`<span class="sub">${host}</span>`;
    const worked = isInMaintenance ? html`<span class="sub">being worked on</span>` : NOTHING;
    const name = item === '' ? 'the host and its agent' : item;
    const href =
      item === ''
        ? html`/hosts/${urlPart(host)}`
        : html`/hosts/${urlPart(host)}/checks/${urlPart(item)}`;
    return html`<tr data-item="${host}/${item}"><td>${stateHtml(standing.mark, standing.mark)}</td><th scope="row"><a class="name" href="${href}">${name}</a>${place}</th><td>${standing.why}${worked}</td><td>${seenHtml(check)}</td></tr>
`;
  });
  return html`<table><thead><tr><th class="w-s">It is</th><th class="w-xl">What</th><th>What was seen</th><th class="w-m">Seen</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function seenHtml({ standing, ageMs, expiresInMs }: Check): Html {
  if (ageMs === undefined) {
    return standing.mark === 'unknown' ? html`not seen` : html`now, by the server`;
  }
  const until =
    expiresInMs === undefined || standing.mark === 'unknown'
      ? NOTHING
      : html`<span class="sub">good for <span class="nw" data-left="${String(expiresInMs)}">${formatDuration(Math.max(0, expiresInMs), { detail: 'rough' })}</span></span>`;
  return html`${ageHtml(ageMs)}${until}`;
}

/** A line that opens to all that is well on a host. */
export function wellHtml(
  host: HostNow,
  of: { readonly isOpen: boolean; readonly max: number },
): Html {
  const checks = checksOfHost(host);
  const well = checks.filter(({ standing }) => standing.mark === 'ok');
  const shown = well.slice(0, of.max);
  const oldest = largest(
    well.map(({ ageMs }) => ageMs ?? 0),
    0,
  );
  const open = of.isOpen ? html` open` : NOTHING;
  const words = html`<b>${host.host}</b> <span class="sub">level ${host.level}; ${formatCount(well.length)} of ${countOf(checks.length, 'check')} well${well.length === 0 ? NOTHING : html`, the oldest seen ${ageHtml(oldest)}`}</span>`;
  return html`<details class="well"${open}><summary>${words}</summary>${
    shown.length === 0 ? NOTHING : checksTable(shown, { isOfOneHost: true })
  }</details>`;
}
