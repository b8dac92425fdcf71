import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';
import { demand } from './corruption.ts';
import type { ObjectKind } from './object-id.ts';
import { CONTENT, NAMES } from './object-id.ts';

const SUITE = 1;
const FIXED_SIZE = 20;
const RECIPIENT_SIZE = 108;
const KEY_SIZE = 32;
const ID_SIZE = 16;
const NONCE_SIZE = 12;
export const RECIPIENTS_MAX = 64;
const WHAT = 'sealed data key';
const INFO = byteString('holdfast 0 data key');
const NOTHING = new Uint8Array(0);

/** The scopes of data keys are the kinds of what they seal. */
export type KeyScope = ObjectKind;

export interface SealDataKey {
  readonly scope: KeyScope;
  /** Id of the vault, 16 bytes. */
  readonly vault: Uint8Array;
  /** 16 random bytes. */
  readonly id: Uint8Array;
  /** 32 random bytes. */
  readonly key: Uint8Array;
  /** Raw X25519 public keys. */
  readonly recipients: readonly Uint8Array[];
}

/** A sealed data key as it lies in packs, indexes and snapshots; only its shape is known. */
export interface SealedKey {
  readonly scope: KeyScope;
  readonly id: ByteString;
  readonly bytes: Uint8Array;
}

/** Seals a data key to each of its recipients. */
export function sealDataKey(tools: Tools, options: SealDataKey): Uint8Array {
  const { recipients, id, key } = options;
  assert(recipients.length >= 1 && recipients.length <= RECIPIENTS_MAX, 'a key has recipients');
  assert(id.length === ID_SIZE && key.length === KEY_SIZE, 'a data key has 16 and 32 bytes');
  const bytes = new Uint8Array(FIXED_SIZE + recipients.length * RECIPIENT_SIZE);
  bytes[0] = SUITE;
  bytes[1] = options.scope;
  new DataView(bytes.buffer).setUint16(2, recipients.length, true);
  bytes.set(id, 4);
  let at = FIXED_SIZE;
  for (const recipient of recipients) {
    const ephemeral = tools.cipher.agreementPair();
    const kek = keyEncryptionKey(tools, {
      shared: tools.cipher.agree(ephemeral.privateKey, recipient),
      ephemeral: ephemeral.publicKey,
      recipient,
      options,
    });
    const nonce = tools.random.bytes(NONCE_SIZE);
    bytes.set(recipientId(tools, recipient), at);
    bytes.set(ephemeral.publicKey, at + 16);
    bytes.set(nonce, at + 48);
    bytes.set(tools.cipher.seal({ key: kek, nonce, aad: NOTHING, plain: key }), at + 60);
    at += RECIPIENT_SIZE;
  }
  return bytes;
}

/**
 * @param bytes sealed data keys, one after the other
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function parseSealedKeys(bytes: Uint8Array): SealedKey[] {
  const keys: SealedKey[] = [];
  for (let at = 0; at < bytes.length; ) {
    demand(at + FIXED_SIZE + RECIPIENT_SIZE <= bytes.length, WHAT, 'it is cut short');
    const scope = bytes[at + 1];
    demand(bytes[at] === SUITE, WHAT, 'its suite is not known');
    demand(scope === CONTENT || scope === NAMES, WHAT, 'its scope is not known');
    const count = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
    demand(count >= 1 && count <= RECIPIENTS_MAX, WHAT, 'too many recipients, or none');
    const end = at + FIXED_SIZE + count * RECIPIENT_SIZE;
    demand(end <= bytes.length, WHAT, 'it is cut short');
    const id = byteString(String.fromCharCode(...bytes.subarray(at + 4, at + FIXED_SIZE)));
    keys.push({ scope, id, bytes: bytes.subarray(at, end) });
    at = end;
  }
  return keys;
}

/** Who can open sealed keys: the pair, and the id that stands in them for it. */
export interface Recipient {
  readonly id: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** @param privateKey raw X25519 */
export function recipientOf(tools: Tools, privateKey: Uint8Array): Recipient {
  const publicKey = tools.cipher.agreementPublic(privateKey);
  return { id: recipientId(tools, publicKey), publicKey, privateKey };
}

/**
 * @returns undefined where it is not sealed to this recipient, or was tampered with
 * @throws Fault HF_CONTENT_CORRUPT where a public key in it gives no secret
 */
export function openSealedKey(
  tools: Tools,
  sealed: SealedKey,
  options: { readonly vault: Uint8Array; readonly recipient: Recipient },
): Uint8Array | undefined {
  const { bytes, scope } = sealed;
  const { recipient, vault } = options;
  for (let at = FIXED_SIZE; at < bytes.length; at += RECIPIENT_SIZE) {
    if (!recipient.id.every((byte, index) => bytes[at + index] === byte)) continue;
    const ephemeral = bytes.subarray(at + 16, at + 48);
    const kek = keyEncryptionKey(tools, {
      shared: tools.cipher.agree(recipient.privateKey, ephemeral),
      ephemeral,
      recipient: recipient.publicKey,
      options: { scope, vault, id: bytes.subarray(4, FIXED_SIZE) },
    });
    const nonce = bytes.subarray(at + 48, at + 60);
    const boxed = bytes.subarray(at + 60, at + RECIPIENT_SIZE);
    const key = tools.cipher.open({ key: kek, nonce, aad: NOTHING, sealed: boxed });
    if (key !== undefined) return key;
  }
  return undefined;
}

function recipientId(tools: Tools, publicKey: Uint8Array): Uint8Array {
  const digest = tools.hash.sha256(publicKey);
  return tools.codec.bytesOf(byteString(digest.slice(0, ID_SIZE)));
}

interface Agreement {
  readonly shared: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly recipient: Uint8Array;
  readonly options: Pick<SealDataKey, 'scope' | 'vault' | 'id'>;
}

function keyEncryptionKey(tools: Tools, agreement: Agreement): Uint8Array {
  const { vault, scope, id } = agreement.options;
  assert(vault.length === ID_SIZE, 'the id of a vault has 16 bytes');
  const salt = new Uint8Array(2 * KEY_SIZE);
  salt.set(agreement.ephemeral);
  salt.set(agreement.recipient, KEY_SIZE);
  const info = new Uint8Array(INFO.length + 2 * ID_SIZE + 1);
  tools.codec.writeText(INFO, info, 0);
  info.set(vault, INFO.length);
  info[INFO.length + ID_SIZE] = scope;
  info.set(id, INFO.length + ID_SIZE + 1);
  return tools.cipher.hkdf({ secret: agreement.shared, salt, info, length: KEY_SIZE });
}
