// Makes a picture of a terminal screen: ANSI text on standard input, SVG on standard output.
//   bin/holdfast up --once DIR | node scripts/picture.ts > docs/answer.svg
// Run it under `script` or with a terminal, so that the text has its colours.
import { readFileSync } from 'node:fs';

const LINE_HEIGHT = 18;
const CHAR_WIDTH = 8.4;
const MARGIN = 16;
const COLORS: Readonly<Record<string, string>> = {
  '31': '#b3261e',
  '32': '#1c7a45',
  '33': '#8a5a00',
  '36': '#0b6b75',
  '90': '#6b7370',
};

interface Span {
  readonly text: string;
  readonly color: string | undefined;
  readonly isStrong: boolean;
}

/** The spans of one line; colours do not run on to the next. */
function spansOf(line: string): readonly Span[] {
  const spans: Span[] = [];
  let color: string | undefined;
  let isStrong = false;
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (!part.startsWith('\u001b')) {
      if (part !== '') spans.push({ text: part, color, isStrong });
      continue;
    }
    const codes = part.slice(2, -1).split(';');
    if (codes.includes('0') || codes[0] === '') {
      color = undefined;
      isStrong = false;
    }
    if (codes.includes('1')) isStrong = true;
    for (const code of codes) color = COLORS[code] ?? color;
  }
  return spans;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function tspan({ text, color, isStrong }: Span): string {
  const fill = color === undefined ? '' : ` fill="${color}"`;
  const weight = isStrong ? ' font-weight="600"' : '';
  return `<tspan${fill}${weight}>${escaped(text)}</tspan>`;
}

const lines = readFileSync(0, 'utf8').replaceAll('\r', '').trimEnd().split('\n');
const columns = Math.max(
  80,
  ...lines.map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, '').length),
);
const width = Math.ceil(columns * CHAR_WIDTH + 2 * MARGIN);
const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
const rows = lines.map((line, at) => {
  const y = MARGIN + (at + 1) * LINE_HEIGHT - 5;
  return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spansOf(line).map(tspan).join('')}</text>`;
});
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace" font-size="14" fill="#1d2321">
<rect width="100%" height="100%" rx="6" fill="#fbfcfa" stroke="#d5dad6"/>
${rows.join('\n')}
</svg>
`,
);
