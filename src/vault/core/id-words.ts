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
  const view = new DataView(header.bytes.buffer, header.bytes.byteOffset, header.bytes.byteLength);
  const words = new Uint32Array(header.memberCount * PREFIX_WORDS);
  for (let member = 0; member < header.memberCount; member++) {
    const from = memberIdOffset(member);
    for (let word = 0; word < PREFIX_WORDS; word++)
      words[member * PREFIX_WORDS + word] = view.getUint32(from + 4 * word, true);
  }
  return words;
}

/** The same of what the objects of this group refer to. */
export function referenceWords(header: GroupHeader): Uint32Array {
  const view = new DataView(header.bytes.buffer, header.bytes.byteOffset, header.bytes.byteLength);
  const words = new Uint32Array(header.referenceCount * PREFIX_WORDS);
  const from = memberIdOffset(header.memberCount);
  for (let at = 0; at < words.length; at++) words[at] = view.getUint32(from + 4 * at, true);
  return words;
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
