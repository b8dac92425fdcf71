import { addAll, largest } from '../../base/long-list.ts';
import { inCharset, paint, type Style, type Tone } from '../../base/say.ts';
import {
  type StateMark,
  stateShape,
  stateTone,
  type WouldBeMark,
  wouldBeShape,
  wouldBeTone,
} from '../../base/say-mark.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { formatBytes, formatCount } from '../../base/say-quantity.ts';
import { layoutSentence, markCell, markWidth } from '../../base/say-rows.ts';
import { type Cell, type Column, layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import { shorten, unbreakable, widthOf, wrap } from '../../base/say-width.ts';
import type { FailureDomain } from './domain.ts';
import type { HostCredential, HostGroup, StorageVolume } from './estate.ts';
import type { Exposure, ExposureToAll } from './exposure/rows.ts';
import { NOW_LINE_WIDTH_MIN, nowLine, nowLineHeader } from './render-now-line.ts';
import { lastWords, outageWords, unknownWords, windowWords } from './say-loss.ts';

/** The exposure of what is kept: a sentence on the worst, then a block for each data set. */
export function renderExposure(rows: readonly Exposure[], style: Style): string {
  const [worst] = rows;
  if (worst === undefined) return '';
  const lines = [...worstSentence(worst, style), ''];
  const names = [...new Set(rows.map((row) => row.dataSet))];
  for (const name of names) {
    const of = rows.filter((row) => row.dataSet === name);
    addAll(lines, [...blockOf(of, style), ...basisLines(of, style), '']);
  }
  return `${lines.slice(0, -1).join('\n')}\n`;
}

/** `If disk vda died now, all of /srv/www would be lost: the vault is on the same disk.` */
function worstSentence(row: Exposure, style: Style): readonly string[] {
  const name = unbreakable(sayText(row.dataSet, style));
  const loss = row.loss;
  const goes = `If ${goneWords(row.domain, style)} now, `;
  switch (loss.kind) {
    case 'nothing':
      return layoutSentence(style, {
        mark: undefined,
        text: `Nothing of ${name} would be lost if any one thing failed now.`,
      });
    case 'window':
      return layoutSentence(style, {
        mark: loss.atMostMs === undefined ? { wouldBe: 'lost' } : undefined,
        text: `${goes}${unbreakable(lastWords(loss))} of ${name} would be lost${because(loss.why)}.`,
      });
    case 'unknown':
      return layoutSentence(style, {
        mark: { wouldBe: 'unknown' },
        text: `${goes}what would be lost of ${name} is unknown${because(loss.why)}.`,
        tone: 'unknown',
      });
    case 'all':
      return layoutSentence(style, {
        mark: { wouldBe: 'lost' },
        text: `${goes}all of ${name}, ${unbreakable(formatBytes(row.bytes))}, would be lost${because(loss.why)}.`,
        tone: 'failed',
      });
  }
}

/** Of one domain, or of several at once. */
type AnyExposure = ExposureToAll & Partial<Pick<Exposure, 'domain'>>;

const because = (why: string): string => (why === '' ? '' : `: ${why}`);

function goneWords(domain: FailureDomain, style: Style): string {
  switch (domain.kind) {
    case 'disk':
      return `disk ${sayText(domain.disk, style)} died`;
    case 'host':
      return `${sayText(domain.host, style)} died`;
    case 'group':
      return `${groupWords(domain, style)} were lost`;
    case 'volume':
      return `${volumeWords(domain, style)} failed`;
    case 'directory':
      return domain.spared.length > 0
        ? `the files in ${unbreakable(sayName(domain.path, style))} were deleted`
        : `${unbreakable(sayName(domain.path, style))} were deleted`;
    case 'key':
      return 'the key were lost';
    case 'credential':
      return `${credentialWords(domain, style)} were used to delete`;
  }
}

/** The now-line is added where there is room for it; at 80 columns the words stand alone. */
function columnsOf(style: Style): readonly Column[] {
  return [
    { header: 'IF LOST NOW', shrink: 'ends', widthMin: 12 },
    { header: 'LOST' },
    { header: 'OUT' },
    ...(hasNowLine(style) ? [{ header: nowLineHeader() }] : []),
    { header: 'PROOF', shrink: 'start', widthMin: 12 },
  ];
}

function hasNowLine(style: Style): boolean {
  return style.width >= NOW_LINE_WIDTH_MIN;
}

/** A line for the data set as it is, and below it a row for each thing that can go. */
function blockOf(rows: readonly Exposure[], style: Style): readonly string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const is: StateMark = first.is;
  const points =
    first.pointCount === 1
      ? '1 recovery point'
      : `${formatCount(first.pointCount)} recovery points`;
  const facts = inCharset(
    style,
    `${formatBytes(first.bytes)}, ${points}, survives ${formatCount(first.survives)} more`,
  );
  const room = style.width - 2 - markWidth(style) - 1 - 2 - facts.length;
  const name = sayText(first.dataSet, style);
  const head =
    room >= 12
      ? [`${shorten(name, { width: room, keep: 'ends', style })}  ${facts}`]
      : [...wrap(name, style.width - 6), `  ${facts}`];
  const lead = `  ${markCell(style, { is })} `;
  const heads = head.map((text, at) => (at === 0 ? lead : ' '.repeat(5)) + text);
  const columns = columnsOf(style);
  const inner = { ...style, width: style.width - 2 };
  const paths = new Set(rows.flatMap(({ domain }) => ('path' in domain ? [domain.path] : [])));
  const plain = rows.map((row) => cellsOf(row, { style, isNamed: paths.size > 1 }));
  const proofWidth = proofRoom(inner, columns, plain);
  const cells = plain.flatMap((row) => withProofWrapped(row, proofWidth));
  return [...heads, ...layoutTable(inner, columns, cells).map((line) => `  ${line}`)];
}

/** What the figures leave for the proof, which is the last column. */
function proofRoom(
  style: Style,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): number {
  const figures = columns.slice(0, -1).map((column, at) => {
    const cells = rows.map((row) => {
      const mark = row[at]?.mark;
      return widthOf(row[at]?.text ?? '') + (mark === undefined ? 0 : widthOf(mark.shape) + 1);
    });
    return 2 + largest(cells, widthOf(column.header));
  });
  return Math.max(
    16,
    figures.reduce((left, width) => left - width, style.width - 2),
  );
}

/** A reason is worth a second line: it is wrapped below itself and never cut. */
function withProofWrapped(cells: readonly Cell[], room: number): readonly (readonly Cell[])[] {
  const proof = cells.at(-1);
  if (proof === undefined || proof.mark !== undefined) return [cells];
  const [first = '', ...rest] = wrap(proof.text, room);
  const figures = cells.slice(0, -1);
  const blank = figures.map((): Cell => ({ text: '' }));
  return [
    [...figures, { ...proof, text: first }],
    ...rest.map((text) => [...blank, { ...proof, text }]),
  ];
}

function cellsOf(
  row: Exposure,
  at: {
    readonly style: Style;
    /** Of several directories each is named. */
    readonly isNamed: boolean;
  },
): readonly Cell[] {
  const { style, isNamed } = at;
  const { domain } = row;
  const isWhole = domain.kind === 'directory' && domain.spared.length === 0;
  return [
    { text: isNamed && isWhole ? sayName(domain.path, style) : domainWords(domain, style) },
    lossCell(row, style),
    { text: outageWords(row.outage) },
    ...(hasNowLine(style) ? [{ text: nowLine(row.loss, row.outage) }] : []),
    proofCell(row, style),
  ];
}

function groupWords({ of, name }: HostGroup, style: Style): string {
  return unbreakable(sayText(`${of} ${name}`, style));
}

function volumeWords({ of, name }: StorageVolume, style: Style): string {
  return unbreakable(sayText(`${of} ${name}`, style));
}

function credentialWords({ who, credential }: HostCredential, style: Style): string {
  return `root key ${unbreakable(sayText(who === '' ? credential : who, style))}`;
}

export function domainWords(domain: FailureDomain, style: Style): string {
  switch (domain.kind) {
    case 'disk':
      return `disk ${sayText(domain.disk, style)}`;
    case 'host':
      return `host ${sayText(domain.host, style)}`;
    case 'group':
      return groupWords(domain, style);
    case 'volume':
      return volumeWords(domain, style);
    case 'directory':
      return domain.spared.length > 0 ? 'the files in it' : 'the directory';
    case 'key':
      return 'the key';
    case 'credential':
      return credentialWords(domain, style);
  }
}

/** Marks of what would be stand before the loss where it passes what is proven to come back. */
export function lossCell(row: AnyExposure, style: Style): Cell {
  const would = (mark: WouldBeMark): Pick<Cell, 'mark' | 'tone'> => ({
    mark: { shape: wouldBeShape(style, mark), tone: wouldBeTone(mark) },
    tone: wouldBeTone(mark),
  });
  // Where no mark stands its room is kept, so that figures are aligned.
  const blank = { mark: { shape: ' '.repeat(style.utf8 ? 1 : 3), tone: 'plain' as Tone } };
  const { loss } = row;
  switch (loss.kind) {
    case 'nothing':
      return isKeyLoss(row)
        ? { text: 'nothing yet', tone: 'degraded', ...blank }
        : { text: 'nothing', ...blank };
    case 'window':
      return { text: windowWords(loss), ...(loss.atMostMs === undefined ? would('lost') : blank) };
    case 'unknown':
      return { text: unknownWords(loss.atLeastMs), ...would('unknown') };
    case 'all':
      return { text: 'all', ...would('lost') };
  }
}

/** The data stay, and nothing that was kept of them opens any more. */
function isKeyLoss(row: AnyExposure): boolean {
  return row.domain?.kind === 'key' && row.pointCount > 0 && row.pointsLeft === 0;
}

export function proofCell(row: AnyExposure, style: Style): Cell {
  if (isKeyLoss(row)) return { text: 'then no backup opens', tone: 'degraded' };
  const { loss, proof } = row;
  if (loss.kind === 'all' || loss.kind === 'unknown') return { text: sayText(loss.why, style) };
  const age = proof.ageMs === undefined ? '' : ` ${formatAge(proof.ageMs)}`;
  const state = (is: StateMark, text: string): Cell => ({
    text,
    mark: { shape: stateShape(style, is), tone: stateTone(is) },
  });
  switch (proof.kind) {
    case 'drilled':
      return state('ok', `drilled${age}`);
    case 're-read':
      return state('ok', `re-read${age}, never drilled`);
    case 'only seen':
      return state('unknown', 'only seen');
    case 'stale':
      return state('unknown', `stale, drill${age}`);
    case 'failed':
      return state('failed', `drill failed${age}`);
    case 'none':
      return { text: '' };
  }
}

/** What the figures stand on, and why one has no upper end: once for each wording. */
function basisLines(rows: readonly Exposure[], style: Style): readonly string[] {
  const said = new Set<string>();
  for (const { loss, outage, proof } of rows) {
    // Where the drill is what is missing, the proof has said so.
    const isBounded = loss.kind !== 'window' || loss.atMostMs !== undefined;
    if (!isBounded && loss.why !== '' && proof.kind === 'drilled') {
      said.add(`Lost: no upper end: ${loss.why}.`);
    }
    if (outage.kind !== 'interval') continue;
    const bound = outage.atMostMs === undefined ? 'no upper end: ' : 'bound by ';
    const tail = outage.bottleneck === undefined ? '' : `; ${bound}${outage.bottleneck}`;
    said.add(`Out: ${unbreakable(outage.basis)}${tail}.`);
  }
  return [...said].flatMap((text) =>
    wrap(inCharset(style, text), style.width - 6).map(
      (line) => `    ${paint(style, 'aside', line)}`,
    ),
  );
}
