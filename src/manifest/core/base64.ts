import { type ByteString, byteString } from '../../base/bytes.ts';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit, value]));

/** RFC 4648, padded. For the few names and values in a manifest that are not text. */
export function base64OfText(text: ByteString): string {
  let out = '';
  for (let at = 0; at < text.length; at += 3) {
    const left = text.length - at;
    const second = left > 1 ? text.charCodeAt(at + 1) : 0;
    const third = left > 2 ? text.charCodeAt(at + 2) : 0;
    const bits = (text.charCodeAt(at) << 16) | (second << 8) | third;
    out += DIGITS.charAt(bits >> 18) + DIGITS.charAt((bits >> 12) & 63);
    out += left > 1 ? DIGITS.charAt((bits >> 6) & 63) : '=';
    out += left > 2 ? DIGITS.charAt(bits & 63) : '=';
  }
  return out;
}

/** Undefined where `base64` is not the one padded form that `base64OfText` writes. */
export function textOfBase64(base64: string): ByteString | undefined {
  if (base64.length % 4 !== 0) return undefined;
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  let out = '';
  for (let at = 0; at < base64.length; at += 4) {
    const used = at + 4 === base64.length ? 4 - padding : 4;
    let bits = 0;
    for (let digit = 0; digit < 4; digit++) {
      const value = digit < used ? VALUES.get(base64.charAt(at + digit)) : 0;
      if (value === undefined) return undefined;
      bits = (bits << 6) | value;
    }
    const bytes = String.fromCharCode(bits >> 16, (bits >> 8) & 255, bits & 255);
    if (used < 4 && bytes.charCodeAt(used - 1) !== 0) return undefined;
    out += bytes.slice(0, used - 1);
  }
  return byteString(out);
}
