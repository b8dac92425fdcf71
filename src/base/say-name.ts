import type { ByteString } from './bytes.ts';
import type { Style } from './say.ts';

/**
 * Names come from disks and from other people's processes. Whatever they hold, what is printed can
 * neither move the cursor, colour, ring, reorder nor hide: those characters are written as escapes.
 */

// Controls, line and paragraph separators, direction overrides, zero-width and tag characters, and
// lone surrogates: they change how the rest is seen and show nothing themselves.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;
// Spaces other than the ordinary one look like it and are not it.
const OTHER_SPACE = /[\p{Zs}]/u;
// Letters that draw nothing, or that hang on the letter before: harmless alone, a smear in numbers.
const FILLER = /[\u115f\u1160\u3164\uffa0\u2800\u034f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u;

/** A name of bytes as one line that is safe to print: valid UTF-8 as such, other bytes as `\xNN`. */
export function sayName(name: ByteString, style: Pick<Style, 'utf8'> = { utf8: true }): string {
  let out = '';
  for (let at = 0; at < name.length; ) {
    const char = decodeAt(name, at);
    if (char === undefined) {
      out += escapeByte(name.charCodeAt(at));
      at += 1;
    } else {
      out += sayChar(char.text, style);
      at += char.bytes;
    }
  }
  return out;
}

/** Text that was decoded already (a command line, an error message) as one line safe to print. */
export function sayText(text: string, style: Pick<Style, 'utf8'> = { utf8: true }): string {
  let out = '';
  for (const char of text) out += sayChar(char, style);
  return out;
}

/**
 * A sentence that quotes names, as it is but for what cannot be seen. Whoever wrote it may have made
 * the names fit for a terminal before, and their escapes are not escaped again.
 */
export function sayMessage(text: string): string {
  let out = '';
  for (const char of text) out += UNSEEN.test(char) ? sayChar(char, { utf8: true }) : char;
  return out;
}

function sayChar(char: string, style: Pick<Style, 'utf8'>): string {
  const code = char.codePointAt(0) ?? 0;
  // A backslash is doubled, so that an escape cannot be forged by a name that spells one.
  if (char === '\\') return '\\\\';
  if (code < 0x7f && code >= 0x20) return char;
  if (code === 0x0a) return '\\n';
  if (code === 0x09) return '\\t';
  if (code < 0x100 && UNSEEN.test(char)) return escapeByte(code);
  const isPlain = !UNSEEN.test(char) && !OTHER_SPACE.test(char) && !FILLER.test(char);
  if (style.utf8 && isPlain) return char;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** The UTF-8 character that begins at `at`; undefined where the bytes are none (or overlong). */
function decodeAt(
  raw: string,
  at: number,
): { readonly text: string; readonly bytes: number } | undefined {
  const lead = raw.charCodeAt(at);
  if (lead < 0x80) return { text: raw.charAt(at), bytes: 1 };
  const bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + bytes > raw.length) return undefined;
  let code = lead & (0x7f >> bytes);
  for (let next = at + 1; next < at + bytes; next++) {
    const byte = raw.charCodeAt(next);
    if ((byte & 0xc0) !== 0x80) return undefined;
    code = (code << 6) | (byte & 0x3f);
  }
  const codeMin = bytes === 2 ? 0x80 : bytes === 3 ? 0x800 : 0x10000;
  if (code < codeMin || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return { text: String.fromCodePoint(code), bytes };
}

/** The same words at the beginning of a sentence. */
export function capitalised(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
