import { hexOf } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import { isoTimeOf } from '../../base/iso-time.ts';

export const WRITER_RECORD_SIZE_MAX = 65_536;
const KEY_SIZE = 32;
const WHAT = 'writer';

/** The public key of a writer as it lies in the vault. Whether to trust it is another question. */
export interface WriterRecord {
  readonly vault: string;
  /** Raw Ed25519. */
  readonly publicKey: Uint8Array;
  readonly created: UnixMs;
  /** SHA-256 of the public key, 64 hex digits. */
  readonly fingerprint: string;
  readonly mac: string;
  /** What `mac` is over. */
  readonly head: Uint8Array;
}

export interface VouchForWriter {
  readonly vault: string;
  readonly publicKey: Uint8Array;
  readonly created: UnixMs;
  /** Undefined: nobody vouches here for it. */
  readonly vouchKey: Uint8Array | undefined;
}

export function fingerprintOf(tools: Tools, publicKey: Uint8Array): string {
  return hexOf(tools.hash.sha256(publicKey));
}

export function encodeWriterRecord(tools: Tools, writer: VouchForWriter): Uint8Array {
  const { codec } = tools;
  const head = canonicalBytes(codec, {
    holdfast: 'writer',
    format: 0,
    vault: writer.vault,
    publicKey: codec.base64Of(writer.publicKey),
    created: isoTimeOf(writer.created),
  });
  const { vouchKey } = writer;
  return withLast(codec, head, ['mac', vouchKey === undefined ? '' : macOf(tools, head, vouchKey)]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseWriterRecord(tools: Tools, bytes: Uint8Array): WriterRecord {
  demand(bytes.length <= WRITER_RECORD_SIZE_MAX, WHAT, 'it is too large');
  const { head, fields, last } = splitLine(tools.codec, bytes, { what: WHAT, name: 'mac' });
  demand(fields.is('holdfast', 'writer'), WHAT, 'it is something else');
  demandFormat(fields);
  const publicKey = fields.bytes('publicKey', tools.codec, KEY_SIZE);
  return {
    vault: fields.hex('vault', 32),
    publicKey,
    created: fields.time('created'),
    fingerprint: fingerprintOf(tools, publicKey),
    mac: last,
    head,
  };
}

/**
 * Whether somebody who had opened the keyring of this vault has vouched for the writer. A limited
 * keyring cannot tell: it goes by what `vouches/` say.
 */
export function isVouchedFor(
  tools: Tools,
  writer: WriterRecord,
  { vault, vouchKey }: { readonly vault: string; readonly vouchKey: Uint8Array | undefined },
): boolean {
  if (vouchKey === undefined || writer.vault !== vault) return false;
  return writer.mac === macOf(tools, writer.head, vouchKey);
}

function macOf(tools: Tools, head: Uint8Array, vouchKey: Uint8Array): string {
  return tools.codec.base64Of(tools.cipher.hmac(vouchKey, head));
}
