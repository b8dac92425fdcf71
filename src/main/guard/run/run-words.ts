/** The words of `guard run`. */
import type { PlanHeader, Verdict } from '../../../base/plan.ts';
import { inCharset, paint, type Style } from '../../../base/say.ts';
import { stateMark } from '../../../base/say-mark.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { formatDuration, formatInstant } from '../../../base/say-time.ts';
import { wrap } from '../../../base/say-width.ts';
import { isInForce } from '../../../guard/core/release.ts';
import { layoutObjections, sayVerdict, wouldWords } from '../../../guard/core/say-verdict.ts';
import type { ApplyReport } from '../../../guard/shell/apply-request.ts';
import type { MadePlan } from './make-plan.ts';
import type { Guarded, Unclear } from './wrapped.ts';

export interface Done {
  readonly report: ApplyReport;
  /** Of the child. */
  readonly code: number;
}

interface Counts {
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
}

/** Attributes alone are no change that people count. */
export function countsOf({ made }: MadePlan): Counts {
  let [added, changed, deleted] = [0, 0, 0];
  for (const op of made.ops) {
    if (op.op === 'create') added += op.entries;
    else if (op.op === 'delete') deleted += op.entries;
    else if (op.attributesOnly !== true) changed += 1;
  }
  return { added, changed, deleted };
}

export function readFirstLines(style: Style, command: Guarded, made: MadePlan): readonly string[] {
  if (command.cause === 'explicit') return [];
  const { asked, header, askedMs } = made;
  const there = formatCount(asked.listing.seen);
  const here = formatCount(header.target.entries);
  const text = `${command.name}'s own dry run: ${there} entries there, ${here} here`;
  return [inCharset(style, `  read first   ${text}   ${formatDuration(askedMs)}`)];
}

export function allowedLines(style: Style, made: MadePlan): readonly string[] {
  const { added, changed, deleted } = countsOf(made);
  const mark = `${stateMark(style, 'ok')} ${paint(style, 'strong', 'ALLOWED')}`;
  const of = deleted > 0 ? ` of ${formatCount(made.header.target.entries)}` : '';
  const parts = [
    ...(added > 0 ? [`adds ${formatCount(added)}`] : []),
    ...(changed > 0 ? [`changes ${formatCount(changed)}`] : []),
    ...(deleted > 0 ? [`deletes ${formatCount(deleted)}${of}`] : []),
  ];
  const what = parts.length === 0 ? 'nothing to do' : parts.join(', ');
  return [`${mark}  ${made.header.id}  ${inCharset(style, what)}`];
}

export function doneLines(
  style: Style,
  of: { readonly command: Guarded; readonly made: MadePlan; readonly done: Done },
): readonly string[] {
  const { command, made, done } = of;
  const { report, code } = done;
  const { added, changed, deleted } = countsOf(made);
  const isNothing = added + changed + deleted === 0;
  const isAllForGood = report.forGoodEntries > 0 && report.forGoodEntries === changed + deleted;
  const undo =
    isNothing || report.done === 0
      ? []
      : [
          ...forGoodLines(report, style),
          ...(isAllForGood && added === 0 ? [] : undoLines(style, made, report)),
        ];
  if (report.outcome === 'applied') {
    if (isNothing) return ['', `Exit ${code}, ${command.name}'s own.`];
    const words = `${formatCount(added)} added, ${formatCount(changed)} changed, ${formatCount(deleted)} deleted`;
    const kept = report.asideBytes > 0 ? ` (${formatBytes(report.asideBytes)} kept aside)` : '';
    const end = command.run === undefined ? [] : ['', `Exit ${code}, ${command.name}'s own.`];
    return ['', ...wrap(`Done as it said: ${words}${kept}.`, style.width), ...undo, ...end];
  }
  const why = report.stop?.why ?? '';
  const waits = deleted > 0 ? ' What was to be deleted is still there.' : '';
  if (!command.endedWell(code)) {
    const text = `${command.name} ended with ${code}.${waits}`;
    return ['', ...wrap(text, style.width), ...undo];
  }
  const isStale = report.outcome === 'stale';
  const said = isStale
    ? `Stale: the target is no longer as it was read: ${why}.`
    : `Stopped: ${why}.`;
  const rest = `${countOf(report.waiting, 'operation')} of ${made.header.id} wait; run it again.`;
  return ['', ...wrap(`${said} ${rest}`, style.width), ...undo];
}

function undoLines(
  style: Style,
  { header }: MadePlan,
  { until, forGoodEntries }: ApplyReport,
): readonly string[] {
  const command = paint(style, 'ask', `holdfast undo ${header.id}`);
  const what = forGoodEntries > 0 ? 'Put the rest back' : 'Put it all back ';
  return [`  ${what}    ${command}     until ${formatInstant(until, header.created)}`];
}

/** What persons approved to go though nothing of it could be set aside. */
export function forGoodLines({ forGoodEntries }: ApplyReport, style: Style): readonly string[] {
  if (forGoodEntries === 0) return [];
  const gone = countOf(forGoodEntries, 'entry', 'entries');
  const text = `${gone} went for good, as was approved: nothing could be set aside, and no undo puts them back.`;
  return [
    `${stateMark(style, 'failed')} ${paint(style, 'strong', 'NO UNDO')}`,
    ...wrap(text, style.width - 2).map((line) => `  ${line}`),
  ];
}

export interface SaidRun {
  readonly command: Guarded;
  readonly made: MadePlan;
  readonly verdict: Verdict;
}

export function heldLines(
  style: Style,
  said: SaidRun & { readonly code: number },
): readonly string[] {
  const { command, made, code } = said;
  const { added } = countsOf(made);
  const ended = command.endedWell(code)
    ? `${countOf(added, 'new entry is', 'new entries are')} in place`
    : `${command.name} ended with ${code}`;
  const ran = `Exit 120: held. ${command.name} ran once, without deletes, for what is new only; ${ended}.`;
  return [...verdictLines(style, said), '', ...wrap(inCharset(style, ran), style.width)];
}

export function refusedLines(style: Style, said: SaidRun): readonly string[] {
  const code = said.verdict.decision === 'deny' ? '121: denied' : '120: held';
  return [...verdictLines(style, said), '', `Exit ${code}. ${said.command.name} was not run.`];
}

/** What would have been said, of a run that goes on as it was typed. */
export function observedLines(
  style: Style,
  { command, made, verdict }: SaidRun,
): readonly string[] {
  const { header, picture } = made;
  const objections = verdict.objections.filter(isInForce);
  const [first] = objections;
  const isAdoption =
    made.found.past.isFirstRun && objections.every(({ rule }) => rule === 'scoped');
  if (isAdoption) {
    const text = `${header.id}: first run, observed. Guarded, it would have deleted nothing yet.`;
    return wrap(inCharset(style, text), style.width);
  }
  const isDenied = verdict.decision === 'deny';
  const word = paint(style, 'strong', `WOULD HAVE BEEN ${isDenied ? 'DENIED' : 'HELD'}`);
  const mark = stateMark(style, isDenied ? 'failed' : 'held');
  const would = `It will ${wouldWords({ header, picture })}: ${command.name} runs as it was typed.`;
  return [
    `${mark} ${word}  ${header.id}   Only observed.`,
    ...wrap(inCharset(style, would), style.width),
    ...(first === undefined ? [] : ['', ...layoutObjections(objections, style)]),
  ];
}

export function verdictLines(style: Style, { made, verdict }: SaidRun): readonly string[] {
  const { header, digest, picture } = made;
  return [...sayVerdict({ header, verdict, digest, picture, now: header.created }, style)];
}

export function unclearLines(style: Style, { why, fix }: Unclear): readonly string[] {
  return [
    `${stateMark(style, 'unknown')} ${paint(style, 'strong', 'NOT RUN')}   ${sentence(why)}`,
    ...wrap(inCharset(style, fix), style.width - 2).map((line) => `  ${line}`),
    '',
    'Exit 123: not run.',
  ];
}

export function remoteLines(
  style: Style,
  command: Guarded,
  what: { readonly deletes: number; readonly changes: number; readonly isRun: boolean },
): readonly string[] {
  const { deletes, changes, isRun } = what;
  const waits = [
    ...(deletes > 0 ? [countOf(deletes, 'delete')] : []),
    ...(changes > 0 ? [countOf(changes, 'change')] : []),
  ].join(' and ');
  const text = `${waits} at ${command.targetText}: it lies on another machine, where nothing could be set aside and put back from here.`;
  const fix =
    command.far === undefined
      ? 'Run holdfast guard run on that machine, pulling from here.'
      : `Install Holdfast on ${sayText(command.far.host)}, so that ssh finds holdfast there: then the same command is judged and kept there. Or run it on that machine, pulling from here.`;
  const ran = isRun
    ? `${command.name} ran once, without deletes, for what is new only.`
    : `${command.name} was not run.`;
  return [
    `${stateMark(style, 'held')} ${paint(style, 'strong', 'HELD')}   Nothing was deleted or overwritten.`,
    ...wrap(inCharset(style, text), style.width - 2).map((line) => `  ${line}`),
    ...wrap(fix, style.width - 2).map((line) => `  ${line}`),
    '',
    `Exit 120: held. ${ran}`,
  ];
}

export function headerJson(header: PlanHeader): object {
  const { id, pipeline, target, source, summary } = header;
  return { id, pipeline, target: target.place, source: source?.place, summary };
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?]$/.test(begun) ? begun : `${begun}.`;
}
