import { type ByteString, byteString, type Digest, parseDigest } from '../../base/bytes.ts';
import { textOfBase64 } from './base64.ts';
import { corrupt } from './corrupt.ts';
import { isUtf8 } from './utf8.ts';

/** A JSON object of which nothing is known yet. */
export type Raw = Readonly<Record<string, unknown>>;

const U32_MAX = 0xffff_ffff;
const SIZE_MAX = 2n ** 63n - 1n;
const SIZE = /^(?:0|[1-9][0-9]{0,18})$/;
const TOTAL = /^(?:0|[1-9][0-9]{0,29})$/;
const SIGNED = /^(?:0|-?[1-9][0-9]{0,20})$/;
/** An empty component, `.`, `..`, or a byte that no file system takes. */
const UNSAFE = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** @throws Fault HF_MANIFEST_CORRUPT, as does every function here */
export function objectOf(line: string): Raw {
  try {
    const raw: unknown = JSON.parse(line);
    if (isRaw(raw)) return raw;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw corrupt('a line is no JSON object', line);
}

export function isRaw(raw: unknown): raw is Raw {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

export function numberAt(raw: Raw, key: string, numberMax = U32_MAX): number {
  const value = raw[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > numberMax) {
    throw corrupt(`${key} is no number in its range`, String(value));
  }
  return value;
}

export function signedOf(value: unknown, key: string): bigint {
  if (typeof value !== 'string' || !SIGNED.test(value)) throw corrupt(`${key} is no number`);
  return BigInt(value);
}

export function sizeOf(value: unknown, key: string): bigint {
  if (typeof value !== 'string' || !SIZE.test(value)) throw corrupt(`${key} is no number`);
  const size = BigInt(value);
  if (size > SIZE_MAX) throw corrupt(`${key} is above 2^63 - 1`, value);
  return size;
}

/** A sum of sizes: it may pass what one file can have. */
export function totalOf(value: unknown, key: string): bigint {
  if (typeof value !== 'string' || !TOTAL.test(value)) throw corrupt(`${key} is no number`);
  return BigInt(value);
}

export function digestOf(value: unknown, key: string): Digest {
  const digest = typeof value === 'string' ? parseDigest(value) : undefined;
  if (digest === undefined) throw corrupt(`${key} is no digest`, String(value));
  return digest;
}

/** Text in UTF-8. */
export function textOf(value: unknown, key: string): ByteString {
  if (typeof value !== 'string') throw corrupt(`${key} is no text`, String(value));
  const text = byteString(value);
  if (!isUtf8(text)) throw corrupt(`${key} is not UTF-8`, text);
  return text;
}

/** Bytes in base64. */
export function bytesOf(value: unknown, key: string): ByteString {
  const bytes = typeof value === 'string' ? textOfBase64(value) : undefined;
  if (bytes === undefined) throw corrupt(`${key} is no base64`, String(value));
  return bytes;
}

/** `key`, or `keyB64` where the bytes are not UTF-8; undefined where there is neither. */
export function namedAt(raw: Raw, key: string): ByteString | undefined {
  if (raw[key] !== undefined) return textOf(raw[key], key);
  const base64 = raw[`${key}B64`];
  if (base64 === undefined) return undefined;
  const bytes = bytesOf(base64, `${key}B64`);
  if (isUtf8(bytes)) throw corrupt(`${key}B64 is UTF-8`, bytes);
  return bytes;
}

/** A path that stays below the root whoever joins it to one. */
export function pathAt(raw: Raw, key: string): ByteString | undefined {
  const path = namedAt(raw, key);
  if (path !== undefined && path !== '' && UNSAFE.test(path)) {
    throw corrupt(`${key} is no safe path`, path);
  }
  return path;
}

export function listAt(raw: Raw, key: string): readonly unknown[] | undefined {
  const value = raw[key];
  if (value === undefined || Array.isArray(value)) return value;
  throw corrupt(`${key} is no array`);
}

/** An array of exactly two. */
export function pairOf(value: unknown, key: string): readonly [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2) throw corrupt(`${key} holds no pairs`);
  return [value[0], value[1]];
}

export function oneOf<T extends string>(value: unknown, among: readonly T[]): T | undefined {
  return among.find((known) => known === value);
}
