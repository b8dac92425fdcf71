import { type ByteString, byteString } from '../../base/bytes.ts';

const ASCII = /^[\0-\x7f]*$/;
const REPLACEMENT = 0xfffd;

/** Whether the bytes are well-formed UTF-8: nothing overlong, no surrogates, at most U+10FFFF. */
export function isUtf8(text: ByteString): boolean {
  if (ASCII.test(text)) return true;
  let at = 0;
  while (at < text.length) {
    const size = sequenceSize(text, at);
    if (size === 0) return false;
    at += size;
  }
  return true;
}

/** Decodes; each byte that is part of no well-formed sequence becomes U+FFFD. */
export function utf8Of(text: ByteString): string {
  if (ASCII.test(text)) return text;
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const size = sequenceSize(text, at);
    parts.push(String.fromCodePoint(size === 0 ? REPLACEMENT : codePoint(text, at, size)));
    at += Math.max(1, size);
  }
  return parts.join('');
}

/** Encodes; a lone surrogate becomes U+FFFD. */
export function bytesOfUtf8(text: string): ByteString {
  if (ASCII.test(text)) return byteString(text);
  let bytes = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? REPLACEMENT;
    bytes += encoded(point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point);
  }
  return byteString(bytes);
}

/**
 * For names shown inside a text that must be UTF-8: unchanged where it is, else every byte from
 * 0x80 on as `\xhh`.
 */
export function utf8OrEscaped(text: ByteString): ByteString {
  if (isUtf8(text)) return text;
  return byteString(
    text.replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`),
  );
}

/** Bytes of the well-formed sequence at `at`; 0 where there is none. Table 3-7 of Unicode. */
function sequenceSize(text: string, at: number): number {
  const lead = text.charCodeAt(at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + size > text.length) return 0;
  const second = text.charCodeAt(at + 1);
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let next = at + 2; next < at + size; next++) {
    const byte = text.charCodeAt(next);
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return size;
}

function codePoint(text: string, at: number, size: number): number {
  const lead = text.charCodeAt(at);
  let point = size === 1 ? lead : lead & (0x7f >> size);
  for (let next = at + 1; next < at + size; next++) {
    point = (point << 6) | (text.charCodeAt(next) & 0x3f);
  }
  return point;
}

function encoded(point: number): string {
  if (point < 0x80) return String.fromCharCode(point);
  const last = 0x80 | (point & 0x3f);
  if (point < 0x800) return String.fromCharCode(0xc0 | (point >> 6), last);
  const third = 0x80 | ((point >> 6) & 0x3f);
  if (point < 0x10000) return String.fromCharCode(0xe0 | (point >> 12), third, last);
  return String.fromCharCode(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), third, last);
}
