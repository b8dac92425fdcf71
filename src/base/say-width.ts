import { inCharset, type Style } from './say.ts';

/** As `charWidth` has it: each one column, and one unit of the string. */
const NARROW = /^[\0-\u02ff]*$/;
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;

// East Asian wide and emoji, coarsely: a table one column off is a blemish, no lie.
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Columns that `text` takes on a terminal. It holds no escape sequences: paint after layout. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (ZERO.test(char)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** `text` filled with spaces to `width` columns; longer text is returned as it is. */
export function padTo(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + fill : fill + text;
}

const HOST = /^[^/\s]+:(?=\/)/;
/** Least columns of a path behind its host. */
const PATH_MIN = 6;

/** `text` in at most `width` columns: without its tail, or with both ends, as paths need; of `host:/path` the host stays. */
export function shorten(
  text: string,
  options: { readonly width: number; readonly keep?: 'start' | 'ends'; readonly style: Style },
): string {
  if (widthOf(text) <= options.width) return text;
  const mark = inCharset(options.style, '…');
  const room = Math.max(0, options.width - 1);
  const tailRoom = options.keep === 'ends' ? Math.ceil(room * 0.6) : 0;
  const host = options.keep === 'ends' ? (HOST.exec(text)?.[0] ?? '') : '';
  const left = options.width - widthOf(host);
  if (widthOf(host) > room - tailRoom && left >= PATH_MIN) {
    return host + shorten(text.slice(host.length), { ...options, width: left });
  }
  const head = takeColumns([...text], room - tailRoom);
  const tail = takeColumns([...text].reverse(), tailRoom);
  return head + mark + [...tail].reverse().join('');
}

function takeColumns(chars: readonly string[], width: number): string {
  let taken = '';
  let used = 0;
  for (const char of chars) {
    used += charWidth(char);
    if (used > width) break;
    taken += char;
  }
  return taken;
}

/** Keeps the words of `text` on one line: `wrap` turns these spaces back into ordinary ones. */
export function unbreakable(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Lines of at most `width` columns, broken at spaces; a longer word is cut rather than overrun. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((whole) => cutWord(whole, width))) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width || line === '') {
      line = joined;
    } else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines.map((each) => each.replaceAll('\u00a0', ' '));
}

function cutWord(word: string, width: number): readonly string[] {
  const pieces: string[] = [];
  let rest = [...word];
  while (widthOf(rest.join('')) > width) {
    const piece = [...takeColumns(rest, width)];
    if (piece.length === 0) break; // One wide character in one column: nothing fits.
    pieces.push(piece.join(''));
    rest = rest.slice(piece.length);
  }
  return [...pieces, rest.join('')];
}
