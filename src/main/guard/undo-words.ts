/** What an undo would do, did, and could still do, in words and as JSON. */
import path from 'node:path';
import type { PlanHeader, Verdict } from '../../base/plan.ts';
import { inCharset, paint, type Style } from '../../base/say.ts';
import { stateMark } from '../../base/say-mark.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatAge, formatInstant } from '../../base/say-time.ts';
import { wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import { sayVerdict } from '../../guard/core/say-verdict.ts';
import type { ApplyReport } from '../../guard/shell/apply-request.ts';
import type { PlanResult } from '../../guard/shell/plan-result.ts';
import type { UndoNote } from '../../guard/shell/undo.ts';
import { bytesJson, timeJson } from '../cli/json-shape.ts';
import { forGoodLines } from './run/run-words.ts';
import type { PreparedUndo } from './undo-act.ts';

/** Of each kind; the rest is counted. */
const NOTES_SHOWN = 10;

/** What is held or only shown: the verdict, and what is to be known besides. */
export function* undoVerdictLines(
  { header, digest, verdict, picture, notes }: PreparedUndo,
  style: Style,
  now: UnixMs,
): Generator<string> {
  yield* sayVerdict({ header, digest, verdict, picture, now }, style);
  yield* noteLines(notes, style);
}

export function* undoneLines(
  { original, header, notes }: PreparedUndo,
  report: ApplyReport,
  how: { readonly style: Style; readonly now: UnixMs },
): Generator<string> {
  const { style, now } = how;
  const mark = stateMark(style, report.outcome === 'applied' ? 'ok' : 'failed');
  const place = sayText(original.target.place, style);
  if (report.outcome === 'applied') {
    const what = `${countOf(report.done, 'operation')} below ${place}`;
    const nothing = `nothing of it was left to put back below ${place}`;
    yield `${mark} ${paint(style, 'strong', 'PUT BACK')}  ${original.id}: ${report.done > 0 ? what : nothing}`;
  } else {
    yield* stoppedLines(header, report, style);
  }
  yield* noteLines(notes, style);
  yield* unsetLines(report, style);
  yield* forGoodLines(report, style);
  if (report.done > 0) {
    const again = paint(style, 'ask', `holdfast undo ${header.id}`);
    yield `  Take this back   ${again}     until ${formatInstant(report.until, now)}`;
    yield* movedLines(original, header, style);
  }
}

/** Of what mv moved over something: where it does not go back to where it was. */
function* movedLines(original: PlanHeader, header: PlanHeader, style: Style): Generator<string> {
  if (path.posix.basename(original.command?.[0] ?? '') !== 'mv') return;
  if (header.summary.rename.ops >= original.summary.update.ops) return;
  const moved = `What mv had moved there could not go back to where it came from: until then it is kept aside for ${header.id}.`;
  yield* wrap(moved, style.width - 2).map((line) => `  ${line}`);
}

/** Where an apply came to an end before its end. */
export function* stoppedLines(
  { id }: PlanHeader,
  { outcome, stop, done, waiting }: ApplyReport,
  style: Style,
): Generator<string> {
  const word = outcome === 'stale' ? 'STALE' : 'STOPPED';
  const at = stop === undefined || stop.path === '' ? '' : `${sayName(stop.path, style)}: `;
  yield `${stateMark(style, 'failed')} ${paint(style, 'strong', word)}  ${id}   ${at}${stop?.why ?? ''}`;
  const rest = `${formatCount(done)} done, ${formatCount(waiting)} not. What was done is whole, and nothing is lost.`;
  yield* wrap(inCharset(style, rest), style.width);
}

function* noteLines(notes: readonly UndoNote[], style: Style): Generator<string> {
  for (const what of ['changed since', 'left'] as const) {
    const of = notes.filter((note) => note.what === what);
    if (of.length === 0) continue;
    yield '';
    yield what === 'left' ? 'Cannot be put back:' : 'Changed since, and kept aside:';
    for (const { path, why } of of.slice(0, NOTES_SHOWN)) {
      yield* wrap(`  ${sayName(path, style)}: ${why}`, style.width);
    }
    if (of.length > NOTES_SHOWN) yield `  and ${formatCount(of.length - NOTES_SHOWN)} more`;
  }
}

function* unsetLines({ unset }: ApplyReport, style: Style): Generator<string> {
  if (unset.length === 0) return;
  yield '';
  yield `${countOf(unset.length, 'attribute')} could not be set:`;
  for (const { path, what } of unset.slice(0, NOTES_SHOWN)) {
    yield `  ${sayName(path, style)}: ${sayText(what, style)}`;
  }
}

/** One plan that can be put back. */
export interface UndoRow {
  /** Where it lies, when its space was reclaimed: a vault, as it can be named. */
  readonly vault: string | undefined;
  readonly header: PlanHeader;
  readonly result: PlanResult;
}

export function* undoListLines(
  rows: readonly UndoRow[],
  style: Style,
  now: UnixMs,
): Generator<string> {
  if (rows.length === 0) {
    yield 'Nothing can be put back: no plan was applied here, or its time is over.';
    return;
  }
  const here = rows.filter(({ vault }) => vault === undefined);
  const bytes = here.reduce((sum, { result }) => sum + result.asideBytes, 0);
  yield `${countOf(rows.length, 'plan')} can be put back; ${formatBytes(bytes)} are kept for it.`;
  yield '';
  const columns = [
    { header: 'PLAN' },
    { header: 'APPLIED' },
    { header: 'BELOW', shrink: 'ends' as const },
    { header: 'OPERATIONS', align: 'right' as const },
    { header: 'KEPT', align: 'right' as const },
    { header: 'UNTIL' },
  ];
  const cells = rows.map(({ header, result, vault }) => [
    { text: header.id },
    { text: formatAge(now - result.at) + (result.outcome === 'stopped' ? ', stopped' : '') },
    { text: sayText(header.target.place, style) },
    { text: formatCount(result.done) },
    { text: vault === undefined ? formatBytes(result.asideBytes) : 'in a vault' },
    { text: formatInstant(result.until, now) },
  ]);
  yield* layoutTable(style, columns, cells);
  yield '';
  yield `  Put one back   ${paint(style, 'ask', `holdfast undo ${rows[0]?.header.id ?? ''}`)}`;
}

/** Of a dry run of one whose space was reclaimed. */
export function* undoInVaultLines(
  { header, result, vault }: UndoRow & { readonly vault: string },
  style: Style,
): Generator<string> {
  const { asideEntries, asideBytes } = result;
  const what = `${countOf(asideEntries, 'entry', 'entries')} (${formatBytes(asideBytes)})`;
  const where = sayText(vault, style);
  yield* wrap(
    `What ${header.id} set aside below ${sayText(header.target.place, style)}, ${what}, lies in the vault ${where}. An undo brings it back from there first, and then shows or does what a plan says: what somebody changed since is known only then. Nothing was changed.`,
    style.width,
  );
  yield `  Put it back   ${paint(style, 'ask', `holdfast undo ${header.id}`)}`;
}

export function undoListJson(rows: readonly UndoRow[]): object {
  return {
    plans: rows.map(({ header, result, vault }) => ({
      ...{ id: header.id, target: header.target.place, outcome: result.outcome },
      ...{ applied: timeJson(result.at), until: timeJson(result.until) },
      ...{ done: result.done, waiting: result.waiting },
      ...{ asideEntries: result.asideEntries, asideBytes: result.asideBytes },
      ...(vault === undefined ? {} : { vault }),
      ...(header.undoOf === undefined ? {} : { undoOf: header.undoOf }),
    })),
  };
}

export function reportJson(report: ApplyReport): object {
  const { outcome, done, waiting, asideEntries, asideBytes, until, stop, unset } = report;
  return {
    ...{ outcome, done, waiting, asideEntries, asideBytes, until: timeJson(until) },
    ...(stop === undefined ? {} : { stop: { ...bytesJson('path', stop.path), why: stop.why } }),
    unset: unset.map(({ path, what }) => ({ ...bytesJson('path', path), what })),
  };
}

export function notesJson(notes: readonly UndoNote[]): readonly object[] {
  return notes.map(({ path, what, why }) => ({ ...bytesJson('path', path), what, why }));
}

export function verdictJson({ decision, objections, passed, needs }: Verdict): object {
  return { decision, objections, passed, needs };
}
