import { largest } from '../../../base/long-list.ts';
import { inCharset, paint, type Style, type Tone } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { type Mark, markCell, markWidth } from '../../../base/say-rows.ts';
import { padTo, shorten, widthOf, wrap } from '../../../base/say-width.ts';

export interface Shown {
  /** Every row of every list, with fixes and sources. */
  readonly all?: boolean;
}

const FIGURE = /(\d) (?=(?:[KMGTPE]?i?B|s|min|h|d|disks?|guests?|more)\b)/g;

/** A sentence made inert, its figures kept on one line. */
export function sayFact(text: string, style: Style): string {
  return sayText(text, style).replaceAll(FIGURE, '$1\u00a0');
}

/** In ASCII too a figure stays on one line: it is wrapped before its spaces become plain. */
export function wrapped(style: Style, text: string, width: number): readonly string[] {
  return wrap(text, width).map((line) => inCharset(style, line));
}

/** What a list leaves out, and how to see it. */
export function restLine(count: number, style: Style): readonly string[] {
  if (count <= 0) return [];
  return [`    ${countOf(count, 'more', 'more')}: ${paint(style, 'ask', 'add --all')}`];
}

/** One line of a list, and below it what can be done. */
export interface Row {
  readonly mark?: Mark;
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone;
  readonly below?: readonly Below[];
}

interface Below {
  readonly text: string;
  readonly tone: Tone;
  /** Typed as it stands: it is broken only where a shell allows it. */
  readonly isCommand?: boolean;
}

/** A name of a host with its domain; what is longer differs in its beginning. */
const LABEL_MAX = 24;

/** A title, and rows whose text hangs to the right of their labels. */
export function list(
  style: Style,
  of: { readonly title: string; readonly rows: readonly Row[]; readonly max: number },
): readonly string[] {
  const { title, rows, max } = of;
  if (rows.length === 0) return [];
  const some = rows.slice(0, max);
  const labels = some.map(({ label }) =>
    shorten(inCharset(style, label), { width: LABEL_MAX, style }),
  );
  const isMarked = some.some(({ mark }) => mark !== undefined);
  const labelWidth = largest(labels.map(widthOf));
  const lead = 2 + (isMarked ? markWidth(style) + 1 : 0);
  const indent = lead + (labelWidth === 0 ? 0 : labelWidth + 2);
  const room = style.width - indent;
  const body = some.flatMap((row, at) => {
    const mark = isMarked ? `${markCell(style, row.mark)} ` : '';
    const label = labelWidth === 0 ? '' : `${padTo(labels[at] ?? '', labelWidth)}  `;
    const texts = wrapped(style, row.text, room);
    const first = texts.map((text, nth) => {
      const painted = paint(style, row.tone ?? 'plain', text);
      return nth === 0 ? `  ${mark}${label}${painted}` : ' '.repeat(indent) + painted;
    });
    return [
      ...first,
      ...(row.below ?? []).flatMap((each) =>
        belowLines(style, each, labelWidth === 0 ? indent + 2 : indent),
      ),
    ];
  });
  const head = wrap(inCharset(style, title), style.width).map((text) =>
    paint(style, 'strong', text),
  );
  return [...head, ...body.map((line) => line.trimEnd()), ...restLine(rows.length - max, style)];
}

function belowLines(style: Style, below: Below, indent: number): readonly string[] {
  const room = style.width - indent - 2;
  const lines = wrapped(style, below.text, room);
  return lines.map((text, at) => {
    const isCut = below.isCommand === true && at < lines.length - 1;
    return ' '.repeat(indent) + paint(style, below.tone, isCut ? `${text} \\` : text);
  });
}

/** Something of a size: its name is cut in the middle, what is said of it is wrapped. */
export interface SizedRow {
  readonly mark?: Mark;
  readonly name: string;
  readonly bytes: number;
  readonly isAtLeast: boolean;
  readonly text: string;
  readonly tone?: Tone;
}

const NAME_SHARE = 0.4;

export function sizedRows(style: Style, rows: readonly SizedRow[]): readonly string[] {
  const isMarked = rows.some(({ mark }) => mark !== undefined);
  const nameMax = Math.max(16, Math.floor(style.width * NAME_SHARE));
  const names = rows.map(({ name }) =>
    shorten(inCharset(style, name), { width: nameMax, keep: 'ends', style }),
  );
  const sizes = rows.map(({ bytes, isAtLeast }) =>
    isAtLeast ? `${formatBytes(bytes, 'down')}+` : formatBytes(bytes),
  );
  const nameWidth = largest(names.map(widthOf), 0);
  const sizeWidth = largest(sizes.map(widthOf), 0);
  const indent = 2 + (isMarked ? markWidth(style) + 1 : 0) + nameWidth + 2 + sizeWidth + 2;
  return rows.flatMap((row, at) => {
    const mark = isMarked ? `${markCell(style, row.mark)} ` : '';
    const size = padTo(sizes[at] ?? '', sizeWidth, 'right');
    const lead = `  ${mark}${padTo(names[at] ?? '', nameWidth)}  ${size}  `;
    return wrapped(style, row.text, style.width - indent).map((text, nth) =>
      ((nth === 0 ? lead : ' '.repeat(indent)) + paint(style, row.tone ?? 'plain', text)).trimEnd(),
    );
  });
}
