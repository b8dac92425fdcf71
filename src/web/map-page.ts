/** The map of failure domains: lists in lists, so that it reads on a phone, in print and aloud. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import { type Html, html, joinHtml, NOTHING } from '../watch/core/look/html.ts';
import { glyph } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { type EstateMap, type MapDomain, type MapGroup, type MapHosts, mapOf } from './map-of.ts';
import type { Shown } from './shown.ts';
import { vaultWords } from '../watch/core/exposure/say-step.ts';
import { domainWords, nameInSentence, urlPart } from './words.ts';

const NAMES_MAX = 8;
const DISKS_MAX = 6;
/** Of each list, so that the page stays under 100 kB however long names are: UTF-16 units. */
const ROOM = { groups: 16_000, hosts: 50_000, keys: 10_000 };

export function mapPage(shown: Shown): string {
  const map = mapOf(shown);
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Map</p>
<h1 class="say">${leadHtml(map)}</h1>
<p class="basis">Each name leads to what would be lost without it. What lies under one heading falls together with it. ${glyph('failed', 'failed')} <span class="failed">single point of failure</span>: without it alone nothing proven is left of something.</p>
${groupsHtml(map)}${hostsHtml(map)}${keysHtml(map)}</div>`;
  return pageOf(shown, { title: 'Map of failure domains', menu: 'Map', body });
}

function singlesOf(map: EstateMap): readonly MapDomain[] {
  const all = [
    ...map.groups,
    ...map.hosts.flatMap(({ like }) => [like, ...like.disks]),
    ...map.keys,
  ];
  return all.filter(({ single }) => single > 0).sort((one, other) => other.single - one.single);
}

function leadHtml(map: EstateMap): Html {
  if (map.hostCount === 0) return html`No host has said yet what lies on it.`;
  const [worst, ...others] = singlesOf(map);
  const hosts = countOf(map.hostCount, 'host');
  if (worst === undefined) {
    return html`No single failure that is known takes all that is proven of anything, on <b>${hosts}</b>.`;
  }
  const more =
    others.length === 0
      ? ''
      : `, and ${formatCount(others.length)} more alone take all of something`;
  return html`${nameInSentence(domainWords(worst.domain))} alone takes all that is proven of <span class="bad">${countOf(worst.single, 'data set')}</span>${more}.`;
}

function linkHtml({ domain, lose }: MapDomain, words = domainWords(domain)): Html {
  if (lose === undefined) return html`<span class="name">${words}</span>`;
  return html`<a class="name" href="/lose?lost=${urlPart(lose)}">${words}</a>`;
}

function markHtml({ single, hits }: MapDomain): Html {
  if (single > 0) {
    return html`<span class="st failed">${glyph('failed')}alone takes ${countOf(single, 'data set')}</span>`;
  }
  return html`<span class="sub">${hits === 0 ? 'nothing known is hit' : `${countOf(hits, 'data set')} hit`}</span>`;
}

function groupsHtml({ groups }: EstateMap): Html {
  if (groups.length === 0) {
    return html`<section><div class="h"><h2>Sites, racks, providers, hypervisors</h2></div><p class="none">None is known. Declare what fails together below <code>domains:</code> in holdfast.yaml: then it is counted.</p></section>`;
  }
  const rows = fitting(groups, groupHtml, ROOM.groups);
  const kinds = [...Map.groupBy(groups.slice(0, rows.length), ({ of }) => of).keys()];
  const more = groups.length - rows.length;
  return html`<section><div class="h"><h2>What falls together <i>${formatCount(groups.length)}</i></h2></div><ul class="map">${kinds.map(
    (kind) =>
      html`<li><h3>${kind}</h3><ul>${rows.filter((_, at) => groups[at]?.of === kind)}</ul></li>
`,
  )}</ul>${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <a href="/v1/exposure">as JSON</a></p>`}</section>`;
}

function groupHtml(group: MapGroup): Html {
  return html`<li><div class="t">${linkHtml(group, group.name)}${markHtml(group)}</div><span class="sub">${namesHtml(group.hosts)}</span></li>
`;
}

/** The first of them by name; of many the rest is a number. */
function namesHtml(hosts: readonly string[]): Html {
  const shown = hosts.slice(0, NAMES_MAX);
  const more = hosts.length - shown.length;
  const links = shown.map((host) => html`<a href="/hosts/${urlPart(host)}">${host}</a>`);
  return html`${joinHtml(links, ', ')}${more <= 0 ? '' : ` and ${formatCount(more)} more`}`;
}

function hostsHtml({ hosts, hostCount }: EstateMap): Html {
  if (hosts.length === 0) return NOTHING;
  const rows = fitting(hosts, hostHtml, ROOM.hosts);
  const more = hosts.length - rows.length;
  return html`<section><div class="h"><h2>Hosts, and what lies on them <i>${countOf(hostCount, 'host')}, worst first</i></h2><a href="/hosts">As a table</a></div><ul class="map">${rows}</ul>${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more kinds of hosts: <a href="/hosts">as a table</a></p>`}</section>`;
}

function hostHtml({ like, hosts }: MapHosts): Html {
  const [first = like.host] = hosts;
  const name =
    hosts.length === 1
      ? linkHtml(like, first)
      : html`<span class="name">${countOf(hosts.length, 'host')} like this</span>`;
  const facts = [
    ...(hosts.length === 1 ? [] : [html`${namesHtml(hosts)}`]),
    ...(like.runsOn === undefined
      ? []
      : [html`runs on <a href="/hosts/${urlPart(like.runsOn)}">${like.runsOn}</a>`]),
    ...like.groups.slice(0, NAMES_MAX).map((group) => html`${group}`),
    ...(like.isSeen ? [] : [html`<b class="unknown">nobody has seen what lies on it</b>`]),
  ];
  const about =
    facts.length === 0 ? NOTHING : html`<span class="sub">${joinHtml(facts, '; ')}</span>`;
  return html`<li><div class="t">${name}${markHtml(like)}</div>${about}${insideHtml({ like, hosts })}</li>
`;
}

function insideHtml({ like, hosts }: MapHosts): Html {
  const { disks, dataSets, copies } = like;
  const isOne = hosts.length === 1;
  const diskRows = isOne
    ? disks
        .slice(0, DISKS_MAX)
        .map(
          (disk) =>
            html`<li><div class="t">${linkHtml(disk, diskWords(disk))}${markHtml(disk)}</div></li>`,
        )
    : [];
  const moreDisks = isOne ? disks.length - diskRows.length : disks.length;
  const sets = dataSets.slice(0, NAMES_MAX).map((name) => {
    const words = isOne ? name : name.replace(/^[^:]*:/, '');
    return isOne ? html`<a href="/data-set?name=${urlPart(name)}">${words}</a>` : html`${words}`;
  });
  const moreSets = dataSets.length - sets.length;
  const rows = [
    ...diskRows,
    ...(moreDisks <= 0
      ? []
      : [
          html`<li><span class="sub">${countOf(moreDisks, isOne && diskRows.length > 0 ? 'more disk' : 'disk')}${isOne ? '' : ' each'}</span></li>`,
        ]),
    ...(sets.length === 0
      ? []
      : [
          html`<li><span class="sub">holds</span> ${joinHtml(sets, ', ')}${moreSets <= 0 ? '' : ` and ${formatCount(moreSets)} more`}</li>`,
        ]),
    ...(copies.length === 0
      ? []
      : [
          html`<li><span class="sub">copies of</span> ${copies.slice(0, NAMES_MAX).map(vaultWords).join(', ')}${copies.length > NAMES_MAX ? ` and ${formatCount(copies.length - NAMES_MAX)} more` : ''}</li>`,
        ]),
  ];
  return rows.length === 0 ? NOTHING : html`<ul>${rows}</ul>`;
}

function diskWords({ domain }: MapDomain): string {
  return domain.kind === 'disk' ? `disk ${domain.disk}` : domainWords(domain);
}

function keysHtml({ keys }: EstateMap): Html {
  if (keys.length === 0) return NOTHING;
  const rows = fitting(keys, keyHtml, ROOM.keys);
  const more = keys.length - rows.length;
  return html`<section><div class="h"><h2>Keys, and who has them <i>${formatCount(keys.length)}</i></h2></div><ul class="map">${rows}</ul>${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more</p>`}</section>`;
}

function keyHtml(key: MapDomain): Html {
  const reach =
    key.domain.kind === 'credential'
      ? html`<span class="sub">opens root on ${namesHtml(key.domain.hosts)}</span>`
      : NOTHING;
  return html`<li><div class="t">${linkHtml(key)}${markHtml(key)}</div>${reach}</li>
`;
}

/** The first of them, as many as there is room for. */
function fitting<T>(items: readonly T[], rowOf: (item: T) => Html, room: number): readonly Html[] {
  const rows: Html[] = [];
  let used = 0;
  for (const item of items) {
    const row = rowOf(item);
    used += row.markup.length;
    if (used > room) break;
    rows.push(row);
  }
  return rows;
}
