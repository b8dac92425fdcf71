/** How two points differ: a sentence, then one line for each path. */
import { byteString } from '../../base/bytes.ts';
import { paint, type Style, type Tone } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type {
  Amount,
  CompareTotals,
  PointDifference,
} from '../../recover/core/compare-difference.ts';
import { isContentChange } from '../../recover/core/compare-fields.ts';
import { bytesJson } from './json-shape.ts';

export interface Difference {
  readonly differences: readonly PointDifference[];
  readonly totals: CompareTotals;
  /** As they are called in the sentence. */
  readonly names: readonly [string, string];
}

type Sign = '+' | '-' | 'M' | 'a' | '?';

const TONES: Readonly<Record<Sign, Tone>> = {
  '+': 'ok',
  '-': 'failed',
  M: 'degraded',
  a: 'plain',
  '?': 'unknown',
};

/** Whether any path differs; what could not be compared is no difference. */
export function differs({ totals }: Difference): boolean {
  const { added, removed, changed, changedAround } = totals;
  return added.entries + removed.entries + changed.entries + changedAround > 0;
}

export function* diffWords(of: Difference, style: Style): Generator<string> {
  yield* layoutSentence(style, { mark: undefined, text: sentence(of), tone: 'strong' });
  if (of.differences.length > 0) yield '';
  for (const difference of of.differences) yield lineOf(difference, style);
}

function sentence(of: Difference): string {
  const [first, second] = of.names;
  const { added, removed, changed, changedAround, unknown } = of.totals;
  const more =
    unknown === 0 ? '' : `; ${countOf(unknown, 'entry', 'entries')} could not be compared`;
  if (!differs(of)) return `${first} and ${second} do not differ${more}.`;
  const parts = [
    `${amount(added)} added`,
    `${amount(removed)} removed`,
    `${amount(changed)} with other content`,
    `${formatCount(changedAround)} with other attributes`,
  ];
  return `From ${first} to ${second}: ${parts.join(', ')}${more}.`;
}

function amount({ entries, bytes }: Amount): string {
  return bytes === 0n
    ? formatCount(entries)
    : `${formatCount(entries)} (${formatBytes(Number(bytes))})`;
}

function lineOf(difference: PointDifference, style: Style): string {
  const sign = signOf(difference);
  const { path } = difference;
  const name = sayName(path === '' ? byteString('.') : path, style);
  const why = whyOf(difference);
  return `  ${paint(style, TONES[sign], sign)} ${name}${why === '' ? '' : `   ${sayText(why, style)}`}`;
}

function signOf(difference: PointDifference): Sign {
  if (difference.kind === 'added') return '+';
  if (difference.kind === 'removed') return '-';
  if (difference.kind === 'unknown') return '?';
  return isContentChange(difference.fields) ? 'M' : 'a';
}

function whyOf(difference: PointDifference): string {
  if (difference.kind === 'unknown') {
    const { why, entriesBelow } = difference;
    return entriesBelow === 0
      ? why
      : `${why}; ${countOf(entriesBelow, 'entry', 'entries')} below it`;
  }
  return difference.kind === 'changed' ? difference.fields.join(', ') : '';
}

export function diffJson({ differences, totals, names }: Difference): object {
  return {
    first: names[0],
    second: names[1],
    totals,
    differences: differences.map((each) => ({
      kind: each.kind,
      ...bytesJson('path', each.path),
      ...(each.kind === 'changed' ? { fields: each.fields } : {}),
      ...(each.kind === 'unknown' ? { why: each.why, entriesBelow: each.entriesBelow } : {}),
    })),
  };
}
