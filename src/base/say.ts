/**
 * How the terminal speaks. Everything that prints takes a `Style` by parameter, so that the same
 * words are a pure function of what is known and of the place they are printed to.
 */
export interface Style {
  /** Columns; 80 always suffice, and text is never laid out for fewer than 40. */
  readonly width: number;
  /** The 16 terminal colours; without them shape and word say everything. */
  readonly color: boolean;
  /** Whether the locale can show more than ASCII. */
  readonly utf8: boolean;
}

/** The style of a pipe, a log and a test: nothing that only a terminal understands. */
export const PLAIN: Style = { width: 80, color: false, utf8: true };

/**
 * What colour adds to words that already say it. `ask` is what can be typed, `aside` is what may be
 * skipped.
 */
export type Tone =
  | 'plain'
  | 'failed'
  | 'degraded'
  | 'ok'
  | 'unknown'
  | 'strong'
  | 'ask'
  | 'aside'
  | 'link';

// No background and no 256-colour values: the reader's own theme decides.
const SEQUENCES: Readonly<Record<Exclude<Tone, 'plain'>, string>> = {
  failed: '1;31',
  degraded: '33',
  ok: '32',
  unknown: '90',
  strong: '1',
  ask: '1',
  aside: '2',
  link: '36',
};

/** `text` in the colour of `tone`, or as it is where the style has no colour. */
export function paint(style: Style, tone: Tone, text: string): string {
  if (!style.color || tone === 'plain' || text === '') return text;
  return `\u001b[${SEQUENCES[tone]}m${text}\u001b[0m`;
}

const ASCII_OF: Readonly<Record<string, string>> = {
  '━': '=',
  '─': '-',
  '█': '#',
  '░': '.',
  '╱': '/',
  '│': '|',
  '…': '~',
  '–': '-',
  '\u00a0': ' ',
  '\u2009': ' ',
};

const ASCII = /^[\0-\x7f]*$/;

/** Replaces the characters that only a UTF-8 locale shows; each stands for exactly one column. */
export function inCharset(style: Style, text: string): string {
  if (style.utf8 || ASCII.test(text)) return text;
  let out = '';
  for (const char of text) out += ASCII_OF[char] ?? (char <= '\u007f' ? char : '?');
  return out;
}
