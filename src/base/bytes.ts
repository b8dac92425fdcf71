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

/** Undefined where `hex` is not 64 lower-case hexadecimal digits. */
export function parseDigest(hex: string): Digest | undefined {
  if (!/^[0-9a-f]{64}$/.test(hex)) return undefined;
  let raw = '';
  for (let at = 0; at < hex.length; at += 2) {
    raw += String.fromCharCode(Number.parseInt(hex.slice(at, at + 2), 16));
  }
  return raw as Digest;
}

export function hexOf(raw: ByteString | Digest): string {
  let hex = '';
  for (let at = 0; at < raw.length; at++) hex += HEX[raw.charCodeAt(at)] ?? '';
  return hex;
}
