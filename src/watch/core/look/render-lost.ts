import { inCharset, paint, type Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence, type Mark } from '../../../base/say-rows.ts';
import { type Cell, type Column, layoutTable } from '../../../base/say-table.ts';
import { formatAge } from '../../../base/say-time.ts';
import { operandWord } from '../../../base/shell-word.ts';
import type { UnixMs } from '../../../base/units.ts';
import { wrap } from '../../../base/say-width.ts';
import type { ExposureToAll } from '../exposure/rows.ts';
import { lossCell, proofCell } from '../render-exposure.ts';
import { outageWords } from '../say-loss.ts';
import type { LostRow, LostTogether } from './lost-together.ts';
import type { SavedLook } from './saved-look.ts';

/** The worst come first; all are in --json. */
const ROWS_MAX = 30;

function columnsOf(hasOutage: boolean): readonly Column[] {
  return [
    { header: 'DATA SET', shrink: 'ends', widthMin: 16 },
    { header: 'SIZE', align: 'right' },
    { header: 'LOST' },
    ...(hasOutage ? [{ header: 'OUT' }] : []),
    { header: 'SURVIVES' },
    { header: 'PROOF', shrink: 'start', widthMin: 12 },
  ];
}

/** What would be lost with all that was named: a sentence, then each data set, worst first. */
export function renderLost(
  found: LostTogether,
  style: Style,
  of: { readonly look: SavedLook; readonly now: UnixMs },
): readonly string[] {
  const { rows, services, notSeen, seenInPart } = found;
  const inner = { ...style, width: style.width - 2 };
  // Where nothing is known of how long, a column that says so only takes room.
  const hasOutage = rows.some(({ outage }) => outage.kind === 'interval');
  const cells = rows.slice(0, ROWS_MAX).map((row) => cellsOf(row, { style, hasOutage }));
  const table = rows.length === 0 ? [] : ['', ...layoutTable(inner, columnsOf(hasOutage), cells)];
  const unseenRow = (host: string, text: string): LabelledRow => ({
    ...{ mark: { is: 'unknown' }, label: sayText(host, style), text },
    command: `holdfast look ${sayText(operandWord(host), style)}`,
  });
  const unseen = [
    ...notSeen.map((host) => unseenRow(host, 'was not seen, so what it holds is unknown')),
    ...seenInPart.map((host) => unseenRow(host, 'was seen in part: what else it holds is unknown')),
  ];
  return [
    ...layoutSentence(style, sentenceOf(found, style)),
    ...table,
    ...(rows.length > ROWS_MAX
      ? [`  and ${formatCount(rows.length - ROWS_MAX)} more, in --json`]
      : []),
    ...(unseen.length === 0 ? [] : ['', ...layoutRows(style, unseen)]),
    ...(services.length === 0 ? [] : ['', ...wrap(servicesWords(services, style), style.width)]),
    '',
    ...basisOf(found, style, of),
  ];
}

function sentenceOf(
  { lost, rows, notSeen, seenInPart }: LostTogether,
  style: Style,
): { readonly mark: Mark; readonly text: string } {
  const names = listed(lost.map(({ name }) => sayText(name, style)));
  const goes = `If ${names} were lost now${lost.length > 1 ? ' together' : ''}, `;
  const of = (kind: LostRow['loss']['kind']): readonly LostRow[] =>
    rows.filter(({ loss }) => loss.kind === kind);
  const [all, unknown, windows] = [of('all'), of('unknown'), of('window')];
  const parts = [
    all.length === 0 ? '' : `all of ${amountOf(all)} would be lost for good`,
    unknown.length === 0 ? '' : `what would be lost of ${amountOf(unknown)} is unknown`,
    windows.length === 0 ? '' : `${amountOf(windows)} would come back, without the last changes`,
  ].filter((part) => part !== '');
  const isUnknown = unknown.length + notSeen.length + seenInPart.length > 0;
  const mark: Mark =
    all.length > 0 ? { wouldBe: 'lost' } : isUnknown ? { wouldBe: 'unknown' } : undefined;
  return { mark, text: `${goes}${listed(parts) || 'nothing that was seen would be lost'}.` };
}

/** `2 data sets, 3.91 TiB,` */
function amountOf(rows: readonly LostRow[]): string {
  const bytes = bytesOf(rows);
  return `${countOf(rows.length, 'data set')}, ${formatBytes(bytes)},`;
}

/** What lies in another is in its size already; a sparse image may be smaller than what is in it. */
function bytesOf(rows: readonly LostRow[]): number {
  const outer = new Set(
    rows.filter(({ within }) => within === undefined).map((row) => row.dataSet),
  );
  const isInside = ({ within }: LostRow): boolean => within !== undefined && outer.has(within);
  return rows
    .filter((row) => !isInside(row))
    .reduce((sum, { dataSet, bytes }) => {
      const inner = rows.filter((row) => isInside(row) && row.within === dataSet);
      return (
        sum +
        Math.max(
          bytes,
          inner.reduce((all, row) => all + row.bytes, 0),
        )
      );
    }, 0);
}

function listed(items: readonly string[]): string {
  if (items.length < 3) return items.join(' and ');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

function cellsOf(
  row: ExposureToAll,
  { style, hasOutage }: { readonly style: Style; readonly hasOutage: boolean },
): readonly Cell[] {
  return [
    { text: sayText(row.dataSet, style) },
    { text: row.bytes === 0 ? '' : formatBytes(row.bytes) },
    lossCell(row, style),
    ...(hasOutage ? [{ text: outageWords(row.outage) }] : []),
    { text: `${formatCount(row.survives)} more` },
    row.loss.kind === 'nothing' ? pointsCell(row) : proofCell(row, style),
  ];
}

/** It lives on, and what could bring it back does not. */
function pointsCell({ pointCount, pointsLeft }: ExposureToAll): Cell {
  if (pointsLeft === 0) return { text: 'then no backup is left', tone: 'degraded' };
  return { text: `${formatCount(pointsLeft)} of ${countOf(pointCount, 'recovery point')} left` };
}

function servicesWords(services: readonly string[], style: Style): string {
  const names = listed(services.map((name) => sayText(name, style)));
  return `Services with a part in it: ${names}.`;
}

function basisOf(
  { dataSetCount }: LostTogether,
  style: Style,
  { look, now }: { readonly look: SavedLook; readonly now: UnixMs },
): readonly string[] {
  const answered = look.looks.filter(({ kind }) => kind === 'answered').length;
  const hosts = `${formatCount(answered)} of ${countOf(look.looks.length, 'host')} answered`;
  const sets = countOf(dataSetCount, 'data set');
  const text = `From the look ${formatAge(now - look.at)}: ${sets}; ${hosts}. It counts for 24 h.`;
  return wrap(inCharset(style, text), style.width).map((line) => paint(style, 'aside', line));
}
