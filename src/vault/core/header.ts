import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { JsonFields } from './json-fields.ts';

export const HEADER_SIZE_MAX = 65_536;
const FORMAT = 0;
/** Features that a vault may require of its readers. */
const KNOWN_FEATURES: readonly string[] = [];
const WHAT = 'vault header';

export interface VaultHeader {
  /** 32 hex digits, as is `domain`. */
  readonly vault: string;
  readonly domain: string;
  readonly created: UnixMs;
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

export function encodeVaultHeader(tools: Tools, header: VaultHeader): Uint8Array {
  const head = canonicalBytes(tools.codec, {
    holdfast: 'vault',
    format: FORMAT,
    vault: header.vault,
    domain: header.domain,
    created: isoTimeOf(header.created),
    required: header.required,
    optional: header.optional,
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
  demandFormat(fields);
  const required = fields.texts('required');
  for (const feature of required) {
    if (!KNOWN_FEATURES.includes(feature)) throw unknownFeature(feature);
  }
  return {
    vault: fields.hex('vault', 32),
    domain: fields.hex('domain', 32),
    created: fields.time('created'),
    required,
    optional: fields.texts('optional'),
  };
}

/** @throws Fault HF_VAULT_FEATURE_UNKNOWN where it is of a format that this reader does not know */
export function demandFormat(fields: JsonFields): void {
  const format = fields.integer('format', { min: 0, max: 1_000_000 });
  if (format !== FORMAT) throw unknownFeature(`format ${format}`);
}

function unknownFeature(feature: string): Fault {
  const message = `this vault requires ${JSON.stringify(feature)}, which is not known here`;
  return new Fault('HF_VAULT_FEATURE_UNKNOWN', message, { feature });
}
