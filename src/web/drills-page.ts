/** Drills over the estate: what was restored for proof, what is next, and why something cannot be. */
import { countOf, formatBytes, formatCount, formatRate } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import type { UnixMs } from '../base/units.ts';
import type { DrillEnd, DrillVerdict } from '../watch/core/drills/estate-drill.ts';
import type { DrillWait } from '../watch/core/drills/plan-drills.ts';
import { type Html, html, NOTHING } from '../watch/core/look/html.ts';
import { PROOF_LIMITS } from '../watch/core/proof.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';
import type { DrillPlannedShown, DrillShown, DrillsShown } from './drills-shown.ts';
import { markHtml, stateHtml } from './glyphs.ts';
import { pageOf } from './layout.ts';
import { jobHtml } from './rail.ts';
import type { Shown } from './shown.ts';
import { ageHtml, forHtml, timeHtml, urlPart } from './words.ts';

const NEXT_MAX = 12;
const CANNOT_MAX = 12;
/** From less a rate is noise. */
const RATE_BYTES_MIN = 67_108_864;

const VERDICTS: Readonly<Record<DrillVerdict | 'open', readonly [StandingMark, string]>> = {
  drilled: ['ok', 'drilled'],
  're-read': ['ok', 're-read, not restored'],
  broken: ['failed', 'not right'],
  mismatch: ['failed', 'not believed'],
  failed: ['unknown', 'did not end well'],
  refused: ['unknown', 'refused'],
  cancelled: ['unknown', 'cancelled'],
  lost: ['unknown', 'not heard of again'],
  open: ['unknown', 'under way'],
};

/** Without its engine a database was restored, and is not known to work. */
function verdictOf(end: DrillEnd | undefined): readonly [StandingMark, string] {
  if (end?.verdict === 'drilled' && end.measured?.engineStarted === false) {
    return ['degraded', 'restored, engine not tried'];
  }
  return VERDICTS[end?.verdict ?? 'open'];
}

export function drillsPage(shown: Shown, drills: DrillsShown): string {
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / Drills</p><h1 class="say">${leadHtml(drills, shown)}</h1>
<p class="basis">${rulesHtml(drills)}</p>
${underWayHtml(drills, shown)}${cannotHtml(drills)}${nextHtml(drills, shown)}${shownHtml(drills, shown)}</div>`;
  return pageOf(shown, { title: 'Drills', menu: 'Drills', body });
}

const STUCK: ReadonlySet<DrillWait> = new Set(['no restore host', 'no point', 'too large']);

function leadHtml({ planned }: DrillsShown, { at }: Pick<Shown, 'at'>): Html {
  if (planned.length === 0) return html`No data set is reported yet that could be drilled.`;
  const stuck = planned.filter(({ wait }) => STUCK.has(wait)).length;
  // The last that showed something decides.
  const proven = planned.filter(({ last }) => last !== undefined && isProof(last, at)).length;
  const wrong = planned.filter(({ last }) => last?.end?.verdict === 'broken').length;
  const limit = formatDuration(PROOF_LIMITS.usable, { detail: 'rough' });
  return html`<b>${formatCount(proven)} of ${countOf(planned.length, 'data set')}</b> ${proven === 1 ? 'was' : 'were'} restored for proof on a restore host in the last ${limit}${wrong === 0 ? NOTHING : html`, <span class="bad">${formatCount(wrong)} came back wrong</span>`}${stuck === 0 ? NOTHING : html`, <span class="bad dim">${formatCount(stuck)} cannot be</span>`}.`;
}

/** Within its limit, and with its engine where it has one. */
function isProof(drill: DrillShown, at: UnixMs): boolean {
  const [mark] = verdictOf(drill.end);
  return (
    drill.end?.verdict === 'drilled' && mark === 'ok' && at < drill.askedAt + PROOF_LIMITS.usable
  );
}

function rulesHtml({ rules, restoreHosts }: DrillsShown): Html {
  const on =
    restoreHosts.length === 0
      ? html`No restore host is named (<code>server: {restore-hosts: [HOST]}</code>)`
      : html`On ${restoreHosts.join(', ')}`;
  if (rules.eachMs === undefined) {
    return html`${on}. Nothing is drilled by itself: <code>server: {drills: {each: 7d}}</code> in the server’s holdfast.yaml.`;
  }
  const hours = formatDuration(rules.busyMaxMs, { detail: 'rough' });
  return html`${on}. Each once in ${formatDuration(rules.eachMs, { detail: 'rough' })}, the newest point and a random one in turn; at most ${formatBytes(rules.bytesMax)} and ${hours} in 24 h, ${formatCount(rules.atOnce)} at once.`;
}

function underWayHtml({ drills }: DrillsShown, shown: Shown): Html {
  const open = drills.filter(({ end }) => end === undefined);
  if (open.length === 0) return NOTHING;
  const rows = open.map((drill) => {
    const { job, dataSet, host, which, by, askedAt } = drill;
    const said = shown.jobs.find((each) => each.job === job);
    if (said !== undefined) return jobHtml({ ...said, name: `${dataSet}, ${which} point` }, shown);
    return html`<div class="li"><div class="t"><a class="name" href="${hrefOf(drill)}">${dataSet}</a><span class="sub">${forHtml(askedAt, shown.at)}</span></div><span class="sub">${which} point, on ${host}, asked by ${by}</span></div>`;
  });
  return html`<section><div class="h"><h2>Under way <i>${formatCount(open.length)}</i></h2></div>${rows}</section>`;
}

const WAITS: Readonly<Record<DrillWait, string>> = {
  ask: 'now',
  'not due': 'when it is due',
  runs: 'under way',
  window: 'when the window opens',
  room: 'when one ends',
  budget: 'when the budget of 24 h has room',
  'too large': 'larger than the budget of a day',
  'no restore host': 'no restore host can read it',
  'no point': 'it has no recovery point',
};

function cannotHtml({ planned, rules, restoreHosts }: DrillsShown): Html {
  const stuck = planned.filter(({ wait }) => STUCK.has(wait));
  if (stuck.length === 0) return NOTHING;
  const rows = stuck.slice(0, CANNOT_MAX).map(({ dataSet, wait, cannot, bytes }) => {
    const reasons =
      wait === 'no restore host'
        ? cannot.map(({ why, remedy }) => html`<span class="sub">${why}. ${remedy}</span>`)
        : [];
    const named =
      wait === 'no restore host' && restoreHosts.length === 0
        ? html`<span class="sub">Name hosts that have the vault and its key: <code>server: {restore-hosts: [HOST]}</code>.</span>`
        : NOTHING;
    const large =
      wait === 'too large' && bytes !== undefined
        ? html`<span class="sub">It has ${formatBytes(bytes)}; a day has ${formatBytes(rules.bytesMax)}: <code>drills: {budget: {bytes: ...}}</code>.</span>`
        : NOTHING;
    return html`<div class="li"><div class="t"><a class="name" href="/data-set?name=${urlPart(dataSet)}">${dataSet}</a>${stateHtml('unknown', WAITS[wait])}</div>${reasons}${named}${large}</div>`;
  });
  const more = stuck.length - rows.length;
  return html`<section><div class="h"><h2>Cannot be drilled <i>${formatCount(stuck.length)}</i></h2></div>${rows}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <a href="/v1/drills">GET /v1/drills</a></p>`}</section>`;
}

function nextHtml({ planned, rules }: DrillsShown, shown: Shown): Html {
  const next = planned.filter(({ wait }) => !STUCK.has(wait) && wait !== 'runs');
  if (next.length === 0) return NOTHING;
  const rows = next.slice(0, NEXT_MAX).map(
    (each) =>
      html`<tr><th scope="row"><a class="name" href="/data-set?name=${urlPart(each.dataSet)}">${each.dataSet}</a><span class="sub">${each.bytes === undefined ? '' : formatBytes(each.bytes)}</span></th><td data-l="Point">${each.which ?? ''}</td><td data-l="On">${each.host ?? ''}${each.isAtSource ? html`<span class="sub">where it lies: no other host can</span>` : NOTHING}</td><td data-l="When">${whenHtml(each, shown, rules.eachMs !== undefined)}</td><td>${drillNowHtml(each.dataSet, shown)}</td></tr>
`,
  );
  const more = next.length - rows.length;
  return html`<section><div class="h"><h2>Next <i>what waits longest first</i></h2></div><table><thead><tr><th>Data set</th><th class="w-s">Point</th><th class="w-l">On</th><th class="w-l">When</th><th class="w-m"><span class="vh">Now</span></th></tr></thead><tbody>${rows}</tbody></table>${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} more: <a href="/v1/drills">GET /v1/drills</a></p>`}</section>`;
}

function whenHtml({ wait, dueAt }: DrillPlannedShown, { at }: Shown, isPlanned: boolean): Html {
  if (!isPlanned) return html`when asked`;
  if (wait !== 'not due' || dueAt === undefined) {
    const never = dueAt === undefined ? html`<span class="sub">never drilled here</span>` : NOTHING;
    return html`${WAITS[wait]}${never}`;
  }
  return html`${timeHtml(dueAt, at)}<span class="sub">in ${formatDuration(Math.max(0, dueAt - at), { detail: 'rough' })}</span>`;
}

export function drillNowHtml(dataSet: string, { reader }: Pick<Shown, 'reader'>): Html {
  if (!reader.mayRun || reader.csrf === undefined) return NOTHING;
  return html`<form method="post" action="/drills"><input type="hidden" name="csrf" value="${reader.csrf}"><input type="hidden" name="dataSet" value="${dataSet}"><button class="btn" type="submit">Drill now<span class="vh">: ${dataSet}</span></button></form>`;
}

function shownHtml({ drills, total }: DrillsShown, shown: Shown): Html {
  const ended = drills.filter(({ end }) => end !== undefined);
  if (ended.length === 0) {
    return html`<section><div class="h"><h2>What drills showed</h2></div><p class="none">No drill over the estate has ended yet. Drills that a host makes by itself stand with its data sets.</p></section>`;
  }
  const more = total - drills.length;
  return html`<section><div class="h"><h2>What drills showed <i>newest first</i></h2><a href="/v1/drills">As JSON</a></div>${drillsTable(ended, shown)}${more <= 0 ? NOTHING : html`<p class="pager">${formatCount(more)} older: <a href="/v1/drills">GET /v1/drills</a></p>`}</section>`;
}

export function drillsTable(drills: readonly DrillShown[], { at }: Pick<Shown, 'at'>): Html {
  const rows = drills.map((drill) => {
    const { dataSet, host, which, by, end, askedAt } = drill;
    const [mark, words] = verdictOf(end);
    const why =
      end === undefined || end.why === '' ? NOTHING : html`<span class="sub">${end.why}</span>`;
    return html`<tr><td>${markHtml(mark)}</td><th scope="row"><a class="name" href="${hrefOf(drill)}">${dataSet}</a><span class="sub">${which} point; asked by ${by}</span></th><td data-l="Showed">${words}${why}</td><td data-l="Restored">${measuredHtml(end)}</td><td data-l="On">${host}</td><td data-l="When">${ageHtml(Math.max(0, at - askedAt))}</td></tr>
`;
  });
  return html`<table><thead><tr><th class="w-mark"><span class="vh">State</span></th><th>Data set</th><th class="w-l">Showed</th><th class="w-l">Restored</th><th class="w-s">On</th><th class="w-s">When</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function measuredHtml(end: DrillEnd | undefined): Html {
  const { measured } = end ?? {};
  if (measured === undefined) return html`<span class="sub">nothing was measured</span>`;
  const { bytes, tookMs, isPastCache, engineStarted, bottleneck } = measured;
  const rate =
    bytes < RATE_BYTES_MIN || tookMs <= 0
      ? NOTHING
      : html`, ${formatRate((bytes * 1000) / tookMs, 'down')}`;
  const parts = [
    ...(isPastCache ? [] : ['the page cache may have served it']),
    ...(engineStarted === undefined
      ? []
      : [engineStarted ? 'engine started' : 'no engine started']),
    ...(bottleneck === undefined ? [] : [bottleneck]),
  ];
  return html`${formatBytes(bytes)} in ${formatDuration(tookMs)}${rate}<span class="sub">${parts.join('; ')}</span>`;
}

function hrefOf({ job }: DrillShown): Html {
  return html`/drills/${urlPart(job)}`;
}

/** One drill with its raw proof. */
export function drillPage(
  shown: Shown,
  { drill, raw }: { readonly drill: DrillShown; readonly raw: object },
): string {
  const { dataSet, host, which, point, of, by, askedAt, end } = drill;
  const [mark, words] = verdictOf(end);
  const tone = mark === 'failed' ? 'bad' : mark === 'ok' ? '' : 'bad dim';
  const drawn = which === 'random' ? `, drawn from ${formatCount(of)}` : '';
  const why = end === undefined || end.why === '' ? '' : `: ${end.why}`;
  const facts: readonly (readonly [string, Html])[] = [
    ['recovery point', html`<span class="mono">${point}</span>`],
    ['which', html`${which}${drawn}`],
    ['on', html`${host}: its hardware was measured, and no other`],
    ['asked', html`${timeHtml(askedAt, shown.at)} by ${by}`],
    ...(end === undefined ? [] : [['ended', timeHtml(end.endedAt, shown.at)] as const]),
    ...(end?.measured === undefined ? [] : [['restored', measuredHtml(end)] as const]),
    ...mediaOf(end),
  ];
  const job = shown.jobs.find((each) => each.job === drill.job && each.isOpen);
  const lines = JSON.stringify(raw, null, 2).split('\n');
  const body = html`<div class="wrap"><p class="crumb"><a href="/">Exposure</a> / <a href="/drills">Drills</a> / ${dataSet}</p>
<p class="isnow">${stateHtml(mark, words)} <span>${ageHtml(Math.max(0, shown.at - askedAt))}</span></p>
<h1 class="say">The ${which} point of <a href="/data-set?name=${urlPart(dataSet)}">${dataSet}</a> on ${host}: <span class="${tone}">${words}${why}</span>.</h1>
<div class="two"><section><div class="h"><h2>What was measured</h2></div><dl class="facts">${facts.map(([term, said]) => html`<dt>${term}</dt><dd>${said}</dd>`)}</dl>${job === undefined ? NOTHING : jobHtml({ ...job, name: dataSet }, shown)}${drillNowHtml(dataSet, shown)}</section>
<section><div class="h"><h2>The raw proof</h2><a href="/v1/drills?dataSet=${urlPart(dataSet)}">As JSON</a></div><pre class="cmd" tabindex="0">${lines.map(
    (line) => html`${line}
`,
  )}</pre></section></div></div>`;
  return pageOf(shown, { title: `Drill of ${dataSet}`, menu: 'Drills', body, isRead: true });
}

function mediaOf(end: DrillEnd | undefined): readonly (readonly [string, Html])[] {
  const { measured } = end ?? {};
  if (measured === undefined) return [];
  const { mediumOfVault, mediumOfScratch, engines, gapCount } = measured;
  return [
    ['from, to', html`${mediumOfVault} to ${mediumOfScratch}`],
    ...(engines === '' ? [] : [['engines', html`${engines}`] as const]),
    ...(gapCount === 0
      ? []
      : [['not in it', html`${countOf(gapCount, 'entry', 'entries')}`] as const]),
  ];
}

/** Of one data set, for its page: the last drills with their raw proof one click away. */
export function lastDrillsHtml(dataSet: string, shown: Shown): Html {
  const { drills = [] } = shown;
  const own = drills.filter((drill) => drill.dataSet === dataSet);
  if (own.length === 0 && shown.hasDrills !== true) return NOTHING;
  const now = drillNowHtml(dataSet, shown);
  const table =
    own.length === 0
      ? html`<p class="none">No restore host has drilled it yet.</p>`
      : drillsTable(own, shown);
  return html`<section><div class="h"><h2>Drills on restore hosts</h2><a href="/drills">All drills</a></div>${table}${now}</section>`;
}
