/** The words of `guard run`, as mocks/cli.txt has them. */
import { hexOf } from '../../../base/bytes.ts';
import type { PlanHeader, Verdict } from '../../../base/plan.ts';
import { inCharset, paint, type Style } from '../../../base/say.ts';
import { stateMark } from '../../../base/say-mark.ts';
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { formatDuration, formatInstant } from '../../../base/say-time.ts';
import { wrap } from '../../../base/say-width.ts';
import { isInForce } from '../../../guard/core/release.ts';
import type { MadePlan } from './make-plan.ts';
import type { Done } from './run-voice.ts';
import type { Guarded, Unclear } from './wrapped.ts';

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
  const undo = undoLines(style, made, report.until);
  if (report.outcome === 'applied') {
    if (added + changed + deleted === 0) return ['', `Exit ${code}, ${command.name}'s own.`];
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

function undoLines(style: Style, { header }: MadePlan, until: number): readonly string[] {
  const command = paint(style, 'ask', `holdfast undo ${header.id}`);
  return [`  Put it all back     ${command}     until ${formatInstant(until, header.created)}`];
}

export function heldLines(
  style: Style,
  of: {
    readonly command: Guarded;
    readonly made: MadePlan;
    readonly held: Done & { readonly verdict: Verdict };
  },
): readonly string[] {
  const { command, made, held } = of;
  const { verdict, code } = held;
  const { added, changed } = countsOf(made);
  const mark = `${stateMark(style, 'held')} ${paint(style, 'strong', 'HELD')}`;
  const isWell = command.endedWell(code);
  const news = isWell
    ? `${countOf(added, 'new entry is', 'new entries are')} in place`
    : `${command.name} ended with ${code}`;
  const waits = `${news}; ${countOf(changed, 'change')} and all deletes wait.`;
  return [
    `${mark}  ${made.header.id}   Nothing was deleted or overwritten.`,
    ...wrap(inCharset(style, waits), style.width),
    ...wouldLines(style, made),
    ...objectionLines(style, verdict),
    ...nextLines(style, made, verdict),
    '',
    ...wrap(
      `Exit 120: held. ${command.name} ran once, without deletes, for what is new only.`,
      style.width,
    ),
  ];
}

export function refusedLines(
  style: Style,
  of: {
    readonly command: Guarded;
    readonly made: MadePlan;
    readonly verdict: Verdict;
    readonly isObserved: boolean;
  },
): readonly string[] {
  const { command, made, verdict, isObserved } = of;
  const isDenied = verdict.decision === 'deny';
  const state = isDenied ? 'failed' : 'held';
  const word = isDenied ? 'DENIED' : 'HELD';
  const mark = `${stateMark(style, state)} ${paint(style, 'strong', isObserved ? `WOULD BE ${word}` : word)}`;
  const what = isObserved ? 'Observed only: it runs as it is.' : 'Nothing was run.';
  const code = isDenied ? '121: denied' : '120: held';
  return [
    `${mark}  ${made.header.id}   ${what}`,
    ...wouldLines(style, made),
    ...objectionLines(style, verdict),
    ...(isObserved ? [] : nextLines(style, made, verdict)),
    ...(isObserved ? [''] : ['', `Exit ${code}. ${command.name} was not run.`]),
  ];
}

function wouldLines(style: Style, made: MadePlan): readonly string[] {
  const { changed, deleted } = countsOf(made);
  const { target } = made.header;
  if (deleted === 0 && changed === 0) return [];
  const words =
    deleted > 0
      ? `It would delete ${formatCount(deleted)} of ${countOf(target.entries, 'entry', 'entries')} below ${target.place}.`
      : `It would change ${countOf(changed, 'entry', 'entries')} below ${target.place}.`;
  return wrap(inCharset(style, words), style.width);
}

const LABEL_WIDTH = 16;

export function objectionLines(style: Style, verdict: Verdict): readonly string[] {
  const room = style.width - LABEL_WIDTH - 4;
  const lines = verdict.objections.flatMap((objection) => {
    const { rule, why, fix, mode } = objection;
    const note = isInForce(objection) ? '' : mode === 'observe' ? ' (only observed)' : ' (released)';
    const texts = [
      ...wrap(inCharset(style, `${sentence(why)}${note}`), room),
      ...wrap(inCharset(style, `Fix: ${fix}`), room),
    ];
    const label = `  ${rule}`.padEnd(LABEL_WIDTH + 4);
    return texts.map((text, at) => (at === 0 ? label : ' '.repeat(LABEL_WIDTH + 4)) + text);
  });
  const passed = verdict.passed.map((rule) => `${stateMark(style, 'ok')} ${rule}`);
  const tail = passed.length === 0 ? [] : [`  ${passed.join('  ')}`];
  return lines.length === 0 ? [] : ['', ...lines, ...tail];
}

function nextLines(style: Style, { header, digest }: MadePlan, verdict: Verdict): readonly string[] {
  const look = paint(style, 'ask', `holdfast plan ${header.id}`);
  const pass = paint(style, 'ask', `holdfast approve ${header.id}`);
  const digits = hexOf(digest).slice(0, 8);
  const until = formatInstant(header.expires, header.created);
  const canPass = verdict.decision === 'hold' && verdict.needs.approvals > 0;
  return [
    '',
    `  Look at what waits   ${look}`,
    ...(canPass ? [`  Let it pass          ${pass} ${digits}   until ${until}; then run it again`] : []),
  ];
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
  const fix = `Run holdfast guard run on that machine, pulling from here; or: holdfast sync.`;
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
