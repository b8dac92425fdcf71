import { addAll, largest } from './long-list.ts';
import { inCharset, paint, type Style, type Tone } from './say.ts';
import {
  type StateMark,
  stateShape,
  stateTone,
  type WouldBeMark,
  wouldBeShape,
  wouldBeTone,
} from './say-mark.ts';
import { padTo, widthOf, wrap } from './say-width.ts';

/** A mark of either kind, or none. */
export type Mark = { readonly is: StateMark } | { readonly wouldBe: WouldBeMark } | undefined;

/** One thing that is said: mark, a word for what it is about, the fact, what can be typed. */
export interface LabelledRow {
  readonly mark: Mark;
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone;
  /** What could be typed next; it stands behind the text, or on a line of its own. */
  readonly command?: string | undefined;
}

/** Columns of the widest mark: `[ok]`, or one shape. */
export function markWidth(style: Style): number {
  return style.utf8 ? 1 : 4;
}

/** The mark, painted and padded, so that what follows is aligned. */
export function markCell(style: Style, mark: Mark): string {
  const width = markWidth(style);
  if (mark === undefined) return ' '.repeat(width);
  const isState = 'is' in mark;
  const shape = isState ? stateShape(style, mark.is) : wouldBeShape(style, mark.wouldBe);
  const tone = isState ? stateTone(mark.is) : wouldBeTone(mark.wouldBe);
  return paint(style, tone, shape) + ' '.repeat(Math.max(0, width - widthOf(shape)));
}

/** The lines of rows whose text hangs to the right of their labels. */
export function layoutRows(
  style: Style,
  rows: readonly LabelledRow[],
  options: { readonly labelWidth?: number } = {},
): readonly string[] {
  const labels = rows.map((row) => widthOf(inCharset(style, row.label)));
  const labelWidth = largest(labels, options.labelWidth ?? 0);
  return rows.flatMap((row) => rowLines(style, row, labelWidth));
}

function rowLines(style: Style, row: LabelledRow, labelWidth: number): readonly string[] {
  const indent = 2 + markWidth(style) + 1 + labelWidth + 2;
  const room = style.width - indent;
  const label = padTo(inCharset(style, row.label), labelWidth);
  const texts = wrap(inCharset(style, row.text), room);
  const lines = texts.map((text) => paint(style, row.tone ?? 'plain', text));
  const last = texts.at(-1) ?? '';
  const command = row.command === undefined ? '' : inCharset(style, row.command);
  if (command !== '' && widthOf(last) + 2 + widthOf(command) <= room) {
    lines[lines.length - 1] = `${lines.at(-1) ?? ''}  ${paint(style, 'ask', command)}`;
  } else if (command !== '') {
    addAll(
      lines,
      commandLines(command, room).map((text) => paint(style, 'ask', text)),
    );
  }
  const head = `  ${markCell(style, row.mark)} ${label}  `;
  return lines.map((text, at) => (at === 0 ? head + text : ' '.repeat(indent) + text).trimEnd());
}

/** A command that is cut can no longer be typed: it is broken where a shell allows it. */
function commandLines(command: string, room: number): readonly string[] {
  const lines = wrap(command, room - 2);
  return lines.map((line, at) => (at < lines.length - 1 ? `${line} \\` : line));
}

/** A sentence with its mark, its further lines indented below it. */
export function layoutSentence(
  style: Style,
  said: {
    readonly mark: Mark;
    readonly text: string;
    readonly tone?: Tone;
    readonly indent?: number;
  },
): readonly string[] {
  const lead = ' '.repeat(said.indent ?? 0);
  const shape = said.mark === undefined ? '' : markCell(style, said.mark).trimEnd();
  const hang = said.mark === undefined ? 0 : markOnlyWidth(style, said.mark) + 1;
  const texts = wrap(inCharset(style, said.text), style.width - lead.length - hang);
  return texts.map((text, at) => {
    const painted = paint(style, said.tone ?? 'plain', text);
    if (said.mark === undefined) return lead + painted;
    return at === 0 ? `${lead}${shape} ${painted}` : `${lead}${' '.repeat(hang)}${painted}`;
  });
}

function markOnlyWidth(style: Style, mark: NonNullable<Mark>): number {
  return widthOf('is' in mark ? stateShape(style, mark.is) : wouldBeShape(style, mark.wouldBe));
}
