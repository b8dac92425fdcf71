import { inCharset, paint, type Style } from '../../../base/say.ts';
import { sayMessage, sayText } from '../../../base/say-name.ts';
import { formatBytes } from '../../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence, type Mark } from '../../../base/say-rows.ts';
import { widthOf } from '../../../base/say-width.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { Typed } from './typed-line.ts';
import type { ImageWays } from './recovery-image.ts';
import type { RecoveryPlan, RecoveryStep, UnknownRow } from './recovery-plan.ts';
import {
  liveRows,
  losesWords,
  mayWaitRow,
  neededRow,
  planSentence,
  type SaidRow,
  stepHead,
  stepRows,
} from './recovery-words.ts';

const LABEL_WIDTH = 7;
const STEP_INDENT = 6;

/** The whole plan: what must be there, then each step with what is typed, then what does not come back. */
export function renderRecoveryPlan(
  plan: RecoveryPlan,
  style: Style,
  now: UnixMs,
): readonly string[] {
  const { steps, forGood, unknown, bare } = plan;
  const text = sayText(planSentence(plan), style);
  return [
    ...layoutSentence(style, { mark: markOf(plan), text, tone: 'strong' }),
    ...section(style, steps.length === 0 ? '' : 'Have these first', neededLines(plan, style)),
    ...section(
      style,
      'Bring back, in this order',
      steps.flatMap((step, at) => stepLines(step, { style, now, number: at + 1 })),
    ),
    ...section(style, 'Live copies', rowsOf(style, liveRows(plan), undefined)),
    ...section(
      style,
      'Lost for good: nothing that is known brings these back',
      rowsOf(
        style,
        forGood.map((row) => ({ label: row.dataSet, text: losesWords(row.loss) })),
        {
          wouldBe: 'lost',
        },
      ),
    ),
    ...section(style, 'Unknown: open what was found, and ask again', unknownLines(unknown, style)),
    ...section(
      style,
      'These live on, and no backup of them is left: back them up first',
      rowsOf(
        style,
        bare.map((row) => ({ label: row.dataSet, text: formatBytes(row.bytes) })),
        {
          wouldBe: 'unknown',
        },
      ),
    ),
    ...section(
      style,
      'May be switched off to make room',
      rowsOf(style, plan.mayWait.map(mayWaitRow), undefined),
    ),
    ...section(style, unseenCount(plan) === 0 ? '' : 'Not seen', unseenLines(plan, style)),
  ];
}

function markOf({ steps, forGood, unknown }: RecoveryPlan): Mark {
  if (forGood.length > 0) return { wouldBe: 'lost' };
  if (unknown.length > 0) return { wouldBe: 'unknown' };
  return steps.length > 0 ? { wouldBe: 'out' } : undefined;
}

function section(style: Style, title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0 || title === '') return [];
  return ['', paint(style, 'strong', title), ...lines];
}

function rowsOf(style: Style, rows: readonly SaidRow[], mark: Mark): readonly string[] {
  return layoutRows(
    style,
    rows.map(({ label, text }) => ({ mark, ...said({ label, text }, style) })),
  );
}

function said({ label, text }: SaidRow, style: Style): SaidRow {
  return { label: sayText(label, style), text: sayMessage(text) };
}

function neededLines({ needed }: RecoveryPlan, style: Style): readonly string[] {
  return layoutRows(
    style,
    needed.map((each): LabelledRow => {
      const row = neededRow(each);
      return { mark: { is: row.is }, ...said(row, style) };
    }),
  );
}

function stepLines(
  step: RecoveryStep,
  { style, now, number }: { readonly style: Style; readonly now: UnixMs; readonly number: number },
): readonly string[] {
  const inner = { ...style, width: style.width - STEP_INDENT };
  const lead = ' '.repeat(STEP_INDENT);
  const head = layoutSentence(inner, {
    mark: undefined,
    text: sayText(stepHead(step), style),
    tone: 'strong',
  });
  const rows = stepRows(step, now).map((row) => ({ mark: undefined, ...said(row, style) }));
  const number3 = `${String(number).padStart(4)}  `;
  const isImage = step.image !== undefined;
  return [
    ...(number === 1 ? [] : ['']),
    ...head.map((line, at) => (at === 0 ? number3 : lead) + line),
    ...layoutRows(inner, rows, { labelWidth: LABEL_WIDTH }).map((line) => `  ${line}`),
    ...(step.image === undefined ? [] : imageLines(step.image, style)),
    ...(isImage ? [`${lead}Or restore it, as said above`] : []),
    ...typedLines(step.lines.typed, style),
  ];
}

function imageLines(image: ImageWays, style: Style): readonly string[] {
  const lead = ' '.repeat(STEP_INDENT);
  return [
    `${lead}Where it is there and broken, keep it first`,
    ...typedLines(image.keepFirst, style),
    `${lead}Repair a copy of it: in what time is unknown`,
    ...typedLines(image.repair, style),
  ];
}

/** Broken where a shell allows it, and nowhere else: a word is never cut. */
function typedLines(typed: readonly Typed[], style: Style): readonly string[] {
  const lead = ' '.repeat(STEP_INDENT);
  let on: string | undefined;
  const lines: string[] = [];
  for (const each of typed) {
    if (each.on !== on) {
      lines.push(`${lead}${paint(style, 'aside', `on ${sayText(each.on, style)}`)}`);
    }
    on = each.on;
    for (const line of commandLines(each.words, style.width - STEP_INDENT - 4)) {
      lines.push(`${lead}  ${paint(style, 'ask', inCharset(style, line))}`);
    }
  }
  return lines;
}

function commandLines(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words.map(sayMessage)) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(joined) > width - 2) {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    } else {
      line = joined;
    }
  }
  return [...lines, line];
}

/** What the same commands would show stands together, and they stand below it once. */
function unknownLines(unknown: readonly UnknownRow[], style: Style): readonly string[] {
  const groups = Map.groupBy(unknown, ({ commands }) => commands.join('\n'));
  return [...groups.values()].flatMap((rows) => [
    ...rowsOf(
      style,
      rows.map(({ row }) => ({ label: row.dataSet, text: losesWords(row.loss) })),
      { wouldBe: 'unknown' },
    ),
    ...(rows[0]?.commands ?? []).flatMap((command) =>
      commandLines(command.split(' '), style.width - STEP_INDENT).map(
        (line) => `${' '.repeat(STEP_INDENT)}${paint(style, 'ask', inCharset(style, line))}`,
      ),
    ),
  ]);
}

const unseenCount = ({ notSeen, seenInPart }: RecoveryPlan): number =>
  notSeen.length + seenInPart.length;

function unseenLines({ notSeen, seenInPart }: RecoveryPlan, style: Style): readonly string[] {
  const rows = [
    ...notSeen.map((label) => ({ label, text: 'was not seen, so what it holds is unknown' })),
    ...seenInPart.map((label) => ({ label, text: 'was seen in part: it may hold more' })),
  ];
  return rowsOf(style, rows, { is: 'unknown' });
}
