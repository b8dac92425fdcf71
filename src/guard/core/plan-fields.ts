import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { base64OfText, textOfBase64 } from '../../manifest/core/base64.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';

/** Members of an object that somebody else wrote: each is asked for by name and shape. */
export type Raw = Readonly<Record<string, unknown>>;

/** An empty component, `.`, `..`, or a byte that no file system takes. */
const UNSAFE = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;
const DECIMAL = /^(?:0|-?[1-9][0-9]{0,19})$/;

/** What is thrown wherever a plan says what no writer of format 0 would have written. */
export function invalidPlan(why: string): Fault {
  return new Fault('HF_PLAN_INVALID', `the plan is not valid: ${why}`, { why, path: 'it' });
}

/** @throws Fault HF_PLAN_INVALID, as does every function here */
export function objectOf(text: string, what: string): Raw {
  try {
    const raw: unknown = JSON.parse(text);
    if (isRaw(raw)) return raw;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidPlan(`${what} is no JSON object`);
}

function isRaw(raw: unknown): raw is Raw {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

export function memberAt(raw: Raw, key: string): Raw {
  const value = raw[key];
  if (!isRaw(value)) throw invalidPlan(`${key} is no object`);
  return value;
}

export function textAt(raw: Raw, key: string): string {
  const value = raw[key];
  if (typeof value !== 'string') throw invalidPlan(`${key} is no text`);
  return value;
}

export function numberAt(raw: Raw, key: string): number {
  const value = raw[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw invalidPlan(`${key} is no number in its range`);
  }
  return value;
}

/** A time may lie before 1970. */
export function timeAt(raw: Raw, key: string): number {
  const value = raw[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidPlan(`${key} is no time`);
  return value;
}

export function decimalAt(raw: Raw, key: string): bigint {
  const value = textAt(raw, key);
  if (!DECIMAL.test(value)) throw invalidPlan(`${key} is no decimal number`);
  return BigInt(value);
}

export function flagAt(raw: Raw, key: string): boolean {
  const value = raw[key];
  if (typeof value !== 'boolean') throw invalidPlan(`${key} is neither true nor false`);
  return value;
}

export function wordAt<T extends string>(raw: Raw, key: string, among: readonly T[]): T {
  const value = raw[key];
  const word = among.find((known) => known === value);
  if (word === undefined) throw invalidPlan(`${key} is none of ${among.join(', ')}`);
  return word;
}

export function listAt(raw: Raw, key: string): readonly unknown[] {
  const value = raw[key];
  if (!Array.isArray(value)) throw invalidPlan(`${key} is no list`);
  return value;
}

export function objectsAt(raw: Raw, key: string): readonly Raw[] {
  return listAt(raw, key).map((item) => {
    if (!isRaw(item)) throw invalidPlan(`${key} holds what is no object`);
    return item;
  });
}

export function textsAt(raw: Raw, key: string): readonly string[] {
  return listAt(raw, key).map((item) => {
    if (typeof item !== 'string') throw invalidPlan(`${key} holds what is no text`);
    return item;
  });
}

/** `{[key]: read(key)}` where there is such a member, else nothing. */
export function maybe<K extends string, T>(
  raw: Raw,
  key: K,
  read: (raw: Raw, key: K) => T,
): { readonly [P in K]?: T } {
  if (raw[key] === undefined) return {};
  return { [key]: read(raw, key) } as { readonly [P in K]?: T };
}

export function hasPath(raw: Raw, key: string): boolean {
  return raw[key] !== undefined || raw[`${key}B64`] !== undefined;
}

/** `key`, or `keyB64` where the bytes are not UTF-8: a path that stays below the target. */
export function pathAt(raw: Raw, key: string): ByteString {
  const path = bytesTextAt(raw, key);
  if (path !== '' && UNSAFE.test(path)) throw invalidPlan(`${key} is no path below the target`);
  return path;
}

/** The bytes of `key`, or of `keyB64`: whatever they name. */
export function bytesTextAt(raw: Raw, key: string): ByteString {
  return raw[key] === undefined ? bytesAt(raw, `${key}B64`) : bytesOfUtf8(textAt(raw, key));
}

function bytesAt(raw: Raw, key: string): ByteString {
  const bytes = textOfBase64(textAt(raw, key));
  if (bytes === undefined) throw invalidPlan(`${key} is no base64`);
  return byteString(bytes);
}

/** As it stands in a plan. */
export function pathMember(key: string, path: ByteString): Readonly<Record<string, string>> {
  return isUtf8(path) ? { [key]: utf8Of(path) } : { [`${key}B64`]: base64OfText(path) };
}
