import { assert } from '../../base/assert.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString, DIGEST_SIZE, digestOfBytes } from '../../base/bytes.ts';
import { KIB, MIB } from '../../base/units.ts';
import type { Codec } from '../../host/codec.ts';
import { demand } from './corruption.ts';
import type { ObjectKind } from './object-id.ts';
import { CONTENT, NAMES } from './object-id.ts';

export const GROUP_PLAIN_MAX = 4 * MIB + 256 * KIB;
export const GROUP_MEMBERS_MAX = 4096;
/** A names group of the largest size holds no more references: each costs 40 bytes in a list. */
export const GROUP_REFERENCES_MAX = 131_072;
export const GROUP_MAGIC = 0x30474648;
export const TAG_SIZE = 16;
export const NONCE_SIZE = 12;
export const PREFIX_SIZE = 16;

const SUITE = 1;
const FIXED_SIZE = 56;
const MEMBER_SIZE = DIGEST_SIZE + 4;
const WHAT = 'group header';

export const GROUP_HEADER_MIN = FIXED_SIZE + MEMBER_SIZE;
export const GROUP_HEADER_MAX =
  FIXED_SIZE + GROUP_MEMBERS_MAX * MEMBER_SIZE + GROUP_REFERENCES_MAX * PREFIX_SIZE;

export const STORED = 0;
export const ZSTD = 1;
export type GroupCodec = typeof STORED | typeof ZSTD;

/** The clear part of a group, checked for shape; it is authentic only once the body has opened. */
export interface GroupHeader {
  readonly kind: ObjectKind;
  readonly codec: GroupCodec;
  readonly headerLength: number;
  /** Tag included. */
  readonly bodyLength: number;
  /** After decompression. */
  readonly plainLength: number;
  readonly dataKeyId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly memberCount: number;
  readonly referenceCount: number;
  /** The header as it stands in the pack. */
  readonly bytes: Uint8Array;
}

export interface GroupMember {
  readonly id: Digest;
  /** In the plaintext of the group. */
  readonly offset: number;
  readonly length: number;
}

export interface GroupHeaderParts {
  readonly kind: ObjectKind;
  readonly codec: GroupCodec;
  readonly bodyLength: number;
  readonly plainLength: number;
  readonly dataKeyId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly ids: readonly Digest[];
  readonly lengths: readonly number[];
  /** First 16 bytes of ids, ascending, each once. */
  readonly references: readonly ByteString[];
}

export function encodeGroupHeader(codec: Codec, parts: GroupHeaderParts): Uint8Array {
  const { ids, lengths, references } = parts;
  assert(ids.length === lengths.length, 'each member has an id and a length');
  assert(references.length <= GROUP_REFERENCES_MAX, 'a group has a limited number of references');
  const headerLength = FIXED_SIZE + ids.length * MEMBER_SIZE + references.length * PREFIX_SIZE;
  const bytes = new Uint8Array(headerLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, GROUP_MAGIC, true);
  bytes[4] = SUITE;
  bytes[5] = parts.kind;
  bytes[6] = parts.codec;
  view.setUint32(8, headerLength, true);
  view.setUint32(12, parts.bodyLength, true);
  view.setUint32(16, parts.plainLength, true);
  bytes.set(parts.dataKeyId, 20);
  bytes.set(parts.nonce, 36);
  view.setUint32(48, ids.length, true);
  view.setUint32(52, references.length, true);
  let at = FIXED_SIZE;
  for (const [member, id] of ids.entries()) {
    codec.writeText(byteString(id), bytes, at);
    view.setUint32(at + DIGEST_SIZE, lengths[member] ?? 0, true);
    at += MEMBER_SIZE;
  }
  if (references.length > 0) codec.writeText(byteString(references.join('')), bytes, at);
  return bytes;
}

/**
 * @param bytes begin with the group; what follows the header is not looked at
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function parseGroupHeader(bytes: Uint8Array): GroupHeader {
  demand(bytes.length >= GROUP_HEADER_MIN, WHAT, 'it is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  demand(view.getUint32(0, true) === GROUP_MAGIC, WHAT, 'it does not begin with HFG0');
  const kind = bytes[5];
  const codec = bytes[6];
  demand(bytes[4] === SUITE, WHAT, 'its suite is not known');
  demand(kind === CONTENT || kind === NAMES, WHAT, 'its kind is not known');
  demand(codec === STORED || codec === ZSTD, WHAT, 'its codec is not known');
  demand(bytes[7] === 0, WHAT, 'a byte that must be zero is not');
  const headerLength = view.getUint32(8, true);
  const bodyLength = view.getUint32(12, true);
  const plainLength = view.getUint32(16, true);
  const memberCount = view.getUint32(48, true);
  const referenceCount = view.getUint32(52, true);
  demand(memberCount >= 1 && memberCount <= GROUP_MEMBERS_MAX, WHAT, 'too many members, or none');
  demand(referenceCount <= GROUP_REFERENCES_MAX, WHAT, 'too many references');
  demand(
    headerLength === FIXED_SIZE + memberCount * MEMBER_SIZE + referenceCount * PREFIX_SIZE,
    WHAT,
    'its length does not fit its members',
  );
  demand(headerLength <= bytes.length, WHAT, 'it is cut short');
  demand(plainLength <= GROUP_PLAIN_MAX, WHAT, 'it is too large');
  const sealedLength = bodyLength - TAG_SIZE;
  const fits =
    codec === STORED
      ? sealedLength === plainLength
      : sealedLength >= 1 && sealedLength <= GROUP_PLAIN_MAX;
  demand(fits, WHAT, 'the length of its body does not fit');
  let sum = 0;
  for (let member = 0; member < memberCount; member++) {
    const length = view.getUint32(FIXED_SIZE + member * MEMBER_SIZE + DIGEST_SIZE, true);
    demand(length > 0, WHAT, 'a member is empty');
    sum += length;
  }
  demand(sum === plainLength, WHAT, 'the lengths of its members do not add up');
  return {
    kind,
    codec,
    headerLength,
    bodyLength,
    plainLength,
    dataKeyId: bytes.subarray(20, 36),
    nonce: bytes.subarray(36, 48),
    memberCount,
    referenceCount,
    bytes: bytes.subarray(0, headerLength),
  };
}

/** As much of a group as says which data key it is sealed with. */
export const DATA_KEY_ID_END = 36;

/**
 * @param bytes begin with the group; what follows the id is not looked at
 * @returns the id of its data key, as it says itself
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function dataKeyIdIn(bytes: Uint8Array): Uint8Array {
  demand(bytes.length >= DATA_KEY_ID_END, WHAT, 'it is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  demand(view.getUint32(0, true) === GROUP_MAGIC, WHAT, 'it does not begin with HFG0');
  return bytes.subarray(20, DATA_KEY_ID_END);
}

/** The members in their order. */
export function membersOf(codec: Codec, header: GroupHeader): GroupMember[] {
  const { bytes, memberCount } = header;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = codec.textOf(bytes.subarray(FIXED_SIZE, FIXED_SIZE + memberCount * MEMBER_SIZE));
  const members = new Array<GroupMember>(memberCount);
  let offset = 0;
  for (let member = 0; member < memberCount; member++) {
    const at = member * MEMBER_SIZE;
    const length = view.getUint32(FIXED_SIZE + at + DIGEST_SIZE, true);
    members[member] = { id: digestOfBytes(text.slice(at, at + DIGEST_SIZE)), offset, length };
    offset += length;
  }
  return members;
}

/** Where the 32 bytes of the id of member `member` stand in the bytes of the header. */
export function memberIdOffset(member: number): number {
  return FIXED_SIZE + member * MEMBER_SIZE;
}

/** First 16 bytes of the ids that the objects of this group refer to. */
export function referencesOf(codec: Codec, header: GroupHeader): ByteString[] {
  const from = FIXED_SIZE + header.memberCount * MEMBER_SIZE;
  const text = codec.textOf(header.bytes.subarray(from));
  return Array.from({ length: header.referenceCount }, (_, at) =>
    byteString(text.slice(at * PREFIX_SIZE, (at + 1) * PREFIX_SIZE)),
  );
}
