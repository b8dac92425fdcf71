import {
  type ByteString,
  byteString,
  type Digest,
  DIGEST_SIZE,
  digestOfBytes,
  parseDigest,
} from '../../base/bytes.ts';
import { type GroupHeader, memberIdOffset, PREFIX_SIZE } from './group-header.ts';

/** Words of one id where only its first 16 bytes are looked at. */
export const PREFIX_WORDS = PREFIX_SIZE / 4;

/** The first 16 bytes of the id of each member, four words each. */
export function memberWords(header: GroupHeader): Uint32Array {
  const all = wordsOf(header.bytes);
  const words = new Uint32Array(header.memberCount * PREFIX_WORDS);
  for (let member = 0; member < header.memberCount; member++) {
    const from = memberIdOffset(member) / WORD_SIZE;
    for (let word = 0; word < PREFIX_WORDS; word++)
      words[member * PREFIX_WORDS + word] = all[from + word] ?? 0;
  }
  return words;
}

/** The same of what the objects of this group refer to; a view of the header where that can be. */
export function referenceWords(header: GroupHeader): Uint32Array {
  const from = memberIdOffset(header.memberCount) / WORD_SIZE;
  return wordsOf(header.bytes).subarray(from, from + header.referenceCount * PREFIX_WORDS);
}

const WORD_SIZE = 4;

/** All parts of a header are whole words. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % WORD_SIZE === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / WORD_SIZE);
}

/** @param ids 64 hex digits each */
export function wordsOfIds(ids: readonly string[]): Uint32Array {
  return wordsOfDigests(ids.map((id) => parseDigest(id) ?? NOTHING));
}

const NOTHING = digestOfBytes('\0'.repeat(DIGEST_SIZE));

export function wordsOfDigests(ids: readonly Digest[]): Uint32Array {
  const words = new Uint32Array(ids.length * PREFIX_WORDS);
  for (const [at, id] of ids.entries()) {
    for (let word = 0; word < PREFIX_WORDS; word++) {
      const from = 4 * word;
      words[at * PREFIX_WORDS + word] =
        id.charCodeAt(from) |
        (id.charCodeAt(from + 1) << 8) |
        (id.charCodeAt(from + 2) << 16) |
        (id.charCodeAt(from + 3) << 24);
    }
  }
  return words;
}

/** The same as 16 bytes, as a group has them. */
export function prefixOf(words: Uint32Array, at: number): ByteString {
  let text = '';
  for (let byte = 0; byte < PREFIX_SIZE; byte++) {
    const word = words[at + (byte >>> 2)] ?? 0;
    text += String.fromCharCode((word >>> (8 * (byte % 4))) & 0xff);
  }
  return byteString(text);
}
