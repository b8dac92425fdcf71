import { inCharset, paint, type Style } from '../../../base/say.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../../base/say-rows.ts';
import type { DeclaredDifference } from './declared-diff.ts';

const TITLES = [
  ['not seen', 'Declared, and not seen'],
  ['not declared', 'Seen, and not declared'],
  ['unknown', 'Declared; the look says nothing of it'],
] as const;

/** A file against the last look: a sentence, what differs, and lines to take over. */
export function renderDeclaredDiff(
  differences: readonly DeclaredDifference[],
  style: Style,
  of: {
    readonly file: string | undefined;
    /** `11 min ago`. */
    readonly age: string;
    /** YAML for what is not declared. */
    readonly lines: readonly string[];
  },
): readonly string[] {
  const { age, lines } = of;
  const counted = differences.filter(({ kind }) => kind !== 'unknown').length;
  const file = of.file === undefined ? 'No holdfast.yaml is here; it' : sayText(of.file, style);
  const text =
    counted === 0
      ? `${file} and the look ${age} do not differ.`
      : `${file} and the look ${age} differ in ${countOf(counted, 'thing')}.`;
  return [
    ...layoutSentence(style, { mark: undefined, text, tone: 'strong' }),
    ...TITLES.flatMap(([kind, title]) => {
      const rows = differences
        .filter((each) => each.kind === kind)
        .map((each) => rowOf(each, style));
      return rows.length === 0
        ? []
        : ['', paint(style, 'strong', title), ...layoutRows(style, rows)];
    }),
    ...(lines.length === 0 ? [] : ['', paint(style, 'strong', 'To take over, below each key')]),
    ...lines.map((line) => inCharset(style, `  ${line}`)),
  ];
}

function rowOf(each: DeclaredDifference, style: Style): LabelledRow {
  const { part, kind, host, name, why, bytes } = each;
  const at = part === 'host' ? '' : `${sayText(host, style)}: `;
  const facts = [why, bytes === undefined ? '' : formatBytes(bytes)].filter(Boolean).join(', ');
  const text = `${at}${sayText(name, style)}${facts === '' ? '' : `  ${sayText(facts, style)}`}`;
  return { mark: kind === 'unknown' ? { is: 'unknown' } : undefined, label: part, text };
}
