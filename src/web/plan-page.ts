/** One plan: what it would do, who objects and what mends it, what is most alarming, and the command that approves. */
import { largest } from '../base/long-list.ts';
import { countOf, formatBytes, formatCount, formatShare } from '../base/say-quantity.ts';
import { formatDuration } from '../base/say-time.ts';
import { isToldWaiting, type ToldDirectory, type ToldOp } from '../watch/core/plans-report.ts';
import { commandHtml, type Html, html, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { glyph } from './glyphs.ts';
import { pageOf } from './layout.ts';
import {
  approveLine,
  harmHtml,
  isReleased,
  kindOfPlan,
  objectionsInForce,
  onHostLine,
  planHref,
  planStateHtml,
  ruleName,
  shortDigest,
  turnsHtml,
  wouldHtml,
} from './plan-words.ts';
import type { PlanShown, Shown } from './shown.ts';
import { ageHtml, forHtml, nameInSentence, timeHtml, urlPart } from './words.ts';

interface Wanted {
  readonly host: string;
  readonly id: string;
}

export function planPage(shown: Shown, wanted: Wanted): string {
  const title = `Plan ${wanted.id}`;
  const body = html`<div class="wrap"><p class="crumb"><a href="/plans">Plans</a> / <a href="/hosts/${urlPart(wanted.host)}">${wanted.host}</a> / ${wanted.id}</p>
${planPart(shown, wanted)}</div>`;
  return pageOf(shown, { title, menu: 'Plans', body, isRead: true });
}

export function planIn(
  { plans }: Pick<Shown, 'plans'>,
  { host, id }: Wanted,
): PlanShown | undefined {
  return plans.plans.find((plan) => plan.host === host && plan.id === id);
}

/** All of it is live: it was approved, applied, or is gone. */
export function planPart(shown: Shown, wanted: Wanted): Html {
  const plan = planIn(shown, wanted);
  const part = html`/part/plan?host=${urlPart(wanted.host)}&amp;id=${urlPart(wanted.id)}`;
  const inner = plan === undefined ? goneHtml(wanted) : wholeHtml(plan, shown);
  const turns = plan === undefined ? NOTHING : turnsHtml([plan], shown.at);
  return html`<div id="plan" data-live="plans host" data-part="${part}"${turns}>${inner}</div>`;
}

function goneHtml({ host, id }: Wanted): Html {
  return html`<h1 class="say">Plan ${id} is not there any more.</h1><p class="basis">${host} keeps a plan that only waits for a week after it expired, and a day once a newer one of its kind waits. What was applied is in its history: <code>holdfast plan --all</code> there.</p>`;
}

function wholeHtml(plan: PlanShown, shown: Shown): Html {
  const { at } = shown;
  return html`<p class="isnow verdict">${planStateHtml(plan, at)} <span>${standingHtml(plan, at)}</span></p>
<h1 class="say">${leadHtml(plan)}</h1>
<p class="basis">${placeHtml(plan)}</p>
${metaHtml(plan, at)}
<div class="two"><div>${rulesHtml(plan)}${alarmingHtml(plan, at)}${directoriesHtml(plan)}</div>
<div class="side">${approveHtml(plan, shown)}${undoHtml(plan, at)}${newerHtml(plan)}</div></div>`;
}

function standingHtml(plan: PlanShown, at: Shown['at']): Html {
  const { state, made, seenAt, lastKnown, result, expires } = plan;
  if (lastKnown !== '') return html`as of ${ageHtml(Math.max(0, at - seenAt))}: ${lastKnown}`;
  if (result !== undefined && !isToldWaiting(plan))
    return html`${ageHtml(Math.max(0, at - result.at))}`;
  if (state === 'expired')
    return html`${ageHtml(Math.max(0, at - expires))}; nothing of it is applied any more`;
  if (state === 'stopped' && result !== undefined)
    return html`${ageHtml(Math.max(0, at - result.at))}${result.why === undefined ? '' : `: ${result.why}`}`;
  return html`${forHtml(made, at)}; told ${ageHtml(Math.max(0, at - seenAt))}`;
}

function leadHtml(plan: PlanShown): Html {
  const kind = kindOfPlan(plan);
  const host = nameInSentence(plan.host);
  const isOpen = isToldWaiting(plan);
  return html`This ${kind} ${isOpen ? 'would' : 'was to'} ${wouldHtml(plan)} on ${host}.${isOpen ? harmHtml(plan) : NOTHING}`;
}

/** What is in place and what waits, by what its host wrote down. */
function placeHtml({ result, state, picture, summary }: PlanShown): Html {
  const many =
    picture === undefined ? html` It has more operations than are shown from here.` : NOTHING;
  if (result === undefined) {
    const words =
      state === 'under-way' ? 'It has begun, and has not ended.' : 'Nothing of it was done.';
    return html`${words}${many}`;
  }
  const { outcome, done, waiting, asideEntries, asideBytes, why } = result;
  const added = summary.create.entries;
  const aside =
    asideEntries === 0
      ? ''
      : ` ${countOf(asideEntries, 'entry', 'entries')}, ${formatBytes(asideBytes)}, ${asideEntries === 1 ? 'was' : 'were'} kept for an undo.`;
  const rest = waiting === 0 ? '' : ` ${countOf(waiting, 'operation waits', 'operations wait')}.`;
  const new_ = waiting > 0 && added > 0 ? ` What is new is in place.` : '';
  return html`${countOf(done, 'operation was', 'operations were')} done.${new_}${rest}${aside}${outcome === 'stopped' && why !== undefined ? ` It stopped: ${why}.` : ''}${many}`;
}

function metaHtml(plan: PlanShown, at: Shown['at']): Html {
  const { from, to, actor, made, expires, reason, command, undoOf } = plan;
  const row = (name: string, value: Html): Html =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<dl class="meta">${from === undefined ? NOTHING : row('From', html`<span class="mono">${from}</span>`)}${row('To', html`<span class="mono">${to}</span>`)}${row('Asked by', html`${actor.name}, ${timeHtml(made, at)}`)}${row('Expires', timeHtml(expires, at))}${reason === undefined ? NOTHING : row('Why', html`${reason}`)}${undoOf === undefined ? NOTHING : row('Takes back', html`${undoOf}`)}${command === undefined ? NOTHING : row('Command', html`<span class="mono">${commandHtml(command)}</span>`)}</dl>`;
}

const NUMBERS = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven'];

function rulesHtml({ verdict }: PlanShown): Html {
  if (verdict === undefined) {
    return html`<section><div class="h"><h2>It was not judged yet</h2></div><p class="none">Rules say what they have against it when it is applied.</p></section>`;
  }
  const { objections, passed } = verdict;
  const inForce = objectionsInForce({ verdict });
  const count = NUMBERS[inForce.length] ?? formatCount(inForce.length);
  const title = `${count} ${inForce.length === 1 ? 'rule objects' : 'rules object'}`;
  const rows = objections.map((each) => {
    const isIn = inForce.includes(each);
    const isHard = isIn && (each.isInvariant || each.effect !== 'hold');
    const mark = !isIn
      ? glyph('ok', 'ok')
      : isHard
        ? glyph('failed', 'failed')
        : glyph('hold', 'degraded');
    const note =
      each.releasedBy !== undefined
        ? html`<p class="fixes">Passed over by ${each.releasedBy}.</p>`
        : each.mode === 'observe'
          ? html`<p class="fixes">It only observes, and holds nothing.</p>`
          : html`<p class="fixes"><i>Fix</i> ${each.fix}${isHard ? ' No approval releases it.' : ''}</p>`;
    return html`<div class="rule"><h3>${mark}${ruleName(each.rule)}</h3><div><p><b>${each.why}</b></p>${note}</div></div>
`;
  });
  const pass =
    passed.length === 0
      ? NOTHING
      : html`<p class="pass">${passed.map((rule) => html`<span>${glyph('ok', 'ok')}${ruleName(rule)}</span> `)}</p>`;
  return html`<section><div class="h"><h2>${title}</h2><span class="sub"><code>holdfast explain RULE</code></span></div>${rows}${pass}</section>`;
}

const VERBS: Readonly<Record<ToldOp['op'], string>> = {
  ...{ create: 'add', update: 'overwrite', delete: 'delete', replace: 'replace' },
  ...{ rename: 'rename', forget: 'let go' },
};

function alarmingHtml({ picture, to, summary }: PlanShown, at: Shown['at']): Html {
  if (picture === undefined || picture.alarming.length === 0) return NOTHING;
  const { alarming } = picture;
  const lossy = summary.delete.ops + summary.replace.ops + summary.forget.ops + summary.update.ops;
  const all = lossy - picture.attributesOnly;
  const count =
    NUMBERS[alarming.length]?.toLowerCase() ??
    (alarming.length === 10 ? 'ten' : formatCount(alarming.length));
  const title =
    all <= alarming.length ? 'What would go or be overwritten' : `The ${count} most alarming`;
  const rows = alarming.map(
    (op, n) =>
      html`<tr><td>${String(n + 1)}</td><th scope="row" class="mono">${pathHtml(op)}</th><td data-l="Would">${VERBS[op.op]}</td><td class="r nw">${op.kind === 'file' || op.bytes > 0 ? formatBytes(op.bytes) : ''}</td><td class="sub">${remarksOf(op, at).join('; ')}</td></tr>
`,
  );
  return html`<section><div class="h"><h2>${title}${all <= alarming.length ? NOTHING : html` <i>of ${formatCount(all)}</i>`}</h2></div>
<table class="ops"><thead><tr><th class="w-mark"><span class="vh">No.</span></th><th>Below ${to}</th><th class="w-verb">Would</th><th class="w-size r">Size</th><th class="w-l">Why it is here</th></tr></thead><tbody>${rows}</tbody></table></section>`;
}

function pathHtml({ path, from, kind, entries }: ToldOp): Html {
  const name = path === '' ? html`(the target itself)` : nameHtml(path);
  const was = from === undefined ? NOTHING : html` (was ${nameHtml(from)})`;
  const covers = entries > 1 ? ` (${countOf(entries, 'entry', 'entries')})` : '';
  return html`${name}${kind === 'dir' && path !== '' ? '/' : ''}${covers}${was}`;
}

const DAY_MS = 86_400_000;

function remarksOf(op: ToldOp, at: Shown['at']): readonly string[] {
  const said: string[] = [];
  if (op.live === 'in-use') said.push(op.evidence ?? 'in use');
  if (op.live === 'unknown') said.push(op.evidence ?? 'may be in use');
  if (!op.hasUndo) said.push('could not be put back');
  if (!op.isOwn) said.push('not its own');
  if (op.newest !== undefined && at - op.newest < DAY_MS && at >= op.newest) {
    said.push(`written ${formatDuration(at - op.newest, { detail: 'rough' })} ago`);
  }
  return said.length === 0 ? ['among the largest'] : said;
}

function directoriesHtml({ picture }: PlanShown): Html {
  if (picture === undefined || picture.directories.length < 2) return NOTHING;
  const { directories, moreDirectories } = picture;
  const most = largest(
    directories.map(({ gone, changed }) => gone + changed),
    1,
  );
  const rows = directories.map((each) => directoryRow(each, most));
  const more =
    moreDirectories === 0
      ? NOTHING
      : html`<p class="pager">${formatCount(moreDirectories)} more</p>`;
  return html`<section><div class="h"><h2>By directory</h2></div>
<table class="dirs"><thead><tr><th>Directory</th><th class="r w-verb">Add</th><th class="r w-verb">Change</th><th class="r w-verb">Delete</th><th class="w-m">Lost or changed</th></tr></thead><tbody>${rows}</tbody></table>${more}</section>`;
}

const BAR = 100;

function directoryRow({ path, gone, changed, added }: ToldDirectory, most: number): Html {
  const number = (value: number): string => (value === 0 ? '·' : formatCount(value));
  const [lost, over] = [(gone / most) * BAR, (changed / most) * BAR];
  const name =
    path === undefined
      ? html`all others`
      : path === ''
        ? html`(at the top)`
        : html`<span class="mono">${nameHtml(path)}/</span>`;
  const words = `${formatShare(gone + changed, most)} of the most`;
  return html`<tr><th scope="row">${name}</th><td class="r" data-l="Add">${number(added)}</td><td class="r" data-l="Change">${number(changed)}</td><td class="r" data-l="Delete"><b>${number(gone)}</b></td><td class="bars"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="b-all" width="100" height="8" rx="1"/><rect class="b-gone" width="${lost.toFixed(1)}" height="8"/><rect class="b-over" x="${lost.toFixed(1)}" width="${over.toFixed(1)}" height="8"/></svg><span class="vh">${words}</span></td></tr>
`;
}

function approveHtml(plan: PlanShown, shown: Shown): Html {
  const { state, id, host } = plan;
  if (!isToldWaiting(plan)) return NOTHING;
  if (state === 'under-way') return NOTHING;
  if (state === 'stopped' || state === 'allowed') return applyHtml(plan, 'To go on');
  if (isReleased(plan, shown.at) && plan.state === 'held') {
    return html`${applyHtml(plan, 'Approved: to apply it')}${signedHtml(plan, shown)}`;
  }
  if (!plan.canBeApproved) {
    const hard = objectionsInForce(plan).filter(
      (each) => each.isInvariant || each.effect !== 'hold',
    );
    const names = [...new Set(hard.map(({ rule }) => ruleName(rule)))].join(', ');
    return html`<section><div class="h"><h2>To let it pass</h2></div><p class="none">No approval can release this${names === '' ? '' : html`: <b>${names}</b> must hold`}. Mend the reason, and run the command again.</p><pre class="cmd"><span class="p">$ </span>${commandHtml(onHostLine(plan, `holdfast plan ${id}`))}</pre></section>`;
  }
  const needs = plan.verdict?.needs;
  const typed =
    needs?.namesTarget === true
      ? html` Something there is in use: you are asked to type <span class="mono">${plan.to}</span>.`
      : NOTHING;
  return html`<section><div class="h"><h2>To approve</h2><span class="sub">${needsWords(plan)}</span></div>
<ol class="steps"><li><p>Look at what you sign, on ${host} itself.</p><pre class="cmd"><span class="p">$ </span>${commandHtml(onHostLine(plan, `holdfast plan ${id}`))}</pre></li>
<li><p>Sign its digest, <code>${shortDigest(plan)}…</code>, with your SSH key, at a terminal of your own machine.${typed}</p><pre class="cmd"><span class="p">$ </span>${commandHtml(approveLine(plan))}</pre></li>
<li><p>${nextHtml(plan)}</p></li></ol>
<details class="raw"><summary>At a terminal of ${host} instead</summary><pre class="cmd"><span class="p">$ </span>${commandHtml(`holdfast approve ${id} ${shortDigest(plan)}`)}</pre></details>
<p class="sub">${host} checks the signature against its own list of signers. This server, a service and an agent cannot approve.</p></section>${signedHtml(plan, shown)}`;
}

function needsWords({ verdict }: PlanShown): string {
  if (verdict === undefined) return '';
  const { approvals, coolOffMs } = verdict.needs;
  const cool =
    coolOffMs === undefined ? '' : `, or one and ${formatDuration(coolOffMs, { detail: 'rough' })}`;
  return `${countOf(approvals, 'person', 'persons')}${cool}`;
}

function signedHtml({ approvals }: PlanShown, { at }: Shown): Html {
  if (approvals.length === 0) return NOTHING;
  const rows = approvals.map(
    ({ person, at: then }) =>
      html`<div class="li"><div class="t"><span>${glyph('ok', 'ok')} <b>${person}</b> has signed</span><span class="sub">${ageHtml(Math.max(0, at - then))}</span></div></div>`,
  );
  return html`<section><div class="h"><h2>Signed by</h2></div>${rows}</section>`;
}

function applyHtml(plan: PlanShown, title: string): Html {
  return html`<section><div class="h"><h2>${title}</h2></div><p class="none">${nextHtml(plan)}</p></section>`;
}

/** What a command did is done by running it again: it cites what was approved. */
function nextHtml(plan: PlanShown): Html {
  const { doneBy, command, from, id, host } = plan;
  if (doneBy === 'command' && command !== undefined) {
    return html`Run the command again on ${host}: it cites the approval.<pre class="cmd"><span class="p">$ </span>${commandHtml(`holdfast guard run -- ${command}`)}</pre>`;
  }
  if (from !== undefined)
    return html`Run the command on ${host} again that made it: it cites the approval.`;
  return html`Apply it on ${host}.<pre class="cmd"><span class="p">$ </span>${commandHtml(`holdfast apply ${id}`)}</pre>`;
}

function undoHtml(plan: PlanShown, at: Shown['at']): Html {
  const { picture, result, id, host, summary } = plan;
  if (plan.state === 'expired' || plan.state === 'superseded' || plan.state === 'undone')
    return NOTHING;
  if (picture === undefined && result === undefined) return NOTHING;
  const lossy = summary.delete.ops + summary.replace.ops + summary.forget.ops + summary.update.ops;
  const some = lossy - (picture?.attributesOnly ?? 0);
  if (some <= 0) return NOTHING;
  if (plan.state === 'released') {
    return html`<section><div class="h"><h2>If it was wrong</h2></div><p class="none"><b>It cannot be put back any more.</b> What was kept for an undo was let go of.</p></section>`;
  }
  const noUndo = picture?.noUndo ?? 0;
  const until = result?.until ?? picture?.undoUntil;
  const isNone = noUndo >= some;
  const end = until === undefined ? NOTHING : html` until ${timeHtml(until, at)}`;
  const but =
    noUndo === 0 ? NOTHING : html` <b>${countOf(noUndo, 'operation')}</b> could not be put back.`;
  const back = isNone
    ? html`<p class="none"><b>Nothing of what goes could be put back.</b></p>`
    : html`<p class="none">What goes is set aside where it lies, and is put back by renames${end}.${but}</p>`;
  const line = isNone
    ? NOTHING
    : html`<pre class="cmd"><span class="p"># on ${host}
$ </span>${commandHtml(`holdfast undo ${id}`)}</pre>`;
  return html`<section><div class="h"><h2>If it was wrong</h2></div>${back}${line}</section>`;
}

function newerHtml({ newer, host }: PlanShown): Html {
  if (newer === undefined) return NOTHING;
  return html`<section><div class="h"><h2>Newer</h2></div><p class="none">The same job has made a newer plan since: <a href="${planHref({ host, id: newer })}">${newer}</a>.</p></section>`;
}
