/**
 * A line of canonical JSON that somebody with a full keyring wrote: its last member, `signature`, is by the
 * vouch key over the line without it. What kind of line it is stands before it, so none passes for another.
 */
import { byteString } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import type { JsonFields } from './json-fields.ts';
import { type Keyring, vouchSigningKey } from './keyring.ts';

const SIGNATURE_SIZE = 64;

export interface VouchedLine {
  readonly fields: JsonFields;
  /** Who wrote it held a full keyring of this vault. */
  readonly isVouched: boolean;
}

/**
 * A limited keyring signs nothing: then nobody vouches for the line.
 * @param members besides `holdfast`, `format` and `vault`, in their order
 */
export function encodeVouched(
  tools: Tools,
  { vault, vouchKey }: Pick<Keyring, 'vault' | 'vouchKey'>,
  { kind, members }: { readonly kind: string; readonly members: object },
): Uint8Array {
  const { codec, cipher } = tools;
  const head = canonicalBytes(codec, { holdfast: kind, format: 0, vault, ...members });
  if (vouchKey === undefined) return withLast(codec, head, ['signature', '']);
  const key = vouchSigningKey(tools, { vault, vouchKey });
  const signature = cipher.sign(key, signedBytes(tools, kind, head));
  return withLast(codec, head, ['signature', codec.base64Of(signature)]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseVouched(
  tools: Tools,
  keyring: Pick<Keyring, 'vault' | 'vouchPublic'>,
  of: { readonly bytes: Uint8Array; readonly kind: string; readonly sizeMax: number },
): VouchedLine {
  const { bytes, kind, sizeMax } = of;
  const { codec, cipher } = tools;
  demand(bytes.length <= sizeMax, kind, 'it is too large');
  const { head, fields, last } = splitLine(codec, bytes, { what: kind, name: 'signature' });
  demand(fields.is('holdfast', kind), kind, 'it is something else');
  demandFormat(fields);
  const isOurs = fields.hex('vault', 32) === keyring.vault;
  const signature = codec.bytesOfBase64(last);
  const isWhole = signature?.length === SIGNATURE_SIZE;
  const signed = signedBytes(tools, kind, head);
  const isVouched = isOurs && isWhole && cipher.verify(keyring.vouchPublic, signed, signature);
  return { fields, isVouched };
}

function signedBytes({ codec }: Tools, kind: string, head: Uint8Array): Uint8Array {
  const before = byteString(`holdfast ${kind} 0\n`);
  const bytes = new Uint8Array(before.length + head.length);
  codec.writeText(before, bytes, 0);
  bytes.set(head, before.length);
  return bytes;
}
