/**
 * The ciphers of vaults through OpenSSL, with raw keys. Keys of curves go in and out in the DER
 * forms of RFC 8410, whose heads are constant for these two curves.
 */
import type { KeyObject } from 'node:crypto';
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  hkdfSync,
  scryptSync,
  sign,
  verify,
} from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { KIB, MIB } from '../../base/units.ts';
import type {
  Cipher,
  HkdfOptions,
  KeyPair,
  OpenBox,
  ScryptOptions,
  SealBox,
} from '../../host/cipher.ts';
import { type NativeGcm, nativeGcm } from './native-gcm.ts';
import { onceWorthIt } from './once-worth-it.ts';

const KEY_SIZE = 32;
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const SIGNATURE_SIZE = 64;
const TAG = { authTagLength: TAG_SIZE };

/** SHA-256 works on blocks of 64 bytes; HMAC pads its key to one. */
const BLOCK_SIZE = 64;
const HASH_SIZE = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

type Curve = 'x25519' | 'ed25519';
const PRIVATE_HEAD: Readonly<Record<Curve, Buffer>> = {
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
};
const PUBLIC_HEAD: Readonly<Record<Curve, Buffer>> = {
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
};

/** Smaller boxes are sealed no sooner natively. */
const NATIVE_SIZE_MIN = 32 * KIB;

export function nodeCipher(): Cipher {
  const keyOf = keyObjects();
  const native = onceWorthIt(nativeGcm);
  const nativeFor = (size: number): NativeGcm | undefined => {
    return size < NATIVE_SIZE_MIN ? undefined : native(size);
  };
  const sealInto: Cipher['sealInto'] = (box, into) => {
    const through = nativeFor(box.plain.length);
    if (through === undefined) sealWith(keyOf(box.key), { box, into });
    else through.sealInto(box, into);
  };
  return {
    seal: (box) => {
      const sealed = unwrittenBytes(box.plain.length + TAG_SIZE);
      sealInto(box, sealed);
      return sealed;
    },
    sealInto,
    open: (box) => {
      const through = nativeFor(box.sealed.length);
      if (through === undefined) return openWith(keyOf(box.key), box);
      const plain = unwrittenBytes(box.sealed.length - TAG_SIZE);
      return through.openInto(box, plain) ? plain : undefined;
    },
    openInto: (box, into) => {
      const through = nativeFor(box.sealed.length);
      if (through !== undefined) return through.openInto(box, into);
      const plain = openWith(keyOf(box.key), box);
      if (plain !== undefined) into.set(plain);
      return plain !== undefined;
    },
    hmac: hmacOverHash(),
    hkdf,
    scrypt,
    agreementPair: () => pairOf(generateKeyPairSync('x25519')),
    signingPair: () => pairOf(generateKeyPairSync('ed25519')),
    agreementPublic: (privateKey) => publicOf('x25519', privateKey),
    agree,
    signingPublic: (privateKey) => publicOf('ed25519', privateKey),
    sign: (privateKey, message) =>
      new Uint8Array(sign(null, message, privateObject('ed25519', privateKey))),
    verify: verifySignature,
  };
}

/**
 * The last key as Node's own object: from raw bytes it makes one for each call, which costs as much
 * as sealing 64 KiB. Known by its bytes, since memory may be used again for another key.
 */
function keyObjects(): (key: Uint8Array) => KeyObject {
  let last: { readonly bytes: Uint8Array; readonly object: KeyObject } | undefined;
  return (key) => {
    if (last === undefined || Buffer.compare(last.bytes, key) !== 0) {
      last = { bytes: Uint8Array.from(key), object: createSecretKey(key) };
    }
    return last.object;
  };
}

function sealWith(
  key: KeyObject,
  { box, into }: { readonly box: SealBox; readonly into: Uint8Array },
): void {
  assert(box.nonce.length === NONCE_SIZE, 'a nonce has 12 bytes');
  assert(into.length === box.plain.length + TAG_SIZE, 'a seal adds its tag and nothing else');
  const cipher = createCipheriv('aes-256-gcm', key, box.nonce, TAG);
  cipher.setAAD(box.aad);
  into.set(cipher.update(box.plain), 0);
  cipher.final(); // GCM keeps nothing back: this only makes the tag.
  into.set(cipher.getAuthTag(), box.plain.length);
}

/** Not zeroed: for what is written in full. */
function unwrittenBytes(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer, 0, size);
}

function openWith(key: KeyObject, box: OpenBox): Uint8Array | undefined {
  const size = box.sealed.length - TAG_SIZE;
  if (size < 0) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, box.nonce, TAG);
  decipher.setAAD(box.aad);
  decipher.setAuthTag(box.sealed.subarray(size));
  const plain = decipher.update(box.sealed.subarray(0, size));
  try {
    decipher.final();
  } catch (cause) {
    // OpenSSL says only "no"; a failure with a name of its own is something else.
    if (cause instanceof Error && !('code' in cause)) return undefined;
    throw cause;
  }
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
}

/** By two one-shot hashes: 0.4 us where an object of `createHmac` costs 9 (Node 24, OpenSSL 3.5). */
function hmacOverHash(): Cipher['hmac'] {
  const outer = Buffer.alloc(BLOCK_SIZE + HASH_SIZE);
  let inner = Buffer.alloc(BLOCK_SIZE + 4096);
  return (key, message) => {
    const padded = key.length > BLOCK_SIZE ? hash('sha256', key, 'buffer') : key;
    const size = BLOCK_SIZE + message.length;
    if (inner.length < size) inner = Buffer.alloc(size * 2);
    for (let at = 0; at < BLOCK_SIZE; at++) {
      const byte = padded[at] ?? 0;
      inner[at] = byte ^ INNER_PAD;
      outer[at] = byte ^ OUTER_PAD;
    }
    inner.set(message, BLOCK_SIZE);
    outer.write(hash('sha256', inner.subarray(0, size), 'binary'), BLOCK_SIZE, 'latin1');
    const digest = hash('sha256', outer, 'binary');
    const code = new Uint8Array(HASH_SIZE);
    for (let at = 0; at < HASH_SIZE; at++) code[at] = digest.charCodeAt(at);
    return code;
  };
}

function hkdf({ secret, salt, info, length }: HkdfOptions): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, length));
}

function scrypt({ passphrase, salt, n, r, p }: ScryptOptions): Uint8Array {
  // OpenSSL refuses what needs more than 32 MiB unless told; it counts a little beside the table.
  const maxmem = 128 * n * r + 128 * r * p + 2 * MIB;
  return new Uint8Array(scryptSync(passphrase, salt, KEY_SIZE, { N: n, r, p, maxmem }));
}

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const pair = {
    privateKey: privateObject('x25519', privateKey),
    publicKey: publicObject('x25519', publicKey),
  };
  try {
    return new Uint8Array(diffieHellman(pair));
  } catch (cause) {
    // A public key of low order gives a secret that everybody knows (RFC 7748, section 6.1).
    throw new Fault('HF_CONTENT_CORRUPT', 'this public key gives no secret', {}, { cause });
  }
}

function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== KEY_SIZE || signature.length !== SIGNATURE_SIZE) return false;
  return verify(null, message, publicObject('ed25519', publicKey), signature);
}

function pairOf(pair: { publicKey: KeyObject; privateKey: KeyObject }): KeyPair {
  return {
    publicKey: lastBytes(pair.publicKey.export({ format: 'der', type: 'spki' })),
    privateKey: lastBytes(pair.privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
}

function publicOf(curve: Curve, privateKey: Uint8Array): Uint8Array {
  const publicKey = createPublicKey(privateObject(curve, privateKey));
  return lastBytes(publicKey.export({ format: 'der', type: 'spki' }));
}

function privateObject(curve: Curve, raw: Uint8Array): KeyObject {
  assert(raw.length === KEY_SIZE, 'a private key has 32 bytes');
  const key = Buffer.concat([PRIVATE_HEAD[curve], raw]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

function publicObject(curve: Curve, raw: Uint8Array): KeyObject {
  assert(raw.length === KEY_SIZE, 'a public key has 32 bytes');
  const key = Buffer.concat([PUBLIC_HEAD[curve], raw]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** Both DER forms end with the raw key. */
function lastBytes(der: Buffer): Uint8Array {
  return new Uint8Array(der.subarray(der.length - KEY_SIZE));
}
