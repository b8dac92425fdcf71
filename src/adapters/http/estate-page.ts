/** How everything stands, as one page that needs no script: worst first, each evidence with its age. */
import { estateWhy } from '../../watch/core/server/estate-why.ts';
import { createHash } from 'node:crypto';
import { countOf } from '../../base/say-quantity.ts';
import { formatAge, formatDuration, formatInstant } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { EstateNow, HostNow, ItemNow } from '../../watch/core/server/estate-now.ts';
import {
  isWorse,
  MARKS,
  type Standing,
  type StandingMark,
} from '../../watch/core/standing/standing.ts';
import { escaped } from './pages.ts';

const STYLE = `:root{color-scheme:light dark;--paper:#fbfcfb;--ink:#14191a;--ink-2:#465054;--ink-3:#5f696d;--rule:#dfe4e2;--accent:#0a5580;--ok:#1a6b45;--degraded:#855000;--failed:#ad241c;--unknown:#566065;--wash:#eceff0}
@media(prefers-color-scheme:dark){:root{--paper:#101415;--ink:#e9eded;--ink-2:#b3bcbe;--ink-3:#949fa2;--rule:#252c2f;--accent:#84c3ee;--ok:#6cc898;--degraded:#e6b455;--failed:#ff9488;--unknown:#a5b0b3;--wash:#1e2426}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:.875rem/1.45 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
.wrap{max-width:1100px;margin:0 auto;padding:0 24px}header{border-bottom:1px solid var(--rule);padding:14px 0}header b{font-weight:600}header small,.sub,footer{color:var(--ink-3);font-size:.8125rem}
.strip{border-bottom:1px solid var(--rule);padding:10px 0;color:var(--ink-2)}.strip .wrap{display:flex;flex-wrap:wrap;gap:4px 32px}
h1{font-size:1.625rem;line-height:1.25;font-weight:500;margin:32px 0 0;max-width:46rem;text-wrap:pretty;overflow-wrap:anywhere}h2{font-size:1rem;font-weight:600;margin:32px 0 4px}h2 i{font-style:normal;font-weight:400;color:var(--ink-3);padding-left:6px}
table{width:100%;border-collapse:collapse;table-layout:fixed}th{text-align:left;font-size:.75rem;font-weight:500;color:var(--ink-3);padding:8px 16px 6px 0;border-bottom:1px solid var(--rule)}td{padding:10px 16px 10px 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
.c1{width:112px}.c2{width:27%}.c4{width:130px}.mark{white-space:nowrap;font-weight:550}.ok{color:var(--ok)}.degraded{color:var(--degraded)}.failed{color:var(--failed)}.unknown{color:var(--unknown)}.works .mark{font-weight:400}.bad{font-weight:600}
details{border-bottom:1px solid var(--rule);padding:10px 0}summary{cursor:pointer}summary b{font-weight:600}details table{margin:8px 0 4px}details tr:last-child td{border:0}footer{padding:24px 0 40px}footer .wrap{display:flex;flex-wrap:wrap;gap:4px 32px}
@media(max-width:760px){.wrap{padding:0 16px}thead{display:none}table,tbody,tr,td{display:block;width:auto}tr{padding:10px 0;border-bottom:1px solid var(--rule)}td{border:0;padding:1px 0}h1{font-size:1.3rem}}`;

export const ESTATE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`;

/** Rows that a page may have; the API has the rest. */
const ROWS_MAX = 1000;
const AGAIN_S = 30;
/** Of a sentence; the row below has all of it. */
const LEAD_MAX = 120;

const SHAPES: Readonly<Record<StandingMark, string>> = {
  ok: '●',
  degraded: '▲',
  unknown: '◌',
  failed: '■',
};

export interface PageFacts {
  readonly at: UnixMs;
  readonly version: string;
  /** Who reads it. */
  readonly user: string;
  readonly isFrozen: boolean;
}

/** A thing that stands somehow: an item, or a host by itself. */
interface Row {
  readonly host: string;
  readonly name: string;
  readonly standing: Standing;
  readonly ageMs: number | undefined;
  readonly expiresInMs: number | undefined;
  readonly isInMaintenance: boolean;
}

export function estatePage(estate: EstateNow, facts: PageFacts): string {
  const watched = estate.hosts.flatMap((host) => [ofHost(host), ...host.items.map(ofItem)]);
  const rows = [...watched, ...estate.orphans.map(ofOrphan)];
  const bad = rows.filter(({ standing }) => standing.mark !== 'ok').sort(worstFirst);
  const shown = bad.slice(0, ROWS_MAX);
  const left = bad.length - shown.length;
  const body = [
    head(facts),
    strip(estate, rows, facts),
    '<main class="wrap">',
    `<h1>${sentence(estate, bad)}</h1>`,
    ...(shown.length === 0 ? [] : [`<h2>Not as it should be <i>${bad.length}</i></h2>`]),
    ...(shown.length === 0 ? [] : [table(shown, 'bad')]),
    ...(left === 0 ? [] : [`<p class="sub">${left} more: GET /v1/items</p>`]),
    ...works(estate, ROWS_MAX),
    '</main>',
    foot(facts),
  ];
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
    `<meta name="robots" content="noindex"><meta http-equiv="refresh" content="${AGAIN_S}">` +
    `<title>${SHAPES[estate.standing.mark]} ${estate.standing.mark} · Holdfast</title><style>${STYLE}</style></head>` +
    `<body>${body.join('\n')}</body></html>\n`
  );
}

function head({ version }: PageFacts): string {
  return `<header><div class="wrap"><b>Holdfast</b> <small>${escaped(version)}</small></div></header>`;
}

/** How much is known, who watches this server, and whether changes are frozen. */
function strip({ watching }: EstateNow, rows: readonly Row[], { isFrozen }: PageFacts): string {
  const counts = MARKS.map((mark) => {
    const count = rows.filter(({ standing }) => standing.mark === mark).length;
    return count === 0 ? [] : [`${marked(mark)} ${count}`];
  });
  const { mark, why } = watching.standing;
  const parts = [
    ...counts.flat().reverse(),
    `${shape(mark)} ${escaped(why)}`,
    ...(isFrozen ? ['‖ Changes are frozen.'] : []),
  ];
  return `<div class="strip"><div class="wrap">${parts.map((part) => `<span>${part}</span>`).join('')}</div></div>`;
}

function sentence(estate: EstateNow, bad: readonly Row[]): string {
  if (estate.hosts.length === 0) return 'No host is watched yet.';
  const [worst] = bad.filter(({ isInMaintenance }) => !isInMaintenance);
  if (worst === undefined) return escaped(estateWhy(estate));
  const { host, name, standing: its } = worst;
  const what = name === '' ? escaped(host) : `${escaped(name)} on ${escaped(host)}`;
  const why = its.why.length > LEAD_MAX ? `${its.why.slice(0, LEAD_MAX)}…` : its.why;
  return `${what} is <b class="${its.mark}">${its.mark}</b>: ${escaped(why)}`;
}

function table(rows: readonly Row[], kind: 'bad' | 'works'): string {
  const lines = rows.map(({ host, name, standing, ageMs, expiresInMs, isInMaintenance }) => {
    const what = name === '' ? 'the host and its agent' : escaped(name);
    const place = kind === 'bad' ? `<div class="sub">${escaped(host)}</div>` : '';
    const worked = isInMaintenance ? '<div class="sub">being worked on</div>' : '';
    const isOwn = ageMs === undefined && standing.mark !== 'unknown';
    const seen = isOwn ? 'now, by the server' : ageMs === undefined ? 'not seen' : formatAge(ageMs);
    const until =
      expiresInMs === undefined || standing.mark === 'unknown'
        ? ''
        : `<div class="sub">good for ${formatDuration(Math.max(0, expiresInMs), { detail: 'rough' })}</div>`;
    return (
      `<tr><td class="mark ${standing.mark}">${marked(standing.mark)}</td><td><span class="${kind}">${what}</span>${place}</td>` +
      `<td>${escaped(standing.why)}${worked}</td><td>${seen}${until}</td></tr>`
    );
  });
  return `<table class="${kind === 'works' ? 'works' : ''}"><thead><tr><th class="c1">It is</th><th class="c2">What</th><th>What was seen</th><th class="c4">Seen</th></tr></thead><tbody>${lines.join('\n')}</tbody></table>`;
}

/** A line for each host, which opens to all that is well there. */
function works({ hosts }: EstateNow, rowsMax: number): readonly string[] {
  let room = rowsMax;
  const parts = hosts.map((host) => {
    const rows = [ofHost(host), ...host.items.map(ofItem)];
    const well = rows.filter(({ standing }) => standing.mark === 'ok');
    const shown = well.slice(0, Math.max(0, room));
    room -= shown.length;
    const oldest = Math.max(0, ...well.map(({ ageMs }) => ageMs ?? 0));
    const age = well.length === 0 ? '' : `, the oldest seen ${formatAge(oldest)}`;
    const words = `<b>${escaped(host.host)}</b> <span class="sub">level ${host.level}; ${well.length} of ${rows.length} well${age}</span>`;
    if (shown.length === 0) return `<details><summary>${words}</summary></details>`;
    const open = hosts.length === 1 ? ' open' : '';
    return `<details${open}><summary>${words}</summary>${table(shown, 'works')}</details>`;
  });
  return hosts.length === 0
    ? []
    : [`<h2>Works <i>${countOf(hosts.length, 'host')}</i></h2>`, ...parts];
}

function foot({ at, user }: PageFacts): string {
  const parts = [
    `Computed ${formatInstant(at, at)} when this page was read; it reads itself again each ${AGAIN_S} s`,
    `${escaped(user)} is signed in, to read`,
    'The same for programs: GET /v1/status',
  ];
  return `<footer><div class="wrap">${parts.map((part) => `<span>${part}</span>`).join('')}</div></footer>`;
}

function ofHost({ host, own, saidAgoMs, isInMaintenance }: HostNow): Row {
  return {
    ...{ host, name: '', standing: own, ageMs: saidAgoMs, expiresInMs: undefined },
    isInMaintenance,
  };
}

function ofItem({ host, item, standing, ageMs, expiresInMs, isInMaintenance }: ItemNow): Row {
  return { host, name: item, standing, ageMs, expiresInMs, isInMaintenance };
}

/** What is to be done on a host that nobody enrolled. */
function ofOrphan({ subject, standing }: EstateNow['orphans'][number]): Row {
  const [host = '', ...name] = subject.replace(/^host:/, '').split('/');
  const never = { ageMs: undefined, expiresInMs: undefined, isInMaintenance: false };
  return { host, name: name.join('/'), standing, ...never };
}

function worstFirst(a: Row, b: Row): number {
  if (a.standing.mark !== b.standing.mark) {
    return isWorse(a.standing.mark, b.standing.mark) ? -1 : 1;
  }
  const [one, other] = [`${a.host}\0${a.name}`, `${b.host}\0${b.name}`];
  return one < other ? -1 : one > other ? 1 : 0;
}

function shape(mark: StandingMark): string {
  return `<span class="${mark}" aria-hidden="true">${SHAPES[mark]}</span>`;
}

function marked(mark: StandingMark): string {
  return `${shape(mark)} <span class="${mark}">${mark}</span>`;
}
