import { assert } from './assert.ts';
import type { Brand } from './brand.ts';

/**
 * Bytes as a string in which each character is one byte (latin1). Paths and digests use it: it
 * compares bytewise, holds any byte, and costs one byte a character in memory.
 */
export type ByteString = Brand<string, 'ByteString'>;

/** A SHA-256 digest, 32 bytes. */
export type Digest = Brand<string, 'Digest'>;

export const DIGEST_SIZE = 32;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @param raw a string of characters 0 to 255, as `latin1` decoding gives it */
export function byteString(raw: string): ByteString {
  return raw as ByteString;
}

export function digestOfBytes(raw: string): Digest {
  assert(raw.length === DIGEST_SIZE, 'a digest has 32 bytes');
  return raw as Digest;
}

/** Value of each hexadecimal digit; -1 for what is none, which stays negative when combined. */
const NIBBLES = new Int8Array(128).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  NIBBLES[digit.charCodeAt(0)] = value;
}
const scratch = new Array<number>(DIGEST_SIZE).fill(0);

/** Undefined where `hex` is not 64 lower-case hexadecimal digits. */
export function parseDigest(hex: string): Digest | undefined {
  if (hex.length !== 2 * DIGEST_SIZE) return undefined;
  let bad = 0;
  for (let at = 0; at < DIGEST_SIZE; at++) {
    const high = NIBBLES[hex.charCodeAt(2 * at)] ?? -1;
    const low = NIBBLES[hex.charCodeAt(2 * at + 1)] ?? -1;
    bad |= high | low;
    scratch[at] = (high << 4) | low;
  }
  return bad < 0 ? undefined : (String.fromCharCode.apply(null, scratch) as Digest);
}

export function hexOf(raw: ByteString | Digest): string {
  let hex = '';
  for (let at = 0; at < raw.length; at++) hex += HEX[raw.charCodeAt(at)] ?? '';
  return hex;
}
