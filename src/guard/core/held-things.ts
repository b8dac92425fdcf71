/** `claims/ID.json` and `freeze.json`: docs/format/approval.md 3. Unreadable is told apart from absent. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Moment } from '../../base/moment.ts';
import { unixMs } from '../../base/units.ts';
import { canonicalJson, type Json } from '../../base/canonical-json.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import type { Codec } from '../../host/codec.ts';
import type { Claim, ClaimedPlace } from './claims.ts';

export interface Freeze {
  readonly by: string;
  readonly reason: string;
  readonly made: Moment;
  readonly spanMs: number;
  /** Of a freeze that a server asked for: only the same may lift it. 32 hexadecimal digits. */
  readonly id?: string;
}

export function claimText(codec: Codec, claim: Claim): ByteString {
  const { id, by, reason, made, spanMs, on } = claim;
  const path = on.path === undefined ? {} : pathJson(codec, on.path);
  const host = on.host === undefined ? {} : { host: on.host };
  return line({
    ...{ v: 0, id, by: by.toWellFormed(), reason: reason.toWellFormed(), spanMs },
    made: momentJson(made),
    on: { ...host, ...path },
  });
}

export function freezeText({ by, reason, made, spanMs, id }: Freeze): ByteString {
  const said = { by: by.toWellFormed(), reason: reason.toWellFormed() };
  return line({ v: 0, ...said, made: momentJson(made), spanMs, id });
}

/** Undefined: it is none that this version knows. */
export function parseClaim(codec: Codec, text: ByteString): Claim | undefined {
  const value = objectOf(text);
  const common = commonOf(value);
  const on = placeOf(codec, value?.on);
  if (common === undefined || on === undefined) return undefined;
  const id = value?.id;
  return typeof id === 'string' && /^c-[0-9a-f]{8}$/.test(id) ? { id, ...common, on } : undefined;
}

export function parseFreeze(text: ByteString): Freeze | undefined {
  const value = objectOf(text);
  const common = commonOf(value);
  const id = value?.id;
  if (common === undefined || id === undefined) return common;
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) ? { ...common, id } : undefined;
}

function commonOf(value: Fields | undefined): Freeze | undefined {
  if (value === undefined || value.v !== 0) return undefined;
  const { by, reason, spanMs } = value;
  const made = momentOf(value.made);
  const isSaid = typeof by === 'string' && typeof reason === 'string';
  if (!isSaid || !isCount(spanMs) || made === undefined) return undefined;
  return { by, reason, made, spanMs };
}

export function momentJson({ at, boot, upMs }: Moment): Readonly<Record<string, Json | undefined>> {
  return { at, boot, upMs };
}

export function momentOf(value: unknown): Moment | undefined {
  if (!isFields(value) || !isCount(value.at)) return undefined;
  const { boot, upMs } = value;
  const at = unixMs(value.at);
  return typeof boot === 'string' && isCount(upMs) ? { at, boot, upMs } : { at };
}

function placeOf(codec: Codec, value: unknown): ClaimedPlace | undefined {
  if (!isFields(value)) return undefined;
  const path = pathOf(codec, value);
  if (path === undefined && (value.path ?? value.pathB64) !== undefined) return undefined;
  const { host } = value;
  if (host !== undefined && typeof host !== 'string') return undefined;
  return { ...(host === undefined ? {} : { host }), ...(path === undefined ? {} : { path }) };
}

function pathJson(codec: Codec, path: ByteString): Readonly<Record<string, string>> {
  return isUtf8(path) ? { path: utf8Of(path) } : { pathB64: codec.base64Of(codec.bytesOf(path)) };
}

function pathOf(codec: Codec, { path, pathB64 }: Fields): ByteString | undefined {
  if (typeof path === 'string') return bytesOfUtf8(path);
  const bytes = typeof pathB64 === 'string' ? codec.bytesOfBase64(pathB64) : undefined;
  return bytes === undefined ? undefined : codec.textOf(bytes);
}

export type Fields = Readonly<Record<string, unknown>>;

/** One JSON object and a newline; undefined where `text` is none. */
export function objectOf(text: ByteString): Fields | undefined {
  if (!isUtf8(text)) return undefined;
  try {
    const value: unknown = JSON.parse(utf8Of(text));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function line(value: Json): ByteString {
  return byteString(`${bytesOfUtf8(canonicalJson(value))}\n`);
}
