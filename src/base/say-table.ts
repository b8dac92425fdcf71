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

/**
 * Lines of a table that fits `style.width`: columns as wide as their content, and where that is too
 * much the shrinking ones give way. No header line when all headers are empty.
 */
export function layoutTable(
  style: Style,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): readonly string[] {
  const shown = style.utf8 ? rows : rows.map((row) => row.map((cell) => inStyle(style, cell)));
  const widths = fitted(style, columns, naturalWidths(columns, shown));
  const lines = shown.map((row) =>
    line(
      columns.map((column, at) =>
        cellText(style, { column, cell: row[at], width: widths[at] ?? 0 }),
      ),
    ),
  );
  if (columns.every((column) => column.header === '')) return lines;
  const heads = columns.map((column, at) => padTo(column.header, widths[at] ?? 0, column.align));
  return [line(heads), ...lines];
}

function inStyle(style: Style, cell: Cell): Cell {
  const text = inCharset(style, cell.text);
  return text === cell.text ? cell : { ...cell, text };
}

function cellWidth(cell: Cell): number {
  return widthOf(cell.text) + (cell.mark === undefined ? 0 : widthOf(cell.mark.shape) + 1);
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map((column, at) => {
    let widest = widthOf(column.header);
    let last = '';
    for (const row of rows) {
      const cell = row[at];
      // What stands there again is not measured again.
      if (cell === undefined || (cell.text === last && cell.mark === undefined)) continue;
      widest = Math.max(widest, cellWidth(cell));
      last = cell.mark === undefined ? cell.text : '';
    }
    return widest;
  });
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
  options: { readonly column: Column; readonly cell: Cell | undefined; readonly width: number },
): string {
  const { column, cell, width } = options;
  if (cell === undefined) return ' '.repeat(width);
  const mark = cell.mark;
  const room = mark === undefined ? width : width - widthOf(mark.shape) - 1;
  const keep = column.shrink === 'ends' ? 'ends' : 'start';
  const isLong = widthOf(cell.text) > room;
  const text = isLong ? shorten(cell.text, { width: room, keep, style }) : cell.text;
  // Padding stays outside the colour, so that trailing spaces can be trimmed.
  const fill = ' '.repeat(Math.max(0, room - widthOf(text)));
  const coloured = paint(style, cell.tone ?? 'plain', text);
  const painted = column.align === 'right' ? fill + coloured : coloured + fill;
  return mark === undefined ? painted : `${paint(style, mark.tone, mark.shape)} ${painted}`;
}

/** Tables stand two columns in; the first is the mark of what is, or nothing. */
function line(cells: readonly string[]): string {
  return `${' '.repeat(GAP)}${cells.join(' '.repeat(GAP))}`.trimEnd();
}
