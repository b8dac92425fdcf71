/**
 * A hold says that a snapshot stays, whatever a retention says; its release ends that. Both are added and
 * never changed. docs/format/vault.md, section 10.
 */
import { byteString } from '../../base/bytes.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { demand } from './corruption.ts';
import { bytesOfHex, type Keyring } from './keyring.ts';
import { encodeVouched, parseVouched } from './vouched-line.ts';

const SIZE_MAX = 65_536;
const NONCE_SIZE = 12;
const REASON_INFO = 'holdfast 0 hold reason';

/** `hold`: it stays. `release`: the hold of the same id has ended. */
export type HoldKind = 'hold' | 'release';

export interface HoldRecord {
  /** 32 hex digits, drawn; a release has that of its hold. */
  readonly id: string;
  /** Id of the snapshot, 64 hex digits. */
  readonly snapshot: string;
  readonly created: UnixMs;
  /** For people. Sealed: who has no key of the vault does not read it. */
  readonly reason: string;
  /** Who wrote it held a key of this vault. */
  readonly isVouched: boolean;
}

export function holdName(kind: HoldKind, id: string): string {
  return `${kind}s/${id}`;
}

type Keys = Pick<Keyring, 'vault' | 'idKey' | 'vouchKey' | 'vouchPublic'>;

export function encodeHold(
  tools: Tools,
  keyring: Keys,
  { kind, hold }: { readonly kind: HoldKind; readonly hold: Omit<HoldRecord, 'isVouched'> },
): Uint8Array {
  const { id, snapshot, created, reason } = hold;
  const nonce = tools.random.bytes(NONCE_SIZE);
  const plain = tools.codec.bytesOf(bytesOfUtf8(reason));
  const sealed = tools.cipher.seal({ ...reasonBox(tools, keyring, hold), nonce, plain });
  const members = {
    ...{ id, snapshot, created: isoTimeOf(created) },
    ...{ nonce: tools.codec.base64Of(nonce), reason: tools.codec.base64Of(sealed) },
  };
  return encodeVouched(tools, keyring, { kind, members });
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseHold(
  tools: Tools,
  keyring: Keys,
  { kind, bytes }: { readonly kind: HoldKind; readonly bytes: Uint8Array },
): HoldRecord {
  const { fields, isVouched } = parseVouched(tools, keyring, { bytes, kind, sizeMax: SIZE_MAX });
  const { codec, cipher } = tools;
  const hold = {
    ...{ id: fields.hex('id', 32), snapshot: fields.hex('snapshot', 64) },
    created: fields.time('created'),
  };
  const nonce = fields.bytes('nonce', codec, NONCE_SIZE);
  const sealed = fields.bytes('reason', codec);
  const plain = cipher.open({ ...reasonBox(tools, keyring, hold), nonce, sealed });
  // What nobody with a key wrote opens with none: its reason is nobody's.
  demand(plain !== undefined || !isVouched, kind, 'its reason does not open');
  const text = byteString(plain === undefined ? '' : codec.textOf(plain));
  demand(isUtf8(text), kind, 'its reason is no UTF-8');
  return { ...hold, reason: utf8Of(text), isVouched };
}

function reasonBox(
  tools: Tools,
  { idKey }: Keys,
  { id, snapshot }: Pick<HoldRecord, 'id' | 'snapshot'>,
): { readonly key: Uint8Array; readonly aad: Uint8Array } {
  const info = tools.codec.bytesOf(byteString(REASON_INFO));
  const key = tools.cipher.hkdf({ secret: idKey, salt: new Uint8Array(0), info, length: 32 });
  return { key, aad: bytesOfHex(id + snapshot) };
}
