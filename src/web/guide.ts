/**
 * From nothing to a data set whose restore was proven: what is done, what is next, and what to type for it. It is
 * computed from what is known now, so it goes when that is so, and comes back when it is not.
 */
import { utf8Of } from '../manifest/core/utf8.ts';
import { countOf, formatBytes } from '../base/say-quantity.ts';
import { operandWord, quoteWord } from '../base/shell-word.ts';
import type { DataSetView, ExposureView } from '../watch/core/exposure/view.ts';
import { commandHtml, type Html, html, nameHtml, NOTHING } from '../watch/core/look/html.ts';
import { glyph } from './glyphs.ts';
import type { DataShown, Shown } from './shown.ts';
import { ageHtml, nameInSentence, urlPart } from './words.ts';

interface Step {
  readonly title: string;
  readonly isDone: boolean;
  /** What shows it, where it is done; else what to do. */
  readonly says: Html;
  readonly lines: readonly GuideLine[];
}

interface GuideLine {
  /** Where it is typed. */
  readonly on: string;
  readonly line: string;
}

interface Drilled {
  readonly count: number;
  readonly newest: { readonly name: string; readonly ageMs: number } | undefined;
}

const NONE_DRILLED: Drilled = { count: 0, newest: undefined };

/** Of one view it is counted once, for all the pages that show it. */
const drilledIn = new WeakMap<ExposureView, Drilled>();

/** Restored, compared, and within its limit: nothing less ends the guide. */
function drilledOf({ exposure }: Pick<Shown, 'exposure'>): Drilled {
  if (exposure === undefined) return NONE_DRILLED;
  const known = drilledIn.get(exposure);
  if (known !== undefined) return known;
  let { count, newest }: Drilled = NONE_DRILLED;
  for (const { name, best } of exposure.dataSets) {
    if (best?.proof.kind !== 'drilled' || !best.isProven) continue;
    const ageMs = best.proof.ageMs ?? 0;
    count += 1;
    if (newest === undefined || ageMs < newest.ageMs) newest = { name, ageMs };
  }
  const drilled = { count, newest };
  drilledIn.set(exposure, drilled);
  return drilled;
}

/** `empty`: there is nothing else to show yet. A page of another state is read anew. */
type GuideState = 'empty' | 'begun' | 'proven';

function stateOf(shown: Shown): GuideState {
  if (drilledOf(shown).count > 0) return 'proven';
  return shown.estate.hosts.length === 0 && shown.exposure === undefined ? 'empty' : 'begun';
}

export function guidePart(shown: Shown): Html {
  const state = stateOf(shown);
  const inner = state === 'proven' ? provenHtml(shown) : stepsHtml(shown, state);
  return html`<div id="guide" data-live="host item job shown exposure" data-part="/part/guide" data-state="${state}">${inner}</div>`;
}

export function isNothingKnown(shown: Shown): boolean {
  return stateOf(shown) === 'empty';
}

/** What is proven, and of how much nothing is. */
function provenHtml(shown: Shown): Html {
  const { count, newest } = drilledOf(shown);
  if (newest === undefined) return NOTHING;
  const all = shown.exposure?.dataSets.length ?? 0;
  const rest = all - count;
  const open =
    rest === 0
      ? NOTHING
      : html` Of ${countOf(rest, 'other data set', 'other data sets')} no restore is.`;
  return html`<p class="basis">Proven now: ${countOf(count, 'data set')} of ${String(all)} ${count === 1 ? 'was' : 'were'} restored and compared; last <a href="/data-set?name=${urlPart(newest.name)}">${newest.name}</a>, ${ageHtml(newest.ageMs)}.${open}</p>`;
}

function stepsHtml(shown: Shown, state: GuideState): Html {
  const steps = stepsOf(shown);
  const next = steps.findIndex(({ isDone }) => !isDone);
  // What is kept can be drilled before its key is on paper.
  const hasPoint = keptSets(shown).length > 0;
  const done = steps.filter(({ isDone }) => isDone).length;
  const lead = html`<b>Nothing is proven yet.</b> ${String(done)} of ${String(steps.length)} steps to a restore that was compared and timed are done.`;
  const title =
    state === 'empty'
      ? html`<h1 class="say">${lead}</h1>`
      : html`<div class="h"><h2>${lead}</h2></div>`;
  return html`<section class="guide">${title}<ol class="steps">${steps.map((step, at) => stepHtml(step, at === next || (at > next && hasPoint)))}</ol>${watchedHtml(shown)}</section>`;
}

function stepHtml({ title, isDone, says, lines }: Step, isNext: boolean): Html {
  if (isDone) {
    return html`<li class="done"><p>${glyph('ok', 'ok')} <b>${title}</b> <span class="vh">done:</span> <span class="sub">${says}</span></p></li>`;
  }
  if (!isNext) return html`<li class="later"><p>${title}</p></li>`;
  return html`<li><p><b>${title}</b></p><p class="sub">${says}</p>${linesHtml(lines)}</li>`;
}

function linesHtml(lines: readonly GuideLine[]): Html {
  if (lines.length === 0) return NOTHING;
  const shown = lines.map(({ on, line }, at) => {
    const isOther = lines[at - 1]?.on !== on;
    return html`${isOther ? html`<span class="same"># ${on}</span>` : NOTHING}<span class="same"><span class="p">$ </span><span class="typed">${commandHtml(line)}</span></span>`;
  });
  return html`<pre class="cmd">${shown}</pre>`;
}

function stepsOf(shown: Shown): readonly Step[] {
  return [hostStep(shown), seenStep(shown), keptStep(shown), sheetStep(shown), drillStep(shown)];
}

function hostStep({ estate }: Shown): Step {
  const { hosts } = estate;
  const names = hosts.slice(0, 3).map(({ host }) => host);
  const more = hosts.length > names.length ? ` and ${hosts.length - names.length} more` : '';
  return {
    title: 'A host says how it stands',
    isDone: hosts.length > 0,
    says:
      hosts.length > 0
        ? html`${names.join(', ')}${more}`
        : html`The first command prints a line that is good once, for an hour; the second reads it. <code>holdfast enroll root@web1</code> does all of it over ssh.`,
    lines: [
      { on: 'on this server', line: 'holdfast server token web1' },
      { on: 'on web1', line: 'holdfast agent enroll -' },
      { on: 'on web1', line: 'holdfast agent' },
    ],
  };
}

function seenStep({ sights, coverage, exposure }: Shown): Step {
  const seen = sights.filter(({ seenBy }) => seenBy !== undefined);
  const isDone = seen.length > 0 && (coverage.length > 0 || (exposure?.dataSets.length ?? 0) > 0);
  return {
    title: 'What lies on it is known',
    isDone,
    says: isDone
      ? html`${countOf(coverage.length, 'place')} with data found`
      : html`Its agent looks around when it starts, which takes a minute or two; this page changes by itself.`,
    lines: [],
  };
}

/** Where a person would begin: the largest that nothing keeps. */
function firstData({ coverage }: Shown): DataShown | undefined {
  const none = coverage.filter(({ state }) => state === 'none');
  return none.find(({ kind }) => kind !== 'image') ?? none[0] ?? coverage[0];
}

function keptSets({ exposure }: Shown): readonly DataSetView[] {
  return exposure?.dataSets.filter(({ pointCount }) => pointCount > 0) ?? [];
}

function keptStep(shown: Shown): Step {
  const [kept, ...others] = keptSets(shown);
  const title = 'Something is kept: a first recovery point';
  if (kept !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return { title, isDone: true, says: html`${kept.name}${more}`, lines: [] };
  }
  const hidden = shown.findings.find(({ code }) => code === 'ledger-not-seen');
  const note =
    hidden === undefined
      ? NOTHING
      : html` Of ${hidden.hosts.join(', ')} what is kept could not be seen: ${hidden.sentence}.`;
  const first = firstData(shown);
  const where = first === undefined ? 'on that host' : `on ${first.host}`;
  const path = first === undefined ? '/srv' : utf8Of(first.path);
  const about =
    first === undefined
      ? html`Name what matters most.`
      : html`<span class="mono">${first.host}:${nameHtml(first.path)}</span>, ${formatBytes(first.bytes)}, is the largest in no recovery point; <a href="/unprotected">take another</a>, or let <i>Protect</i> there write it into holdfast.yaml. The vault is best on another disk.`;
  return {
    ...{ title, isDone: false, says: html`${about}${note}` },
    lines: [
      { on: where, line: 'holdfast init --vault /srv/vault' },
      {
        on: where,
        line: `mkdir -p /etc/holdfast && echo 'vault: /srv/vault' >> /etc/holdfast/holdfast.yaml`,
      },
      { on: where, line: `holdfast backup ${operandWord(path)}` },
    ],
  };
}

function hostOf(set: DataSetView | undefined): string {
  const host = set?.places[0]?.host;
  return host === undefined ? 'on that host' : `on ${host}`;
}

function sheetStep(shown: Shown): Step {
  const { sheets } = shown;
  const [kept] = keptSets(shown);
  const isDone = sheets.vaults > 0 && sheets.confirmed === sheets.vaults;
  return {
    title: 'The key of the vault is on paper, elsewhere',
    isDone,
    says: isDone
      ? html`${countOf(sheets.confirmed, 'key sheet')} confirmed`
      : html`A vault without its key is nothing. The sheet is printed, put where the host is not, and confirmed by typing some of it back.`,
    lines: [
      { on: hostOf(kept), line: 'holdfast key sheet | lp' },
      { on: hostOf(kept), line: 'holdfast key sheet --confirm' },
    ],
  };
}

function drillStep(shown: Shown): Step {
  const [kept] = keptSets(shown);
  const name = kept === undefined ? NOTHING : html` of ${nameInSentence(kept.name)}`;
  return {
    title: 'A restore is proven: restored, compared and timed',
    isDone: false,
    says: html`Files${name} are restored to a place of their own, each compared with what was kept, timed, and removed again.`,
    lines: [{ on: hostOf(kept), line: drillLine(kept) }],
  };
}

/** What a team's own tool keeps is drilled by that tool. */
function drillLine(kept: DataSetView | undefined): string {
  const isTheirs = /^(?:restic|borg|pgbackrest)[ :]/i.test(kept?.best?.vault ?? '');
  if (isTheirs) return 'holdfast connect --refresh --drill';
  return `holdfast drill latest --data-set ${quoteWord(kept === undefined ? '/srv' : ownName(kept))}`;
}

/** As its own host calls it. */
function ownName({ name, places }: DataSetView): string {
  const host = places[0]?.host;
  return host !== undefined && name.startsWith(`${host}:`) ? name.slice(host.length + 1) : name;
}

/** No step of it, and said all the same: a server that falls silent tells nobody. */
function watchedHtml({ estate }: Shown): Html {
  const { mark } = estate.watching.standing;
  if (mark === 'ok') return NOTHING;
  return html`<p class="sub">Beside it: if this server fell silent, nobody would be told. A host elsewhere can watch it: <code>server: {peers: [outside1]}</code> in holdfast.yaml, or <code>holdfast server peer</code>.</p>`;
}
