/** Where the space of vaults goes, and when there is none left. */
import { countOf, formatBytes, formatCount } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import { fullInMs } from '../watch/core/exposure/would-free.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { SpaceOfSet, VaultSpace } from '../watch/core/vault-space.ts';
import { pageOf } from './layout.ts';
import type { Shown, SpaceShown } from './shown.ts';
import { vaultWords } from '../watch/core/exposure/say-step.ts';
import { ageHtml, sizeHtml, urlPart } from './words.ts';

const SETS_MAX = 60;
const VAULTS_MAX = 40;
const SOON_MS = 60 * 86_400_000;

export function spacePage(shown: Shown): string {
  const spaces = [...(shown.spaces ?? [])].sort(
    (one, other) =>
      spanOf(one.space) - spanOf(other.space) || other.space.storedBytes - one.space.storedBytes,
  );
  const more = spaces.length - VAULTS_MAX;
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Space</p>
<h1 class="say">${leadHtml(spaces)}</h1>
<p class="basis">As hosts that open a vault said of it. A month is known from two captures 20 h or more apart; “stored” is what a data set brought that was not there yet, at the share to which its vault as a whole compresses.</p>
${spaces.slice(0, VAULTS_MAX).map((each) => vaultHtml(each, shown))}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more vaults</p>`}
${spaces.length === 0 ? NOTHING : keepHtml(spaces)}</div>`;
  return pageOf(shown, { title: 'Space', menu: 'Space', body });
}

/** What is full first is first; what is not known comes before what never is. */
function spanOf(space: VaultSpace): number {
  const span = fullOf(space);
  if (span !== undefined) return span;
  return space.monthBytes === undefined ? SOON_MS : Number.MAX_VALUE;
}

function fullOf({ room, monthBytes }: VaultSpace): number | undefined {
  return room === undefined ? undefined : fullInMs({ ...room, monthBytes });
}

function leadHtml(spaces: readonly SpaceShown[]): Html {
  if (spaces.length === 0) return html`No host has said yet what a vault takes up.`;
  // Several hosts may speak of one vault, which is there once.
  const stored = new Map<string, number>();
  for (const { space } of spaces) {
    const name = nameOf(space);
    stored.set(name, Math.max(stored.get(name) ?? 0, space.storedBytes));
  }
  const all = [...stored.values()].reduce((sum, bytes) => sum + bytes, 0);
  const take = stored.size === 1 ? 'takes' : 'take';
  return html`<b>${countOf(stored.size, 'vault')}</b> ${take} ${sizeHtml(all)}${fullHtml(spaces)}.`;
}

/** What was said too long ago says nothing of when it is full. */
function fullHtml(spaces: readonly SpaceShown[]): Html {
  const fresh = spaces.filter(({ isFresh }) => isFresh);
  const spans = fresh.flatMap(({ space }) => fullOf(space) ?? []);
  if (spans.length === 0) return html`; when one is full is <span class="bad dim">unknown</span>`;
  const soonest = spans.reduce((a, b) => Math.min(a, b));
  const words = formatDuration(soonest, { detail: 'rough', rounding: 'down' });
  const first = spans.length < spaces.length ? 'the first that is known' : 'the first';
  const span = soonest < SOON_MS ? html`<span class="bad">${words}</span>` : html`<b>${words}</b>`;
  return html`; as it grows, ${first} is full in ${span}`;
}

/** Without the host that says it. */
function nameOf({ vault }: VaultSpace): string {
  return vault.replace(/ of [^ ]*$/, '');
}

function vaultHtml({ host, seenAt, isFresh, space }: SpaceShown, { at }: Shown): Html {
  const { storedBytes, monthBytes, room, dataSets, leftOut } = space;
  const free =
    room === undefined
      ? html`how much is free there is not told`
      : html`${sizeHtml(room.freeBytes)} of ${sizeHtml(room.totalBytes)} free, ${sizeHtml(room.floorBytes)} to be left free`;
  const month =
    monthBytes === undefined
      ? html`what a month adds is unknown`
      : html`+ ${sizeHtml(monthBytes)} a month`;
  const span = fullOf(space);
  const full =
    span === undefined
      ? NOTHING
      : html`; full in about ${formatDuration(span, { detail: 'rough', rounding: 'down' })}`;
  const old = isFresh ? NOTHING : html`, <b class="unknown">too old to count</b>`;
  const more = dataSets.length - SETS_MAX + leftOut;
  const words =
    more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more data sets</p>`;
  return html`<section><div class="h"><h2>Vault ${vaultWords(nameOf(space))} <i>of <a href="/hosts/${urlPart(host)}">${host}</a>, said ${ageHtml(Math.max(0, at - seenAt))}${old}</i></h2></div>
<p class="basis"><b>${sizeHtml(storedBytes)}</b> stored; ${month}; ${free}${full}.</p>${barHtml(space)}${tableHtml(dataSets.slice(0, SETS_MAX), storedBytes)}${words}</section>`;
}

const BAR = 1000;

/** What is stored, what else lies there, what is free, what is to be left free. */
function barHtml({ room, storedBytes, vault }: VaultSpace): Html {
  if (room === undefined || room.totalBytes <= 0) return NOTHING;
  const { freeBytes, totalBytes, floorBytes } = room;
  const wide = (bytes: number): number => Math.round((Math.max(0, bytes) / totalBytes) * BAR);
  const [own, used, floor] = [wide(storedBytes), wide(totalBytes - freeBytes), wide(floorBytes)];
  const label = `Vault ${vault}: ${formatBytes(storedBytes)} of it, ${formatBytes(totalBytes - freeBytes)} used in all, ${formatBytes(freeBytes)} free`;
  const rest = Math.max(0, used - own);
  return html`<svg class="sp" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="sp-free" width="1000" height="10"/><rect class="k-least" width="${String(own)}" height="10"/><rect class="k-most" x="${String(own)}" width="${String(rest)}" height="10"/><rect class="hatch" x="${String(BAR - floor)}" width="${String(floor)}" height="10"/></svg><p class="keys"><span><svg aria-hidden="true"><rect class="k-least" width="16" height="8" rx="1"/></svg>this vault</span><span><svg aria-hidden="true"><rect class="k-most" width="16" height="8" rx="1"/></svg>other files</span><span><svg aria-hidden="true"><rect class="hatch" width="16" height="8" rx="1"/></svg>to be left free</span></p>`;
}

function tableHtml(dataSets: readonly SpaceOfSet[], storedBytes: number): Html {
  if (dataSets.length === 0) return html`<p class="none">There is no snapshot in it.</p>`;
  const size = (bytes: number | undefined): Html =>
    bytes === undefined ? html`<span class="unknown">unknown</span>` : sizeHtml(bytes);
  const rows = dataSets.map(({ dataSet, host, bytes, storedBytes: own, monthBytes, captures }) => {
    const share =
      own === undefined || storedBytes <= 0
        ? ''
        : ` ${Math.round((own / storedBytes) * 100)} % of it`;
    return html`<tr><th scope="row"><span class="name">${dataSet}</span><span class="sub">of ${host}, ${countOf(captures, 'snapshot')}</span></th><td data-l="Size">${sizeHtml(bytes)}</td><td data-l="Stored">${size(own)}<span class="sub">${share}</span></td><td data-l="A month adds">${size(monthBytes)}</td></tr>
`;
  });
  return html`<table><thead><tr><th>Data set</th><th class="w-m">Size</th><th class="w-m">Stored</th><th class="w-m">A month adds</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function keepHtml(spaces: readonly SpaceShown[]): Html {
  const hosts = [...new Set(spaces.map(({ host }) => host))].slice(0, 3).join(', ');
  return html`<section><div class="h"><h2>What a retention would free</h2></div><p class="basis">No page removes anything. On a host that opens the vault (${hosts}) the first line says how many snapshots a policy would let go of, and how much room that is at most; the second, where the vault lies, shows which, asks, and can be undone for a week. The newest proven one of each data set always stays.</p><pre class="cmd" tabindex="0"><span class="p">$ </span>holdfast cost --keep last=7,daily=14,weekly=8,monthly=12
<span class="p">$ </span>holdfast vault gc --keep last=7,daily=14,weekly=8,monthly=12</pre></section>`;
}
