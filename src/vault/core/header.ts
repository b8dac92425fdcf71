import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { JsonFields } from './json-fields.ts';
import { isSame } from './twin-vote.ts';

export const HEADER_SIZE_MAX = 65_536;
/** Of new vaults, and the highest that is read. docs/format/compatibility.md */
export const VAULT_FORMAT = 1;
/** Who writes into one of this format looks at what collectors put down: docs/format/vault.md 11. */
export const COLLECTED_FORMAT = 1;
/** Of the lines of keys, writers, snapshots and all that stands beside them, in format 0 and in 1. */
const LINE_FORMAT = 0;
/** Features that a vault may require of its readers. */
const KNOWN_FEATURES: readonly string[] = [];
const WHAT = 'vault header';
const FORMATS = { min: 0, max: 1_000_000 };

export interface VaultHeader {
  /** Of the vault; readers know all up to VAULT_FORMAT. */
  readonly format: number;
  /** 32 hex digits, as is `domain`. */
  readonly vault: string;
  readonly domain: string;
  readonly created: UnixMs;
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Members that this version does not know, as they stand behind the others. */
  readonly others: Readonly<Record<string, unknown>>;
}

const MEMBERS = [...['holdfast', 'format', 'vault', 'domain', 'created', 'required', 'optional']];

export function encodeVaultHeader(tools: Tools, header: VaultHeader): Uint8Array {
  const head = canonicalBytes(tools.codec, {
    holdfast: 'vault',
    format: header.format,
    vault: header.vault,
    domain: header.domain,
    created: isoTimeOf(header.created),
    required: header.required,
    optional: header.optional,
    ...header.others,
  });
  return withLast(tools.codec, head, ['sha256', hexOf(tools.hash.sha256(head))]);
}

/**
 * Tells a good header from a damaged one; it authenticates nothing.
 * @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else
 */
export function parseVaultHeader(tools: Tools, bytes: Uint8Array): VaultHeader {
  demand(bytes.length <= HEADER_SIZE_MAX, WHAT, 'it is too large');
  const { head, fields, last } = splitLine(tools.codec, bytes, { what: WHAT, name: 'sha256' });
  demand(last === hexOf(tools.hash.sha256(head)), WHAT, 'it has not its digest');
  demand(fields.is('holdfast', 'vault'), WHAT, 'it is of something else');
  const format = fields.integer('format', FORMATS);
  if (format > VAULT_FORMAT) throw unknownFeature(`format ${format}`);
  const required = fields.texts('required');
  for (const feature of required) {
    if (!KNOWN_FEATURES.includes(feature)) throw unknownFeature(feature);
  }
  return {
    format,
    vault: fields.hex('vault', 32),
    domain: fields.hex('domain', 32),
    created: fields.time('created'),
    required,
    optional: fields.texts('optional'),
    others: fields.rest(MEMBERS),
  };
}

/**
 * Of the headers of one vault the one of the highest format: where an upgrade was stopped the two differ.
 * Undefined: none is of this vault.
 */
export function newestHeader<Header extends Pick<VaultHeader, 'format' | 'vault'>>(
  headers: readonly Header[],
  vault: string,
): Header | undefined {
  const [newest] = headers
    .filter((header) => header.vault === vault)
    .sort((one, other) => other.format - one.format);
  return newest;
}

/**
 * The same header of another format; what this version does not know stays byte for byte.
 * @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN
 */
export function headerOfFormat(tools: Tools, bytes: Uint8Array, format: number): Uint8Array {
  const { codec } = tools;
  const before = parseVaultHeader(tools, bytes);
  const text = codec.textOf(splitLine(codec, bytes, { what: WHAT, name: 'sha256' }).head);
  const begin = `{"holdfast":"vault","format":${before.format},`;
  demand(text.startsWith(begin), WHAT, 'its members are in another order');
  const rest = text.slice(begin.length);
  const head = codec.bytesOf(byteString(`{"holdfast":"vault","format":${format},${rest}`));
  return withLast(codec, head, ['sha256', hexOf(tools.hash.sha256(head))]);
}

/** The formats of two headers that differ in nothing else; undefined: they are the same, or differ in more. */
export function formatsApart(
  tools: Tools,
  one: Uint8Array,
  other: Uint8Array,
): readonly [number, number] | undefined {
  const [first, second] = [one, other].map((bytes) => parseVaultHeader(tools, bytes).format);
  if (first === undefined || second === undefined || first === second) return undefined;
  return isSame(headerOfFormat(tools, one, second), other) ? [first, second] : undefined;
}

/**
 * Of any line but the header's.
 * @throws Fault HF_VAULT_FEATURE_UNKNOWN where it is of a format that this reader does not know
 */
export function demandFormat(fields: JsonFields): void {
  const format = fields.integer('format', FORMATS);
  if (format !== LINE_FORMAT) throw unknownFeature(`format ${format}`);
}

function unknownFeature(feature: string): Fault {
  const message = `this vault requires ${JSON.stringify(feature)}, which is not known here`;
  return new Fault('HF_VAULT_FEATURE_UNKNOWN', message, { feature });
}
