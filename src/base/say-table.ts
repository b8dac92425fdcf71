import { inCharset, paint, type Style, type Tone } from './say.ts';
import { padTo, shorten, widthOf } from './say-width.ts';

export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
  /** Where a row is too long, these columns give way; `ends` keeps both ends, as paths need. */
  readonly shrink?: 'start' | 'ends';
  /** A shrinking column keeps at least this many columns. */
  readonly widthMin?: number;
}

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
  /** Painted apart from the text and set before it, for example a mark of what would be. */
  readonly mark?: { readonly shape: string; readonly tone: Tone };
}

const GAP = 2;

/** One column of rows of any form. */
export interface RowColumn<R> extends Column {
  /** Asked of each row twice: the same cell again costs less than one that is equal. */
  readonly cellOf: (row: R) => Cell;
  /** Columns that each cell takes, where all take as many: it need not be asked twice. */
  readonly width?: number;
}

/**
 * Lines of a table that fits `style.width`: columns as wide as their content, and where that is too
 * much the shrinking ones give way. No header line when all headers are empty.
 */
export function layoutTable(
  style: Style,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly string[] {
  const ofRows = columns.map((column, at) => {
    return { ...column, cellOf: (row: readonly Cell[]): Cell => row[at] ?? NOTHING };
  });
  return [...tableLines(style, ofRows, rows)];
}

/** The same line by line: of a hundred thousand rows no more than the rows is held. */
export function* tableLines<R>(
  style: Style,
  columns: readonly RowColumn<R>[],
  rows: readonly R[],
): Generator<string, void> {
  const widths = fitted(style, columns, naturalWidths(style, columns, rows));
  const isBare = columns.every((column) => column.header === '');
  if (!isBare) {
    yield line(columns.map((column, at) => padTo(column.header, widths[at] ?? 0, column.align)));
  }
  const texts = columns.map((column, at) => textOf(style, column, widths[at] ?? 0));
  for (const row of rows) yield line(texts.map((text) => text(row)));
}

/** Different cells of a column whose text is held. */
const HELD_MAX = 4096;

/** What stands in a column again is not laid out again. */
function textOf<R>(style: Style, column: RowColumn<R>, width: number): (row: R) => string {
  const { cellOf } = column;
  const laid = (cell: Cell): string =>
    cellText(style, { column, cell: inStyle(style, cell), width });
  // Ids and times are of one width, and each is another.
  if (column.width !== undefined) return (row) => laid(cellOf(row));
  const known = new Map<Cell, string>();
  return (row) => {
    const cell = cellOf(row);
    let text = known.get(cell);
    if (text === undefined) {
      text = laid(cell);
      if (known.size < HELD_MAX) known.set(cell, text);
    }
    return text;
  };
}

const NOTHING: Cell = { text: '' };

function inStyle(style: Style, cell: Cell): Cell {
  if (style.utf8) return cell;
  const text = inCharset(style, cell.text);
  return text === cell.text ? cell : { ...cell, text };
}

function cellWidth(cell: Cell): number {
  return widthOf(cell.text) + (cell.mark === undefined ? 0 : widthOf(cell.mark.shape) + 1);
}

function naturalWidths<R>(
  style: Style,
  columns: readonly RowColumn<R>[],
  rows: readonly R[],
): number[] {
  const measured = columns.map(({ header, cellOf, width }) => {
    const known = width !== undefined && rows.length > 0 ? width : 0;
    return { cellOf, widest: Math.max(widthOf(header), known), last: NOTHING };
  });
  const unknown = measured.filter((_, at) => columns[at]?.width === undefined);
  for (const row of rows) {
    for (const column of unknown) {
      const cell = column.cellOf(row);
      // What stands there again is not measured again.
      if (cell.text === column.last.text && cell.mark === column.last.mark) continue;
      column.widest = Math.max(column.widest, cellWidth(inStyle(style, cell)));
      column.last = cell;
    }
  }
  return measured.map(({ widest }) => widest);
}

function fitted(style: Style, columns: readonly Column[], natural: readonly number[]): number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, width) => sum + width, GAP * widths.length);
  for (let excess = total() - style.width; excess > 0; excess = total() - style.width) {
    const widest = widestShrinkable(columns, widths);
    if (widest === undefined) break; // The widths were promised by the caller: nothing gives way.
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function widestShrinkable(
  columns: readonly Column[],
  widths: readonly number[],
): number | undefined {
  let widest: number | undefined;
  for (const [at, column] of columns.entries()) {
    const width = widths[at] ?? 0;
    if (column.shrink === undefined || width <= (column.widthMin ?? 8)) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = at;
  }
  return widest;
}

function cellText(
  style: Style,
  options: { readonly column: Column; readonly cell: Cell; readonly width: number },
): string {
  const { column, cell, width } = options;
  const mark = cell.mark;
  const room = mark === undefined ? width : width - widthOf(mark.shape) - 1;
  const keep = column.shrink === 'ends' ? 'ends' : 'start';
  const own = widthOf(cell.text);
  const text = own > room ? shorten(cell.text, { width: room, keep, style }) : cell.text;
  // Padding stays outside the colour, so that trailing spaces can be trimmed.
  const fill = ' '.repeat(Math.max(0, room - (own > room ? widthOf(text) : own)));
  const coloured = paint(style, cell.tone ?? 'plain', text);
  const painted = column.align === 'right' ? fill + coloured : coloured + fill;
  return mark === undefined ? painted : `${paint(style, mark.tone, mark.shape)} ${painted}`;
}

/** Tables stand two columns in; the first is the mark of what is, or nothing. */
function line(cells: readonly string[]): string {
  return `${' '.repeat(GAP)}${cells.join(' '.repeat(GAP))}`.trimEnd();
}
