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
const VOUCH_INFO = byteString('holdfast 0 vouch key');

/**
 * What a key is for, each with what stands before it: to write; to read names (paths, sizes, digests);
 * to read content; to vouch for writers and make keys.
 */
export const KEYRING_SCOPES = ['write', 'names', 'content', 'all'] as const;
export type KeyringScope = (typeof KEYRING_SCOPES)[number];

/** What opens a vault, or as much of it as its scope needs. Keys are 32 raw bytes. */
export interface Keyring {
  /** 32 hex digits, as is `domain`. */
  readonly vault: string;
  readonly domain: string;
  /** Of the dedup domain: ids come from it. */
  readonly idKey: Uint8Array;
  /** X25519 keys of the two recipients of data keys. Whom a host seals to stands here and nowhere else. */
  readonly namesPublic: Uint8Array;
  readonly contentPublic: Uint8Array;
  /** Their private halves; undefined where this keyring does not open that. */
  readonly namesKey: Uint8Array | undefined;
  readonly contentKey: Uint8Array | undefined;
  /** Ed25519: whose word for a writer counts. */
  readonly vouchPublic: Uint8Array;
  /** Authenticates writers; undefined in a limited keyring. */
  readonly vouchKey: Uint8Array | undefined;
}

/** The keyring of a new vault. */
export function makeKeyring(tools: Tools): Keyring {
  const { random, cipher } = tools;
  return withPublics(tools, {
    vault: randomHex(tools, ID_SIZE),
    domain: randomHex(tools, ID_SIZE),
    idKey: random.bytes(KEY_SIZE),
    namesKey: cipher.agreementPair().privateKey,
    contentKey: cipher.agreementPair().privateKey,
    vouchKey: random.bytes(KEY_SIZE),
  });
}

interface FullKeys extends Pick<Keyring, 'vault' | 'domain' | 'idKey'> {
  readonly namesKey: Uint8Array;
  readonly contentKey: Uint8Array;
  readonly vouchKey: Uint8Array;
}

function withPublics(tools: Tools, keys: FullKeys): Keyring {
  const { cipher } = tools;
  return {
    ...keys,
    namesPublic: cipher.agreementPublic(keys.namesKey),
    contentPublic: cipher.agreementPublic(keys.contentKey),
    vouchPublic: cipher.signingPublic(vouchSigningKey(tools, keys)),
  };
}

/** Raw Ed25519, from what every full keyring has had from the beginning. */
export function vouchSigningKey(
  { cipher, codec }: Tools,
  { vault, vouchKey }: { readonly vault: string; readonly vouchKey: Uint8Array },
): Uint8Array {
  const info = codec.bytesOf(VOUCH_INFO);
  return cipher.hkdf({ secret: vouchKey, salt: bytesOfHex(vault), info, length: KEY_SIZE });
}

export function scopeOf({ vouchKey, contentKey, namesKey }: Keyring): KeyringScope {
  if (vouchKey !== undefined) return 'all';
  if (contentKey !== undefined) return 'content';
  return namesKey === undefined ? 'write' : 'names';
}

/** No more than `scope` needs; of a keyring that has less, what it has. */
export function limitedTo(keyring: Keyring, scope: KeyringScope): Keyring {
  if (scope === 'all') return keyring;
  const { namesKey, contentKey, ...rest } = keyring;
  return {
    ...rest,
    namesKey: scope === 'write' ? undefined : namesKey,
    contentKey: scope === 'content' ? contentKey : undefined,
    vouchKey: undefined,
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
  const { vault, domain, idKey, namesKey, contentKey, vouchKey } = keyring;
  const given = (name: string, key: Uint8Array | undefined): object =>
    key === undefined ? {} : { [name]: base64Of(key) };
  return canonicalBytes(tools.codec, {
    holdfast: 'keyring',
    format: 0,
    vault,
    domain,
    idKey: base64Of(idKey),
    ...given('namesKey', namesKey),
    ...given('contentKey', contentKey),
    // Who has it can make the public halves.
    ...(vouchKey === undefined ? publicFields(tools, keyring) : given('vouchKey', vouchKey)),
  });
}

function publicFields({ codec }: Tools, keyring: Keyring): object {
  return {
    namesPublic: codec.base64Of(keyring.namesPublic),
    contentPublic: codec.base64Of(keyring.contentPublic),
    vouchPublic: codec.base64Of(keyring.vouchPublic),
  };
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseKeyring(tools: Tools, bytes: Uint8Array): Keyring {
  const text = byteString(tools.codec.textOf(bytes));
  demand(isUtf8(text), WHAT, 'it is no UTF-8');
  const fields = JsonFields.parse(WHAT, utf8Of(text));
  demand(fields.is('holdfast', 'keyring'), WHAT, 'it is something else');
  demandFormat(fields);
  const key = (name: string): Uint8Array => fields.bytes(name, tools.codec, KEY_SIZE);
  const keyIf = (name: string): Uint8Array | undefined =>
    fields.has(name) ? key(name) : undefined;
  const ids = { vault: fields.hex('vault', 32), domain: fields.hex('domain', 32) };
  const idKey = key('idKey');
  const vouchKey = keyIf('vouchKey');
  if (vouchKey !== undefined) {
    const both = { namesKey: key('namesKey'), contentKey: key('contentKey') };
    return withPublics(tools, { ...ids, idKey, ...both, vouchKey });
  }
  const [namesKey, contentKey] = [keyIf('namesKey'), keyIf('contentKey')];
  demand(contentKey === undefined || namesKey !== undefined, WHAT, 'it has no namesKey');
  const [namesPublic, contentPublic] = [key('namesPublic'), key('contentPublic')];
  const fits = (own: Uint8Array | undefined, said: Uint8Array): boolean =>
    own === undefined || isEqual(tools.cipher.agreementPublic(own), said);
  demand(fits(namesKey, namesPublic), WHAT, 'namesPublic is of another key');
  demand(fits(contentKey, contentPublic), WHAT, 'contentPublic is of another key');
  const publics = { namesPublic, contentPublic, vouchPublic: key('vouchPublic') };
  return { ...ids, idKey, namesKey, contentKey, vouchKey, ...publics };
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
