import { byteString, hexOf } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';
import { isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import { canonicalBytes } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import { JsonFields } from './json-fields.ts';

const KEY_SIZE = 32;
const ID_SIZE = 16;
const WHAT = 'keyring';

/** All that opens a vault. Keys are 32 raw bytes. */
export interface Keyring {
  /** 32 hex digits, as is `domain`. */
  readonly vault: string;
  readonly domain: string;
  /** Of the dedup domain: ids come from it. */
  readonly idKey: Uint8Array;
  /** X25519 private keys of the two recipients of data keys. */
  readonly namesKey: Uint8Array;
  readonly contentKey: Uint8Array;
  /** Authenticates writers. */
  readonly vouchKey: Uint8Array;
}

/** The keyring of a new vault. */
export function makeKeyring(tools: Tools): Keyring {
  const { random, cipher } = tools;
  return {
    vault: randomHex(tools, ID_SIZE),
    domain: randomHex(tools, ID_SIZE),
    idKey: random.bytes(KEY_SIZE),
    namesKey: cipher.agreementPair().privateKey,
    contentKey: cipher.agreementPair().privateKey,
    vouchKey: random.bytes(KEY_SIZE),
  };
}

export function randomHex(tools: Tools, count: number): string {
  return hexOf(tools.codec.textOf(tools.random.bytes(count)));
}

/** Bytes of an id that is written in hexadecimal digits. */
export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

export function encodeKeyring(tools: Tools, keyring: Keyring): Uint8Array {
  const { base64Of } = tools.codec;
  return canonicalBytes(tools.codec, {
    holdfast: 'keyring',
    format: 0,
    vault: keyring.vault,
    domain: keyring.domain,
    idKey: base64Of(keyring.idKey),
    namesKey: base64Of(keyring.namesKey),
    contentKey: base64Of(keyring.contentKey),
    vouchKey: base64Of(keyring.vouchKey),
  });
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseKeyring(tools: Tools, bytes: Uint8Array): Keyring {
  const text = byteString(tools.codec.textOf(bytes));
  demand(isUtf8(text), WHAT, 'it is no UTF-8');
  const fields = JsonFields.parse(WHAT, utf8Of(text));
  demand(fields.is('holdfast', 'keyring'), WHAT, 'it is something else');
  demandFormat(fields);
  const key = (name: string): Uint8Array => fields.bytes(name, tools.codec, KEY_SIZE);
  return {
    vault: fields.hex('vault', 32),
    domain: fields.hex('domain', 32),
    idKey: key('idKey'),
    namesKey: key('namesKey'),
    contentKey: key('contentKey'),
    vouchKey: key('vouchKey'),
  };
}
