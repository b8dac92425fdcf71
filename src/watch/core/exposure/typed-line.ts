/** Lines to type: words that a shell takes as they stand, all of which can be seen. */
import type { ByteString } from '../../../base/bytes.ts';
import { sayText } from '../../../base/say-name.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { isUtf8, utf8Of } from '../../../manifest/core/utf8.ts';

/** Something to type. */
export interface Typed {
  /** The machine to type it on. */
  readonly on: string;
  readonly words: readonly string[];
}

/**
 * A path as one word of a shell, which shows all that is in it: what could not be seen on a screen is
 * written by its bytes.
 */
export function pathWord(path: ByteString): string {
  if (isUtf8(path)) return textWord(utf8Of(path));
  return `$'${path.replaceAll(/[^\x20-\x26\x28-\x5b\x5d-\x7e]/g, byteEscape)}'`;
}

/** As `pathWord`, of text. */
export function textWord(text: string): string {
  if (sayText(text).replaceAll('\\\\', '\\') === text) return quoteWord(text);
  let out = '';
  for (const char of text) {
    const isPlain = sayText(char) === char && char !== "'";
    out += isPlain ? char : utf8Escapes(char);
  }
  return `$'${out}'`;
}

/** As `textWord`, of what stands where an option could: a name that begins with a dash is to be filled in. */
export function nameWord(text: string): string {
  return text.startsWith('-') ? 'NAME' : textWord(text);
}

function utf8Escapes(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return byteEscape(char);
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

function byteEscape(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
