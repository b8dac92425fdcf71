/** What a round did for a data set, as rows. */
import type { ByteString } from '../../base/bytes.ts';
import type { Style } from '../../base/say.ts';
import { sayMessage, sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import { formatAge, formatDuration } from '../../base/say-time.ts';
import { unbreakable } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import { errnoWords } from '../cli/errno-words.ts';
import type { Target } from './targets.ts';
import type { Done, Protected, Refused } from './up-view.ts';

export interface DoneWords {
  readonly style: Style;
  readonly now: UnixMs;
  /** What looks closer at a vault in which something is wrong. */
  readonly checkCommand: string;
}

/** The problems of a kind are named up to this, and counted beyond it. */
const NAMED_MAX = 5;

export function doneRows(done: Done, words: DoneWords): readonly LabelledRow[] {
  if (done.kind === 'refused') return [refusedRow(done, words)];
  const rows = [
    ...hookRows(done, words),
    ...tornRows(done, words),
    ...gapRows(done, words),
    ...leftOutRows(done, words),
  ];
  return [backupRow(done, words), ...rows, drillRow(done, words), ...engineRows(done, words)];
}

/** One line for a log: what is new. */
export function doneLine(done: Done, { style }: DoneWords): string {
  const name = sayText(done.target.dataSet, style);
  if (done.kind === 'refused')
    return `${name}: ${sayMessage(done.fault.message)} (${done.fault.code})`;
  const { backup, drill, isDrilledNow } = done;
  const drilled = isDrilledNow ? `, ${howWords(drill)} in ${formatDuration(drill.durationMs)}` : '';
  return `${name}: ${formatBytes(backup.newBytes)} new${drilled}`;
}

function refusedRow({ target, fault }: Refused, { style }: DoneWords): LabelledRow {
  const text = `${sayText(target.dataSet, style)}: ${sayMessage(fault.message)} (${fault.code}). ${sayMessage(fault.remedy)}`;
  return { mark: { is: 'failed' }, label: 'backup', text, tone: 'failed' };
}

function backupRow({ target, backup }: Protected, { style }: DoneWords): LabelledRow {
  const entries = backup.roots.reduce((sum, root) => sum + root.entries, 0);
  const bytes = Number(backup.roots.reduce((sum, root) => sum + root.bytes, 0n));
  const took = unbreakable(formatDuration(Math.max(1, backup.finished - backup.started)));
  const size = `${unbreakable(countOf(entries, 'entry', 'entries'))}, ${fixedBytes(bytes)}`;
  const news = backup.isUnchanged
    ? 'nothing changed'
    : `${unbreakable(`${formatBytes(backup.newBytes)} new`)}, stored as ${fixedBytes(backup.storedBytes)}`;
  const name = unbreakable(sayText(target.dataSet, style));
  const since = backup.isSeen ? 'since ' : '';
  const id = unbreakable(`${since}snapshot ${shortId(backup.snapshot)}`);
  const text = `${name}: ${size}; ${news}, in ${took}; ${id}`;
  const isWhole = backup.report.gapCount + backup.torn.length === 0;
  return { mark: { is: isWhole ? 'ok' : 'degraded' }, label: 'backup', text };
}

function hookRows({ hooks }: Protected, { style }: DoneWords): readonly LabelledRow[] {
  return hooks
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ name, why }) => ({
      mark: { is: 'degraded' as const },
      label: `${name} failed`,
      text: sayText(why ?? '', style),
    }));
}

function tornRows({ backup }: Protected, { style }: DoneWords): readonly LabelledRow[] {
  const rows = backup.torn.slice(0, NAMED_MAX).map(({ path, engine }): LabelledRow => {
    const name = unbreakable(sayName(path, style));
    const text = `${name}: ${sayText(engine, style)} was using it; no recovery point of it until it was started on a restore`;
    return { mark: { is: 'degraded' }, label: 'torn', text };
  });
  const more = backup.torn.length - rows.length;
  if (more <= 0) return rows;
  return [
    ...rows,
    { mark: { is: 'degraded' }, label: 'torn', text: countOf(more, 'more', 'more') },
  ];
}

function gapRows({ target, backup }: Protected, { style }: DoneWords): readonly LabelledRow[] {
  const { gapCount, gaps } = backup.report;
  const rows = gaps.slice(0, NAMED_MAX).map(({ path, why }): LabelledRow => {
    const text = `${nameIn(target, path, style)}: ${errnoWords(sayText(why, style))}`;
    return { mark: { is: 'degraded' }, label: 'not kept', text };
  });
  const more = gapCount - rows.length;
  if (more <= 0) return rows;
  const text = `${countOf(more, 'more entry', 'more entries')} could not be read or kept`;
  return [...rows, { mark: { is: 'degraded' }, label: 'not kept', text }];
}

function leftOutRows({ target, backup }: Protected, { style }: DoneWords): readonly LabelledRow[] {
  const { byRule, leftOut } = backup.report;
  const rules = [...byRule].map(([rule, { entries, bytes, isAtLeast }]): LabelledRow => {
    const count = `${isAtLeast ? 'at least ' : ''}${countOf(entries, 'entry', 'entries')}`;
    const text = `${unbreakable(count)}, ${fixedBytes(bytes)} by ${unbreakable(sayText(rule, style))}`;
    return { mark: undefined, label: 'left out', text };
  });
  const places = leftOut.slice(0, NAMED_MAX).map(({ path, why, bytes }): LabelledRow => {
    const size = bytes === undefined ? '' : `, ${fixedBytes(bytes)}`;
    const text = `${nameIn(target, path, style)}${size}: ${sayText(why, style)}`;
    return { mark: undefined, label: 'not entered', text };
  });
  const more = leftOut.length - places.length;
  const rest: LabelledRow = {
    mark: undefined,
    label: 'not entered',
    text: countOf(more, 'more place', 'more places'),
  };
  return [...rules, ...places, ...(more > 0 ? [rest] : [])];
}

function drillRow({ drill, isDrilledNow }: Protected, words: DoneWords): LabelledRow {
  const { style, now, checkCommand } = words;
  if (!drill.isPassed) {
    const text = `failed: the restore is not what was backed up; ${failureWords(drill, style)}. Keep what it was taken from, and do not rely on this copy.`;
    const mark = { is: 'failed' } as const;
    return { mark, label: 'drill', text, tone: 'failed', command: checkCommand };
  }
  if (!isDrilledNow) {
    const age = unbreakable(formatAge(now - drill.startedAt));
    return { mark: { is: 'ok' }, label: 'drill', text: `as ${howWords(drill)} ${age}` };
  }
  const size = `${fixedBytes(drill.bytes)} in ${unbreakable(formatDuration(drill.durationMs))}`;
  const source = drill.source.isCompared
    ? `equal to the source${changedWords(drill)}`
    : `not compared with the source: ${drill.source.why}`;
  const text = `${howWords(drill)}: ${size}; every digest right, ${source}`;
  return { mark: { is: 'ok' }, label: 'drill', text };
}

/** What was shown to be usable is good news for those who know that it was torn; the rest is bad. */
function engineRows({ drill }: Protected, { style }: DoneWords): readonly LabelledRow[] {
  return drill.engines.slice(0, NAMED_MAX).map(({ path, isUsable, said }): LabelledRow => {
    const is = isUsable === undefined ? 'unknown' : isUsable ? 'ok' : 'failed';
    const label = { ok: 'usable', failed: 'not usable', unknown: 'not tried' }[is];
    return { mark: { is }, label, text: `${sayName(path, style)}: ${said}` };
  });
}

function howWords({ kind }: DrillResult): string {
  return kind === 'drilled' ? 'restored to scratch' : 're-read, not restored (too large)';
}

function changedWords({ source }: DrillResult): string {
  if (source.changedSince === 0) return '';
  return ` but for ${unbreakable(countOf(source.changedSince, 'entry', 'entries'))} changed since`;
}

function failureWords({ failedCount, failedFiles, source }: DrillResult, style: Style): string {
  const [file] = failedFiles;
  if (file !== undefined) {
    const name = unbreakable(sayName(file.path, style));
    const count = unbreakable(countOf(failedCount, 'file'));
    return `${count} did not come back, such as ${name} (${errnoWords(sayText(file.why, style))})`;
  }
  const [first] = source.unexplained;
  const name = first === undefined ? '' : `, such as ${unbreakable(sayName(first.path, style))}`;
  const count = unbreakable(countOf(source.unexplainedCount, 'entry', 'entries'));
  return `${count} differ from the source${name}, though nothing changed them`;
}

/** Paths of a snapshot are below its root; the root itself has none. */
function nameIn(target: Target, path: ByteString, style: Style): string {
  return unbreakable(path === '' ? sayText(target.dataSet, style) : sayName(path, style));
}

function fixedBytes(bytes: number): string {
  return unbreakable(formatBytes(bytes));
}
