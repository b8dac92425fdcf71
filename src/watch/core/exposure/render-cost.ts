import { inCharset, paint, type Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, figures, formatBytes, formatShare } from '../../../base/say-quantity.ts';
import { layoutSentence } from '../../../base/say-rows.ts';
import { type Cell, type Column, layoutTable } from '../../../base/say-table.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { wrap } from '../../../base/say-width.ts';
import type { Loss } from '../loss.ts';
import { windowWords } from '../say-loss.ts';
import type { DataSetCost, Price, VaultCost } from './cost.ts';

const UNKNOWN: Cell = { text: 'unknown', tone: 'unknown' };

/** What each data set costs, beside what would be lost without it. */
export function renderCost(cost: VaultCost, style: Style, vault: string): readonly string[] {
  const { dataSets, storedBytes } = cost;
  if (dataSets.length === 0) {
    const text = `There is no snapshot in ${vault}: nothing is kept, and it costs nothing.`;
    return layoutSentence(style, { mark: undefined, text });
  }
  const kept = `${countOf(dataSets.length, 'data set')} ${dataSets.length === 1 ? 'takes' : 'take'}`;
  const text = `${kept} ${formatBytes(storedBytes)} in ${vault}${monthWords(cost)}.`;
  const inner = { ...style, width: style.width - 2 };
  return [
    ...layoutSentence(style, { mark: undefined, text, tone: 'strong' }),
    '',
    ...layoutTable(
      inner,
      costColumns(cost),
      dataSets.map((each) => costCells(each, cost, style)),
    ),
    '',
    ...layoutTable(
      inner,
      lossColumns(cost),
      dataSets.map((each) => lossCells(each, cost, style)),
    ),
    '',
    ...basis(cost).flatMap((line) =>
      wrap(inCharset(style, line), style.width).map((each) => paint(style, 'aside', each)),
    ),
  ];
}

function monthWords({ monthBytes, price, dataSets }: VaultCost): string {
  const money = price === undefined ? '' : moneyWords(dataSets, price);
  if (monthBytes === undefined) return `${money}; what a month adds is unknown`;
  return `${money}; a month adds ${formatBytes(monthBytes)}`;
}

function moneyWords(dataSets: readonly DataSetCost[], price: Price): string {
  const known = dataSets.flatMap(({ moneyNow }) => moneyNow ?? []);
  if (known.length < dataSets.length) return '';
  const all = known.reduce((sum, each) => sum + each, 0);
  return `, ${sumWords(all, price)} a month`;
}

function sumWords(sum: number, { currency }: Price): string {
  if (sum > 0 && sum < 0.01) return `less than 0.01 ${currency}`;
  return `${figures(sum, 'up')} ${currency}`;
}

function costColumns({ price }: VaultCost): readonly Column[] {
  return [
    { header: 'DATA SET', shrink: 'ends', widthMin: 14 },
    { header: 'SIZE', align: 'right' },
    { header: 'STORED', align: 'right' },
    { header: '+ A MONTH', align: 'right' },
    ...(price === undefined
      ? []
      : [{ header: `${price.currency} A MONTH`, align: 'right' as const }]),
    { header: 'CAPTURES', align: 'right' },
  ];
}

function costCells(each: DataSetCost, { price }: VaultCost, style: Style): readonly Cell[] {
  const { moneyNow } = each;
  return [
    { text: sayText(each.dataSet, style) },
    { text: formatBytes(each.bytes) },
    bytesCell(each.storedBytes),
    bytesCell(each.monthBytes),
    ...(price === undefined
      ? []
      : [moneyNow === undefined ? UNKNOWN : { text: figures(moneyNow, 'up') }]),
    { text: String(each.captureCount) },
  ];
}

function bytesCell(bytes: number | undefined): Cell {
  return bytes === undefined ? UNKNOWN : { text: formatBytes(bytes) };
}

function lossColumns({ hasLink }: VaultCost): readonly Column[] {
  return [
    { header: 'A CAPTURE OF', shrink: 'ends', widthMin: 14 },
    { header: 'TAKES', align: 'right' },
    { header: 'READS', align: 'right' },
    ...(hasLink ? [{ header: 'LINK', align: 'right' as const }] : []),
    { header: 'DELETED: WITHOUT IT' },
    { header: 'WITH IT' },
  ];
}

function lossCells(each: DataSetCost, { hasLink }: VaultCost, style: Style): readonly Cell[] {
  const { tookMs, readBytes, linkShare } = each.capture;
  return [
    { text: sayText(each.dataSet, style) },
    { text: formatDuration(tookMs, { detail: 'rough' }) },
    bytesCell(readBytes),
    ...(hasLink ? [linkShare === undefined ? UNKNOWN : { text: formatShare(linkShare, 1) }] : []),
    lossCell(each.without),
    lossCell(each.withIt),
  ];
}

function lossCell(loss: Loss | undefined): Cell {
  if (loss === undefined) return UNKNOWN;
  switch (loss.kind) {
    case 'all':
      return { text: 'all', tone: 'failed' };
    case 'window':
      return { text: windowWords(loss) };
    case 'nothing':
      return { text: 'nothing' };
    case 'unknown':
      return UNKNOWN;
  }
}

function basis({ ratio, dataSets, hasLink }: VaultCost): readonly string[] {
  const compressed =
    ratio === undefined
      ? 'How much of it was compressed away is unknown.'
      : `Stored is what a data set brought that was not there yet, at ${figures(ratio, 'up')} of its size: as this vault as a whole compresses.`;
  const isShort = dataSets.some(({ basisMs }) => basisMs === undefined);
  return [
    compressed,
    ...(isShort
      ? ['What a month adds is known from two captures that are 20 h or more apart.']
      : []),
    ...(hasLink ? ['Link: its share while a capture runs.'] : []),
  ];
}
