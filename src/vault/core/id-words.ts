import { DIGEST_SIZE, parseDigest } from '../../base/bytes.ts';
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
  const words = new Uint32Array(ids.length * PREFIX_WORDS);
  for (const [at, id] of ids.entries()) {
    const digest = parseDigest(id) ?? '\0'.repeat(DIGEST_SIZE);
    for (let byte = 0; byte < PREFIX_SIZE; byte++) {
      const word = at * PREFIX_WORDS + (byte >>> 2);
      words[word] = ((words[word] ?? 0) | (digest.charCodeAt(byte) << (8 * (byte % 4)))) >>> 0;
    }
  }
  return words;
}
