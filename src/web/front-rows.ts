/** Rows of the front page: a host as it is now, and what would be if it died now. */
import { countOf, formatCount } from '../base/say-quantity.ts';
import type { UnixMs } from '../base/units.ts';
import type { CheapestStep, ExposureView, Fall } from '../watch/core/exposure/view.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import type { HostNow, ItemNow } from '../watch/core/server/estate-now.ts';
import { isWorse, type StandingMark } from '../watch/core/standing/standing.ts';
import { type Cost, costOfFall, dataSetsByName, type DataSetsByName } from './falls.ts';
import { markHtml, stateHtml, survivesHtml } from './glyphs.ts';
import { NOW_LINE_AXIS, nowLine } from './now-line.ts';
import type { Shown } from './shown.ts';
import { stepWords } from '../watch/core/exposure/say-step.ts';
import { ageHtml, forHtml, proofWords, urlPart } from './words.ts';

export interface HostRow {
  readonly host: string;
  readonly mark: StandingMark;
  /** Undefined: no agent speaks for it. */
  readonly now: HostNow | undefined;
  readonly fall: Fall | undefined;
  /** Where it stands among all failures; the worst is 0. */
  readonly rank: number;
}

/** Of one reading they are asked for by many pages and rows. */
const rowsOf = new WeakMap<
  Shown['estate'],
  { readonly of: unknown; readonly rows: readonly HostRow[] }
>();

/** First by what is, then by what would be. */
export function hostRows(of: Pick<Shown, 'estate' | 'exposure'>): readonly HostRow[] {
  const { estate, exposure } = of;
  const known = rowsOf.get(estate);
  if (known !== undefined && known.of === exposure) return known.rows;
  const rows = rowsInOrder(of);
  rowsOf.set(estate, { of: exposure, rows });
  return rows;
}

function rowsInOrder({ estate, exposure }: Pick<Shown, 'estate' | 'exposure'>): readonly HostRow[] {
  const falls = new Map<string, { readonly fall: Fall; readonly rank: number }>();
  for (const [rank, fall] of (exposure?.falls ?? []).entries()) {
    if (fall.domain.kind === 'host') falls.set(fall.domain.host, { fall, rank });
  }
  const last = exposure?.falls.length ?? 0;
  const watched = estate.hosts.map((now): HostRow => {
    const { fall, rank = last } = falls.get(now.host) ?? {};
    return { host: now.host, mark: now.standing.mark, now, fall, rank };
  });
  const known = new Set(estate.hosts.map(({ host }) => host));
  const others = [...falls].filter(([host]) => !known.has(host));
  const unwatched = others.map(([host, { fall, rank }]): HostRow => {
    return { host, mark: 'unknown', now: undefined, fall, rank };
  });
  return [...watched, ...unwatched].sort((a, b) => {
    if (a.mark !== b.mark) return isWorse(a.mark, b.mark) ? -1 : 1;
    return a.rank - b.rank || (a.host < b.host ? -1 : 1);
  });
}

/** A row is under 1 kB: so many still come at once. */
const ROWS_MAX = 40;

const GROUPS = { bad: 'Not as it should be', works: 'Works' } as const;

export function worstTable(shown: Shown): Html {
  const rows = hostRows(shown);
  const bad = rows.filter(({ mark }) => mark !== 'ok');
  const works = rows.filter(({ mark }) => mark === 'ok');
  const shownBad = bad.slice(0, ROWS_MAX);
  const shownWorks = works.slice(0, Math.max(0, ROWS_MAX - shownBad.length));
  const more = rows.length - shownBad.length - shownWorks.length;
  const dataSets: DataSetsByName =
    shown.exposure === undefined ? new Map() : dataSetsByName(shown.exposure);
  const of = { shown, dataSets };
  const group = (id: 'bad' | 'works', all: readonly HostRow[], some: readonly HostRow[]): Html =>
    html`<tbody id="${id}"${all.length === 0 ? html` hidden` : NOTHING}><tr class="grp"><th colspan="6" scope="rowgroup"><b>${GROUPS[id]}</b> <span class="count">${formatCount(all.length)}</span></th></tr>
${some.map((row) => hostRowHtml(row, of))}</tbody>`;
  return html`<table class="worst"><caption class="vh">Hosts, worst first: as each is now, and what would be if it died now</caption>
<thead><tr><th class="w-mark"><span class="vh">State</span></th><th class="w-host">Host, as it is now</th><th>If it died now</th><th class="w-line ax-th">${NOW_LINE_AXIS}</th><th class="w-survives">Survives</th><th class="w-proof">Proof</th></tr></thead>
${group('bad', bad, shownBad)}
${group('works', works, shownWorks)}</table>${
    more === 0
      ? NOTHING
      : html`<p class="pager"><a href="/hosts">${formatCount(more)} more hosts</a></p>`
  }`;
}

interface Around {
  readonly shown: Shown;
  readonly dataSets: DataSetsByName;
}

/** What the script asks for again when a host has changed. */
export function hostRowHtml(row: HostRow, { shown, dataSets }: Around): Html {
  const { host, mark, now, fall } = row;
  return html`<tr class="row" data-host="${host}" data-mark="${mark}"><td>${markHtml(mark)}</td><td class="c-host"><a class="name" href="/hosts/${urlPart(host)}">${host}</a>${isHtml(now, shown.at)}</td>
${wouldBeHtml(fall, dataSets)}</tr>`;
}

/** What of it is worst, since when; in a word what else is seen of it. */
function isHtml(now: HostNow | undefined, at: UnixMs): Html {
  if (now === undefined) {
    return html`<span class="is unknown">no agent watches it</span> <span class="sub">looked at by ssh</span>`;
  }
  const { items, standing } = now;
  const current = items.filter(({ standing: its }) => its.mark === 'ok').length;
  const checks = html` <span class="sub">${formatCount(current)} of ${countOf(items.length, 'check')} well</span>`;
  if (standing.mark === 'ok') return checks;
  const worst = worstItem(now);
  const isOwn = now.own === standing || worst === undefined;
  const word = isOwn && OWN_WORDS.has(now.own.reason) ? now.own.reason : standing.mark;
  const since = isOwn ? now.since : worst.since;
  const what = isOwn ? checks : html` <span class="sub">${shortName(worst.item)}</span>`;
  return html`<span class="is ${standing.mark}">${word} ${forHtml(since, at)}</span>${what}`;
}

const OWN_WORDS: ReadonlySet<string> = new Set(['silent', 'down']);

export function worstItem({ items, standing }: HostNow): ItemNow | undefined {
  return (
    items.find((item) => item.standing === standing) ??
    items.find((item) => item.standing.mark === standing.mark)
  );
}

const NAME_MAX = 36;

/** `disk-space /srv`: the name of a check, for reading. */
export function shortName(item: string): string {
  const at = item.indexOf(':');
  const words = at < 0 ? item : `${item.slice(0, at)} ${item.slice(at + 1)}`;
  return words.length > NAME_MAX ? `${words.slice(0, NAME_MAX)}…` : words;
}

/** The four cells that say what would be. */
export function wouldBeHtml(fall: Fall | undefined, dataSets: DataSetsByName): Html {
  if (fall === undefined) return UNKNOWN_CELLS;
  const cost = costOfFall(fall, dataSets);
  const [worst] = fall.hits;
  const step = worst === undefined ? undefined : dataSets.get(worst.dataSet)?.step;
  const isKnown = cost.loss.kind !== 'unknown';
  return html`<td class="c-say">${sayHtml(cost)}${cost.tone === 'plain' ? NOTHING : fixHtml(step, worst?.dataSet)}</td>
<td class="nlc">${nowLine(cost)}</td><td class="c-survives" data-l="Survives">${survivesHtml(fall.survives, isKnown || fall.survives !== 0)}</td><td data-l="Proof">${proofHtml(worst)}</td>`;
}

const UNKNOWN_CELLS: Html = html`<td class="c-say"><span class="say1 unknown">Unknown</span><span class="sub">it has not said yet what lies on it</span></td>
<td class="nlc">${nowLine({
  ...{
    loss: { kind: 'unknown', atLeastMs: undefined, why: '' },
    outage: { kind: 'unknown', why: '' },
  },
  ...{ isLossHot: false, isOutHot: false },
})}</td><td class="c-survives" data-l="Survives">${survivesHtml(undefined, false)}</td><td data-l="Proof">${stateHtml('unknown', 'never drilled')}</td>`;

export function sayHtml({ say, sub, tone }: Cost): Html {
  const rest = sub === '' ? NOTHING : html`<span class="sub">${sub}</span>`;
  return html`<span class="say1 ${tone}">${say}</span>${rest}`;
}

/** The cheapest step, where it is needed. */
function fixHtml(step: CheapestStep | undefined, dataSet: string | undefined): Html {
  if (step === undefined || dataSet === undefined) return NOTHING;
  const { act, gain } = stepWords(step);
  return html`<a class="fix" href="/data-set?name=${urlPart(dataSet)}#helps">${act}: ${gain}</a>`;
}

export function proofHtml(of: Pick<Fall['hits'][number], 'proof'> | undefined): Html {
  if (of === undefined) return html`<span class="sub">nothing to prove</span>`;
  const { mark, words } = proofWords(of.proof);
  const { ageMs } = of.proof;
  const age = ageMs === undefined ? NOTHING : html`<span class="sub">${ageHtml(ageMs)}</span>`;
  return html`${stateHtml(mark, words)}${age}`;
}

/** That a directory is gone when it is deleted goes without saying; that a vault in it is, does not. */
function isOwnDirectory({ domain, hitCount }: Fall): boolean {
  return domain.kind === 'directory' && domain.spared.length === 0 && hitCount === 1;
}

/** Failures that are no host, worst first: a disk, a rack, a key. */
export function otherFalls({ falls }: ExposureView): readonly Fall[] {
  return falls.filter(
    (fall) => fall.domain.kind !== 'host' && isLossy(fall) && !isOwnDirectory(fall),
  );
}

/** Not only what could bring something back would be fewer. */
function isLossy({ counts }: Fall): boolean {
  return counts.all + counts.unknown + counts.window > 0;
}
