/** What a restore did: a sentence, then the table, worst first. */
import type { ByteString } from '../../base/bytes.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount, formatRate } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatDuration } from '../../base/say-time.ts';
import { MIB } from '../../base/units.ts';
import type { RestoreReport } from '../../recover/shell/restore.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import { wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import type { RestoredOver } from '../guard/sync/restore-over.ts';
import { syncJson, syncWords } from '../guard/sync/sync-words.ts';
import type { PutSnapshot } from '../put-snapshot.ts';
import { errnoWords } from './errno-words.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { bytesJson, pathsWhy } from './json-shape.ts';

export interface Restored {
  readonly report: RestoreReport;
  readonly target: ByteString;
}

const NAMED_MAX = 20;
/** From little a rate is noise. */
const RATE_BYTES_MIN = 64 * MIB;

/** Everything is there and as it was, but for what the snapshot itself never had. */
export function isComplete({ report }: Restored): boolean {
  return report.isWhole && report.gapCount === 0 && report.unset.length === 0;
}

export function codeOfPut({ target, report, over }: PutSnapshot): ExitCode {
  if (over !== undefined) return over.result.code;
  return report !== undefined && isComplete({ report, target }) ? EXIT.done : EXIT.gaps;
}

export function putWords(put: PutSnapshot, now: UnixMs, style: Style): readonly string[] {
  const { target, report, over } = put;
  if (report !== undefined) return restoreWords({ report, target }, style);
  return over === undefined ? [] : overWords(over, now, style);
}

export function putJson({ target, report, over }: PutSnapshot): object {
  if (report !== undefined) return restoreJson({ report, target });
  if (over === undefined) return {};
  const { snapshot, isWhole, result, gaps, gapCount } = over;
  return { snapshot, isWhole, ...syncJson(result), gaps, gapCount };
}

/** What became of its plan, and what the snapshot itself lacks. */
function overWords(over: RestoredOver, now: UnixMs, style: Style): readonly string[] {
  const { result, gaps, gapCount } = over;
  const isDone = result.done !== undefined || result.notDone === 'equal';
  const missing = isDone && gapCount > 0 ? gaps : [];
  return [
    ...syncWords(result, now, style),
    ...missing.flatMap((gap) => [
      ...wrap(`  Not in the snapshot: ${sayText(gap, style)}`, style.width),
    ]),
  ];
}

export function restoreWords(restored: Restored, style: Style): readonly string[] {
  const { report, target } = restored;
  const took = formatDuration(report.durationMs + (report.syncMs ?? 0));
  const id = shortId(report.snapshot);
  const place = sayName(target, style);
  const text = report.isWhole
    ? `Snapshot ${id} is restored in ${place}, in ${took}.`
    : `Snapshot ${id} is restored in ${place} but for ${countOf(report.failureCount, 'entry', 'entries')}, in ${took}.`;
  const sentence = layoutSentence(style, {
    mark: report.isWhole
      ? isComplete(restored)
        ? undefined
        : { is: 'degraded' }
      : { is: 'failed' },
    text,
    tone: 'strong',
  });
  const rows = [
    ...failureRows(report, style),
    ...unsetRows(report, style),
    ...gapRows(report, style),
    ...amountRows(restored),
  ];
  return [...sentence, '', ...layoutRows(style, rows)];
}

function failureRows({ failures, failureCount }: RestoreReport, style: Style): LabelledRow[] {
  const mark = { is: 'failed' as const };
  const named = failures.slice(0, NAMED_MAX).map(({ path, code, why }) => ({
    mark,
    label: 'not restored',
    text: `${sayName(path, style)}: ${sayText(why, style)} (${code})`,
  }));
  const more = failureCount - named.length;
  return more > 0
    ? [...named, { mark, label: 'not restored', text: `${formatCount(more)} more` }]
    : named;
}

function unsetRows({ unset }: RestoreReport, style: Style): LabelledRow[] {
  return unset.map(({ what, errno, count, examples }) => {
    const [first] = examples;
    const example = first === undefined ? '' : `, for example ${sayName(first, style)}`;
    const text = `${what} on ${countOf(count, 'entry', 'entries')}: ${errnoWords(errno)}${example}`;
    return { mark: { is: 'degraded' as const }, label: 'not set', text };
  });
}

/** Of the snapshot, not of the restore. */
function gapRows({ gaps, gapCount }: RestoreReport, style: Style): LabelledRow[] {
  const mark = { is: 'degraded' as const };
  const label = 'not in it';
  const named = gaps.slice(0, NAMED_MAX).map(({ path, why }) => ({
    mark,
    label,
    text: `${sayName(path, style)}: ${errnoWords(sayText(why, style))}`,
  }));
  const more = gapCount - named.length;
  return more > 0 ? [...named, { mark, label, text: `${formatCount(more)} more` }] : named;
}

function amountRows({ report }: Restored): LabelledRow[] {
  const row = (label: string, text: string): LabelledRow => ({ mark: undefined, label, text });
  const { firstMs, syncMs } = report;
  const rate = report.writtenBytes >= RATE_BYTES_MIN ? `, ${formatRate(report.rateBytesPerS)}` : '';
  const rows = [
    row(
      'holds',
      `${countOf(report.entries, 'entry', 'entries')}, ${formatBytes(report.bytes)}${rate}`,
    ),
  ];
  if (report.keptFiles > 0) {
    rows.push(
      row('there', `${countOf(report.keptFiles, 'file')} already right, left as they were`),
    );
  }
  if (report.isResumed) rows.push(row('resumed', 'an interrupted restore was gone on with'));
  if (firstMs !== undefined) {
    rows.push(row('first', `all that was wanted first was there after ${formatDuration(firstMs)}`));
  }
  if (syncMs !== undefined) {
    rows.push(row('on disk', `after ${formatDuration(syncMs)} more of waiting for the medium`));
  }
  return rows;
}

export function restoreJson({ report, target }: Restored): object {
  const { failures, unset, gaps, firstMs, syncMs, ...counts } = report;
  return {
    ...counts,
    ...bytesJson('target', target),
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(syncMs === undefined ? {} : { syncMs }),
    failures: failures.map(({ path, code, why }) => ({ ...bytesJson('path', path), code, why })),
    unset: unset.map(({ what, errno, count, examples }) => ({
      what,
      errno,
      count,
      examples: examples.map((path) => bytesJson('path', path)),
    })),
    gaps: pathsWhy(gaps),
  };
}
