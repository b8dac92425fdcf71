/**
 * Links in messages, as docs/format/message.md has them: whoever holds one may do the one thing that
 * it names, until it expires. GET shows what it is about, POST does it, since mail scanners follow links.
 */
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Cipher } from '../../host/cipher.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';

/** What makes and checks them: a key of the state directory, 32 bytes. */
export interface LinkKey {
  readonly cipher: Pick<Cipher, 'hmac'>;
  readonly key: Uint8Array;
}

export interface LinkFor {
  readonly person: string;
  readonly expiresAt: UnixMs;
}

/** Why a link is not taken. */
export type LinkProblem = 'malformed' | 'forged' | 'expired';

/** @param base `https://holdfast.example.org`, without a slash at its end */
export function makeAckLink(
  { base, ...key }: LinkKey & { readonly base: string },
  { alert, person, expiresAt }: LinkFor & { readonly alert: string },
): string {
  return `${base}/ack/${tokenOf(key, ['ack', alert, person, String(expiresAt)])}`;
}

/** @param token what stands behind `/ack/` */
export function readAckLink(
  key: LinkKey,
  token: string,
  now: UnixMs,
): Result<{ readonly alert: string; readonly person: string }, LinkProblem> {
  const read = readToken(key, { token, act: 'ack', now });
  if (!read.ok) return read;
  const [alert, person] = read.value;
  return { ok: true, value: { alert, person } };
}

export function makeConfirmLink(
  { base, ...key }: LinkKey & { readonly base: string },
  { channel, person, expiresAt }: LinkFor & { readonly channel: string },
): string {
  return `${base}/confirm/${tokenOf(key, ['confirm', channel, person, String(expiresAt)])}`;
}

/** @param token what stands behind `/confirm/` */
export function readConfirmLink(
  key: LinkKey,
  token: string,
  now: UnixMs,
): Result<{ readonly channel: string; readonly person: string }, LinkProblem> {
  const read = readToken(key, { token, act: 'confirm', now });
  if (!read.ok) return read;
  const [channel, person] = read.value;
  return { ok: true, value: { channel, person } };
}

type Fields = readonly [act: string, of: string, person: string, expiresAt: string];

const TOKEN_MAX = 2048;
const MAC_SIZE = 32;
const FORM = /^(?:[0-9a-f]{2})*(?:\.(?:[0-9a-f]{2})*){3}$/;

/** Each field in hex of its UTF-8, so that none can hold what parts them. */
function tokenOf(key: LinkKey, fields: Fields): string {
  const payload = fields.map((field) => hexOf(bytesOfUtf8(field))).join('.');
  return `${payload}.${hexOf(byteString(String.fromCharCode(...macOf(key, payload))))}`;
}

function readToken(
  key: LinkKey,
  given: { readonly token: string; readonly act: string; readonly now: UnixMs },
): Result<readonly [string, string], LinkProblem> {
  const { token, act, now } = given;
  const end = token.lastIndexOf('.');
  if (token.length > TOKEN_MAX || end === -1) return { ok: false, error: 'malformed' };
  const payload = token.slice(0, end);
  if (!FORM.test(payload)) return { ok: false, error: 'malformed' };
  const mac = bytesOfHex(token.slice(end + 1));
  if (mac?.length !== MAC_SIZE) return { ok: false, error: 'malformed' };
  // Nothing of it is looked at before it is known to be ours.
  if (!isSameBytes(mac, macOf(key, payload))) return { ok: false, error: 'forged' };
  const fields = payload.split('.').map(textOfHex);
  const [said, of, person, expiresAt] = fields;
  if (said !== act) return { ok: false, error: 'forged' };
  if (of === undefined || person === undefined) return { ok: false, error: 'malformed' };
  if (!(now < Number(expiresAt))) return { ok: false, error: 'expired' };
  return { ok: true, value: [of, person] };
}

function macOf({ cipher, key }: LinkKey, payload: string): Uint8Array {
  return cipher.hmac(key, asciiBytes(`holdfast-link-0\n${payload}`));
}

/** Takes as long for any two of one length. */
function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  let differing = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) differing |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return differing === 0;
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Undefined where it is not whole bytes in small hexadecimal digits. */
function bytesOfHex(hex: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) return undefined;
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function textOfHex(hex: string): string | undefined {
  const bytes = byteString(String.fromCharCode(...(bytesOfHex(hex) ?? [])));
  return isUtf8(bytes) ? utf8Of(bytes) : undefined;
}
