/**
 * AES-256-GCM by the OpenSSL that Node itself contains, called by koffi: into memory that is given,
 * where node:crypto makes a new buffer for every result (256 KiB: 19 us instead of 65 to seal, 18
 * instead of 45 to open, and nothing left to be collected). Undefined where this Node does not show
 * those functions, or where they do not do what node:crypto does with one box.
 */
import { createCipheriv } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import type { OpenBox, SealBox } from '../../host/cipher.ts';
import type { Native, Signature } from './syscalls.ts';
import { processFunction } from './syscalls.ts';

const TAG_SIZE = 16;
const KEY_SIZE = 32;
const NONCE_SIZE = 12;
/** EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG. */
const GET_TAG = 0x10;
const SET_TAG = 0x11;
const SEAL = 1;
const OPEN = 0;

export interface NativeGcm {
  /** @param into ciphertext and tag */
  sealInto(box: SealBox, into: Uint8Array): void;
  /** False where the tag does not fit: `into` then holds nothing that may be used. */
  openInto(box: OpenBox, into: Uint8Array): boolean;
}

interface Functions {
  readonly makeContext: Native;
  readonly aes256Gcm: Native;
  readonly init: Native;
  readonly update: Native;
  readonly final: Native;
  readonly control: Native;
}

const POINTER = 'void *';
const SIGNATURES: Readonly<Record<keyof Functions, readonly [name: string, Signature]>> = {
  makeContext: ['EVP_CIPHER_CTX_new', [POINTER, []]],
  aes256Gcm: ['EVP_aes_256_gcm', [POINTER, []]],
  // Context, cipher, engine, key, nonce, direction.
  init: ['EVP_CipherInit_ex', ['int', [POINTER, POINTER, POINTER, POINTER, POINTER, 'int']]],
  update: ['EVP_CipherUpdate', ['int', [POINTER, POINTER, POINTER, POINTER, 'int']]],
  final: ['EVP_CipherFinal_ex', ['int', [POINTER, POINTER, POINTER]]],
  control: ['EVP_CIPHER_CTX_ctrl', ['int', [POINTER, 'int', 'int', POINTER]]],
};

/** One for each thread: its context is used for one box after another. */
export function nativeGcm(): NativeGcm | undefined {
  const functions = bound();
  if (functions === undefined) return undefined;
  const gcm = overFunctions(functions);
  return gcm !== undefined && doesAsNode(gcm) ? gcm : undefined;
}

function bound(): Functions | undefined {
  const found = Object.fromEntries(
    Object.entries(SIGNATURES).map(([key, [name, signature]]) => [
      key,
      processFunction(name, signature),
    ]),
  );
  const { makeContext, aes256Gcm, init, update, final, control } = found;
  if (makeContext === undefined || aes256Gcm === undefined || init === undefined) return undefined;
  if (update === undefined || final === undefined || control === undefined) return undefined;
  return { makeContext, aes256Gcm, init, update, final, control };
}

function overFunctions({ makeContext, aes256Gcm, ...evp }: Functions): NativeGcm | undefined {
  const context = makeContext();
  if (!isDone(evp.init(context, aes256Gcm(), null, null, null, SEAL))) return undefined;
  const length = new Int32Array(1);
  const rest = new Uint8Array(TAG_SIZE);

  const pass = (
    { key, nonce, aad }: Pick<SealBox, 'key' | 'nonce' | 'aad'>,
    of: { from: Uint8Array; into: Uint8Array; direction: number },
  ): void => {
    assert(key.length === KEY_SIZE && nonce.length === NONCE_SIZE, 'of the sizes of AES-256-GCM');
    assert(of.into.length >= of.from.length, 'there is room for what comes out');
    demand(evp.init(context, null, null, key, nonce, of.direction));
    if (aad.length > 0) demand(evp.update(context, null, length, aad, aad.length));
    // Without bytes there is nothing to pass, and OpenSSL takes that for the end.
    if (of.from.length === 0) return;
    demand(evp.update(context, of.into, length, of.from, of.from.length));
    assert(length[0] === of.from.length, 'GCM keeps nothing back');
  };

  return {
    sealInto: (box, into) => {
      const { plain } = box;
      assert(into.length === plain.length + TAG_SIZE, 'a seal adds its tag and nothing else');
      pass(box, { from: plain, into, direction: SEAL });
      demand(evp.final(context, rest, length));
      demand(evp.control(context, GET_TAG, TAG_SIZE, into.subarray(plain.length)));
    },
    openInto: (box, into) => {
      const size = box.sealed.length - TAG_SIZE;
      if (size < 0) return false;
      pass(box, { from: box.sealed.subarray(0, size), into, direction: OPEN });
      demand(evp.control(context, SET_TAG, TAG_SIZE, box.sealed.subarray(size)));
      return isDone(evp.final(context, rest, length));
    },
  };
}

function isDone(returned: number | bigint): boolean {
  return Number(returned) === 1;
}

/** What cannot fail with arguments of the right sizes: memory is out, or this is another library. */
function demand(returned: number | bigint): void {
  assert(isDone(returned), 'OpenSSL takes this call');
}

/** Another libcrypto in this process, or another meaning of a number, shows here. */
function doesAsNode(gcm: NativeGcm): boolean {
  const key = new Uint8Array(KEY_SIZE).fill(7);
  const nonce = new Uint8Array(NONCE_SIZE).fill(8);
  const aad = new Uint8Array(100).fill(9);
  const plain = Uint8Array.from({ length: 1000 }, (_, at) => at & 0xff);
  const sealed = new Uint8Array(plain.length + TAG_SIZE);
  gcm.sealInto({ key, nonce, aad, plain }, sealed);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_SIZE });
  cipher.setAAD(aad);
  const expected = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  if (Buffer.compare(sealed, expected) !== 0) return false;
  const opened = new Uint8Array(plain.length);
  if (!gcm.openInto({ key, nonce, aad, sealed }, opened)) return false;
  if (Buffer.compare(opened, plain) !== 0) return false;
  sealed[500] = (sealed[500] ?? 0) ^ 1;
  return !gcm.openInto({ key, nonce, aad, sealed }, opened);
}
