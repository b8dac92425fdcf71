/**
 * A line of canonical JSON that somebody who had opened the keyring wrote: its last member, `mac`, is an
 * HMAC over the line without it. What kind of line it is stands in it, so none passes for another.
 */
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import type { JsonFields } from './json-fields.ts';
import type { Keyring } from './keyring.ts';

export interface VouchedLine {
  readonly fields: JsonFields;
  /** Who wrote it held a key of this vault. */
  readonly isVouched: boolean;
}

/** @param members besides `holdfast`, `format` and `vault`, in their order */
export function encodeVouched(
  tools: Tools,
  keyring: Pick<Keyring, 'vault' | 'vouchKey'>,
  { kind, members }: { readonly kind: string; readonly members: object },
): Uint8Array {
  const { codec } = tools;
  const about = { holdfast: kind, format: 0, vault: keyring.vault };
  const head = canonicalBytes(codec, { ...about, ...members });
  return withLast(codec, head, ['mac', macOf(tools, keyring, head)]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseVouched(
  tools: Tools,
  keyring: Pick<Keyring, 'vault' | 'vouchKey'>,
  of: { readonly bytes: Uint8Array; readonly kind: string; readonly sizeMax: number },
): VouchedLine {
  const { bytes, kind, sizeMax } = of;
  demand(bytes.length <= sizeMax, kind, 'it is too large');
  const { head, fields, last } = splitLine(tools.codec, bytes, { what: kind, name: 'mac' });
  demand(fields.is('holdfast', kind), kind, 'it is something else');
  demandFormat(fields);
  const isOurs = fields.hex('vault', 32) === keyring.vault;
  return { fields, isVouched: isOurs && last === macOf(tools, keyring, head) };
}

function macOf(tools: Tools, { vouchKey }: Pick<Keyring, 'vouchKey'>, head: Uint8Array): string {
  return tools.codec.base64Of(tools.cipher.hmac(vouchKey, head));
}
