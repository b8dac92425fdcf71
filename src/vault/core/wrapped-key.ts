import { assert } from '../../base/assert.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { GIB, type UnixMs } from '../../base/units.ts';
import type { Tools } from '../../host/tools.ts';
import { canonicalBytes, splitLine, withLast } from './canonical-line.ts';
import { demand } from './corruption.ts';
import { demandFormat } from './header.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { bytesFrom, type JsonFields } from './json-fields.ts';
import {
  encodeKeyring,
  type Keyring,
  KEYRING_SCOPES,
  type KeyringScope,
  parseKeyring,
  scopeOf,
} from './keyring.ts';

export const WRAPPED_KEY_SIZE_MAX = 65_536;
const KEY_SIZE = 32;
const SALT_SIZE = 16;
const NONCE_SIZE = 12;
const SCRYPT_N_MAX = 2 ** 20;
const SCRYPT_R_MAX = 32;
const SCRYPT_P_MAX = 16;
/** 128 * n * r bytes: what a stranger's vault may make a reader allocate. */
const SCRYPT_MEMORY_MAX = GIB;
const KEY_FILE_HEAD = 'holdfast-key-0 ';
const KEY_FILE_INFO = byteString('holdfast 0 key file');
const WHAT = 'wrapped key';

/** What a person has: a passphrase as typed (UTF-8), or the bytes of a key file. */
export interface Secret {
  readonly kind: 'passphrase' | 'file';
  readonly bytes: Uint8Array;
}

export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB and a third of a second. */
export const SCRYPT_COST: ScryptCost = { n: 131_072, r: 8, p: 1 };

export interface WrapKey {
  readonly keyring: Keyring;
  /** 16 hex digits. */
  readonly id: string;
  /** For people: whose, where it is kept. */
  readonly label: string;
  readonly created: UnixMs;
  readonly secret: Secret;
  readonly cost?: ScryptCost;
}

/** A keyring wrapped by one secret; only its shape is known until it is unwrapped. */
export interface WrappedKey {
  readonly vault: string;
  readonly id: string;
  readonly label: string;
  readonly created: UnixMs;
  readonly kind: Secret['kind'];
  /** What it says that it opens; what it opens is known when it is unwrapped. */
  readonly scope: KeyringScope;
  /** Undefined for a key file. */
  readonly cost: ScryptCost | undefined;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
  /** What the tag is over besides. */
  readonly head: Uint8Array;
}

export function makeKeyFile(tools: Tools): Uint8Array {
  const key = tools.codec.base64Of(tools.random.bytes(KEY_SIZE));
  return tools.codec.bytesOf(byteString(`${KEY_FILE_HEAD}${key}\n`));
}

export function wrapKey(tools: Tools, options: WrapKey): Uint8Array {
  const { codec, random, cipher } = tools;
  const { secret, keyring } = options;
  const cost = secret.kind === 'passphrase' ? (options.cost ?? SCRYPT_COST) : undefined;
  const salt = random.bytes(SALT_SIZE);
  const nonce = random.bytes(NONCE_SIZE);
  const kek = keyEncryptionKey(tools, secret, { cost, salt });
  assert(kek !== undefined, 'a key file to wrap with is one');
  const head = canonicalBytes(codec, {
    holdfast: 'key',
    format: 0,
    vault: keyring.vault,
    id: options.id,
    label: options.label,
    created: isoTimeOf(options.created),
    ...(scopeOf(keyring) === 'all' ? {} : { scope: scopeOf(keyring) }),
    ...(cost === undefined ? { wrap: 'file' } : { wrap: 'scrypt', ...ordered(cost) }),
    salt: codec.base64Of(salt),
    nonce: codec.base64Of(nonce),
  });
  const plain = encodeKeyring(tools, keyring);
  const sealed = cipher.seal({ key: kek, nonce, aad: head, plain });
  return withLast(codec, head, ['sealed', codec.base64Of(sealed)]);
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN; nothing else */
export function parseWrappedKey(tools: Tools, bytes: Uint8Array): WrappedKey {
  demand(bytes.length <= WRAPPED_KEY_SIZE_MAX, WHAT, 'it is too large');
  const { codec } = tools;
  const { head, fields, last } = splitLine(codec, bytes, { what: WHAT, name: 'sealed' });
  demand(fields.is('holdfast', 'key'), WHAT, 'it is something else');
  demandFormat(fields);
  const isScrypt = fields.is('wrap', 'scrypt');
  demand(isScrypt || fields.is('wrap', 'file'), WHAT, 'its wrapping is not known');
  return {
    vault: fields.hex('vault', 32),
    id: fields.hex('id', 16),
    label: fields.text('label'),
    created: fields.time('created'),
    kind: isScrypt ? 'passphrase' : 'file',
    scope: parseScope(fields),
    cost: isScrypt ? parseCost(fields) : undefined,
    salt: fields.bytes('salt', codec, SALT_SIZE),
    nonce: fields.bytes('nonce', codec, NONCE_SIZE),
    sealed: bytesFrom(last, { what: WHAT, name: 'sealed', codec, length: undefined }),
    head,
  };
}

/**
 * @returns undefined where this secret does not open it
 * @throws Fault HF_KEY_REFUSED where the secret is to be a key file and is none, HF_VAULT_CORRUPT,
 *   HF_VAULT_FEATURE_UNKNOWN; nothing else
 */
export function unwrapKey(tools: Tools, wrapped: WrappedKey, secret: Secret): Keyring | undefined {
  if (secret.kind !== wrapped.kind) return undefined;
  const key = keyEncryptionKey(tools, secret, wrapped);
  if (key === undefined) throw new Fault('HF_KEY_REFUSED', 'this file is no Holdfast key file');
  const { nonce, sealed, head } = wrapped;
  const plain = tools.cipher.open({ key, nonce, aad: head, sealed });
  if (plain === undefined) return undefined;
  const keyring = parseKeyring(tools, plain);
  demand(keyring.vault === wrapped.vault, 'keyring', 'it is of another vault');
  demand(scopeOf(keyring) === wrapped.scope, 'keyring', 'it is of another scope');
  return keyring;
}

interface Wrapping {
  readonly cost: ScryptCost | undefined;
  readonly salt: Uint8Array;
}

/** Undefined where the secret is to be a key file and is none. */
function keyEncryptionKey(
  tools: Tools,
  secret: Secret,
  wrapping: Wrapping,
): Uint8Array | undefined {
  const { salt, cost } = wrapping;
  if (cost !== undefined) return tools.cipher.scrypt({ passphrase: secret.bytes, salt, ...cost });
  const fileKey = keyOfFile(tools, secret.bytes);
  if (fileKey === undefined) return undefined;
  const info = tools.codec.bytesOf(KEY_FILE_INFO);
  return tools.cipher.hkdf({ secret: fileKey, salt, info, length: KEY_SIZE });
}

/** An editor may have cut the end of the line, or made it two bytes: that changes no key. */
function keyOfFile(tools: Tools, bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > 4096) return undefined;
  const text = tools.codec.textOf(bytes).trimEnd();
  if (!text.startsWith(KEY_FILE_HEAD)) return undefined;
  const key = tools.codec.bytesOfBase64(text.slice(KEY_FILE_HEAD.length));
  return key?.length === KEY_SIZE ? key : undefined;
}

function parseScope(fields: JsonFields): KeyringScope {
  if (!fields.has('scope')) return 'all';
  const scope = KEYRING_SCOPES.find((each) => fields.is('scope', each));
  demand(scope !== undefined && scope !== 'all', WHAT, 'its scope is not known');
  return scope;
}

function parseCost(fields: JsonFields): ScryptCost {
  const n = fields.integer('n', { min: 2, max: SCRYPT_N_MAX });
  const r = fields.integer('r', { min: 1, max: SCRYPT_R_MAX });
  const p = fields.integer('p', { min: 1, max: SCRYPT_P_MAX });
  demand((n & (n - 1)) === 0, WHAT, 'n is no power of two');
  demand(128 * n * r <= SCRYPT_MEMORY_MAX, WHAT, 'it wants too much memory');
  return { n, r, p };
}

function ordered({ n, r, p }: ScryptCost): ScryptCost {
  return { n, r, p };
}
