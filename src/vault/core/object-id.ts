import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import type { Tools } from '../../host/tools.ts';

/** What a group holds: pieces of files, or what names them (pages, chunk lists, hole lists). */
export const CONTENT = 1;
export const NAMES = 2;
export type ObjectKind = typeof CONTENT | typeof NAMES;

/** Object ids are 32 bytes, like digests; the id of an object is not its digest. */
export type IdOf = (kind: ObjectKind, digest: Digest) => Digest;

const KEY_SIZE = 32;
const BLOCK_SIZE = 64;
const DATA_SET_TAG = 3;

/**
 * The ids of a dedup domain: HMAC-SHA256(idKey, kind || digest), from two one-shot hashes over
 * prepared blocks, because setting up an HMAC object costs twenty times as much.
 *
 * @param idKey 32 bytes
 */
export function makeIdOf(tools: Tools, idKey: Uint8Array): IdOf {
  assert(idKey.length === KEY_SIZE, 'an id key has 32 bytes');
  const inner = new Uint8Array(BLOCK_SIZE + 1 + KEY_SIZE).fill(0x36, 0, BLOCK_SIZE);
  const outer = new Uint8Array(BLOCK_SIZE + KEY_SIZE).fill(0x5c, 0, BLOCK_SIZE);
  for (const [at, byte] of idKey.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  const { hash } = tools;
  return (kind, digest) => {
    inner[BLOCK_SIZE] = kind;
    writeDigest(digest, inner, BLOCK_SIZE + 1);
    writeDigest(hash.sha256(inner), outer, BLOCK_SIZE);
    return hash.sha256(outer);
  };
}

/** In a loop of our own: for 32 bytes it is faster than a call out of the engine. */
function writeDigest(digest: Digest, into: Uint8Array, offset: number): void {
  for (let at = 0; at < KEY_SIZE; at++) into[offset + at] = digest.charCodeAt(at);
}

/** How a snapshot names its data set to those who hold no key: 32 hex digits. */
export function dataSetTag(tools: Tools, idKey: Uint8Array, nameUtf8: Uint8Array): string {
  const message = new Uint8Array(1 + nameUtf8.length);
  message[0] = DATA_SET_TAG;
  message.set(nameUtf8, 1);
  let hex = '';
  for (const byte of tools.cipher.hmac(idKey, message).subarray(0, 16)) {
    hex += byte.toString(16).padStart(2, '0');
  }
  return hex;
}
