import { assert } from '../../base/assert.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { KIB } from '../../base/units.ts';
import type { OpenBox, SealBox } from '../../host/cipher.ts';
import type { Tools } from '../../host/tools.ts';
import { corrupt, demand } from './corruption.ts';
import { mayCompress } from './entropy.ts';
import type { GroupHeader, GroupMember } from './group-header.ts';
import {
  encodeGroupHeader,
  GROUP_MEMBERS_MAX,
  GROUP_PLAIN_MAX,
  membersOf,
  NONCE_SIZE,
  parseGroupHeader,
  PREFIX_SIZE,
  STORED,
  TAG_SIZE,
  ZSTD,
} from './group-header.ts';
import type { IdOf, ObjectKind } from './object-id.ts';

/** Larger groups gain nothing (research/speed.md), smaller ones make single files cheap to read. */
export const GROUP_TARGET = 256 * KIB;

/** A key of one run of a writer, for one scope. */
export interface DataKey {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** A Map from ids of data keys (16 bytes as text) is one. */
export interface DataKeySource {
  get(id: ByteString): Uint8Array | undefined;
  /** Where several say that they are it: whether one that is tried after `get` opens it; it is `get` from then on. */
  findOther?(id: ByteString, opens: (key: Uint8Array) => boolean): boolean;
}

export interface SealedGroup {
  readonly header: Uint8Array;
  /** Tag included. */
  readonly body: Uint8Array;
}

/** A group that is ready to be sealed, wherever it shall lie. */
export interface ReadyGroup {
  readonly header: Uint8Array;
  /** Its plain bytes hold until the group is cleared. */
  readonly box: SealBox;
  /** Of header and body. */
  readonly sizeBytes: number;
}

/** Collects objects of one kind until they are sealed together. Used again after `clear`. */
export class GroupBuilder {
  readonly kind: ObjectKind;
  readonly #raw = new Uint8Array(GROUP_PLAIN_MAX);
  readonly #ids: Digest[] = [];
  readonly #lengths: number[] = [];
  #size = 0;

  constructor(kind: ObjectKind) {
    this.kind = kind;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  get memberCount(): number {
    return this.#ids.length;
  }

  /** Whether an object of `length` bytes belongs into this group; if not, seal and clear first. */
  takes(length: number): boolean {
    if (this.#ids.length === 0) return true;
    return this.#ids.length < GROUP_MEMBERS_MAX && this.#size + length <= GROUP_TARGET;
  }

  /** Where the next object goes, to be read into directly. `keep` makes it part of the group. */
  room(length: number): Uint8Array {
    assert(this.#size + length <= GROUP_PLAIN_MAX, 'an object fits into a group');
    return this.#raw.subarray(this.#size, this.#size + length);
  }

  /** The first `length` bytes of the room become the object `id`. */
  keep(id: Digest, length: number): void {
    assert(length > 0, 'an empty object is not stored');
    assert(this.#ids.length < GROUP_MEMBERS_MAX, 'a group has a limited number of members');
    assert(this.#size + length <= GROUP_PLAIN_MAX, 'an object fits into a group');
    this.#ids.push(id);
    this.#lengths.push(length);
    this.#size += length;
  }

  add(id: Digest, bytes: Uint8Array): void {
    this.room(bytes.length).set(bytes);
    this.keep(id, bytes.length);
  }

  /** @param references ids that the objects refer to, or their first 16 bytes: any order, repeated, own members too */
  seal(
    tools: Tools,
    dataKey: DataKey,
    references: readonly (ByteString | Digest)[] = [],
  ): SealedGroup {
    const { header, box } = this.prepare(tools, dataKey, references);
    return { header, body: tools.cipher.seal(box) };
  }

  /** All of `seal` but the sealing. */
  prepare(
    tools: Tools,
    dataKey: DataKey,
    references: readonly (ByteString | Digest)[],
  ): ReadyGroup {
    assert(this.#ids.length > 0, 'an empty group is not sealed');
    const raw = this.#raw.subarray(0, this.#size);
    const packed = mayCompress(raw) ? tools.codec.compress(raw) : raw;
    const isSmaller = packed.length < raw.length;
    const plain = isSmaller ? packed : raw;
    const nonce = tools.random.bytes(NONCE_SIZE);
    const header = encodeGroupHeader(tools.codec, {
      kind: this.kind,
      codec: isSmaller ? ZSTD : STORED,
      bodyLength: plain.length + TAG_SIZE,
      plainLength: raw.length,
      dataKeyId: dataKey.id,
      nonce,
      ids: this.#ids,
      lengths: this.#lengths,
      references: prefixesOf(references, this.#ids),
    });
    const box = { key: dataKey.key, nonce, aad: header, plain };
    return { header, box, sizeBytes: header.length + plain.length + TAG_SIZE };
  }

  /**
   * Compares what a group opened to with what was put in, byte by byte.
   * @throws Fault HF_VAULT_CORRUPT where anything differs
   */
  checkSame(tools: Tools, opened: OpenedGroup): void {
    const { members, plain, header } = opened;
    const isSame = tools.codec.isEqual(plain, this.#raw.subarray(0, this.#size));
    demand(isSame && header.kind === this.kind, 'group', 'it does not open to what was sealed');
    demand(members.length === this.#ids.length, 'group', 'it has not the members put in');
    for (const [at, { id, length }] of members.entries()) {
      const isThis = id === this.#ids[at] && length === this.#lengths[at];
      demand(isThis, 'group', 'a member is not the one put in');
    }
  }

  clear(): void {
    this.#ids.length = 0;
    this.#lengths.length = 0;
    this.#size = 0;
  }
}

function prefixesOf(
  references: readonly (ByteString | Digest)[],
  own: readonly Digest[],
): ByteString[] {
  if (references.length === 0) return [];
  const prefixes = new Set(references.map((id) => id.slice(0, PREFIX_SIZE)));
  for (const id of own) prefixes.delete(id.slice(0, PREFIX_SIZE));
  return [...prefixes].sort().map(byteString);
}

/** A group whose tag was right: these are the bytes that somebody with the data key sealed. */
export class OpenedGroup {
  readonly header: GroupHeader;
  readonly members: readonly GroupMember[];
  readonly plain: Uint8Array;
  #byId: Map<Digest, GroupMember> | undefined;

  constructor(header: GroupHeader, members: readonly GroupMember[], plain: Uint8Array) {
    this.header = header;
    this.members = members;
    this.plain = plain;
  }

  /** A view of the object; its digest has not been compared. */
  find(id: Digest): Uint8Array | undefined {
    this.#byId ??= new Map(this.members.map((member) => [member.id, member]));
    const member = this.#byId.get(id);
    return member && this.bytesOf(member);
  }

  bytesOf(member: GroupMember): Uint8Array {
    return this.plain.subarray(member.offset, member.offset + member.length);
  }
}

/**
 * @param bytes the group and nothing else
 * @throws Fault HF_VAULT_CORRUPT, HF_CONTENT_CORRUPT, HF_DATA_KEY_ABSENT; nothing else
 */
export function openGroup(tools: Tools, dataKeys: DataKeySource, bytes: Uint8Array): OpenedGroup {
  return openGroupWith(tools, { dataKeys, bytes });
}

/** What opening a group needs: for its body as it was sealed, and for what comes out of that. */
export const OPEN_ROOM_SIZE = 2 * GROUP_PLAIN_MAX;

/** The same; `into`, where given, is memory of `OPEN_ROOM_SIZE` bytes that the group may use. */
export function openGroupWith(
  tools: Tools,
  of: { readonly dataKeys: DataKeySource; readonly bytes: Uint8Array; readonly into?: Uint8Array },
): OpenedGroup {
  const { dataKeys, bytes, into } = of;
  const header = parseGroupHeader(bytes);
  const { headerLength, bodyLength, plainLength } = header;
  demand(bytes.length === headerLength + bodyLength, 'group', 'its length does not fit its header');
  const dataKeyId = tools.codec.textOf(header.dataKeyId);
  const first = dataKeys.get(dataKeyId);
  if (first === undefined) {
    throw new Fault('HF_DATA_KEY_ABSENT', 'no data key that opens this group was found');
  }
  const box = { nonce: header.nonce, aad: header.bytes, sealed: bytes.subarray(headerLength) };
  let opened: Uint8Array | undefined;
  const opens = (key: Uint8Array): boolean => {
    opened =
      into === undefined
        ? tools.cipher.open({ ...box, key })
        : openedInto(tools, { ...box, key }, into);
    return opened !== undefined;
  };
  if (!opens(first)) dataKeys.findOther?.(dataKeyId, opens);
  if (opened === undefined) throw corrupt('group', 'its tag does not fit');
  const plain =
    header.codec === ZSTD
      ? tools.codec.decompress(opened, plainLength, into?.subarray(GROUP_PLAIN_MAX))
      : opened;
  demand(plain.length === plainLength, 'group', 'it has not the length its header says');
  // A copy: the rest of `bytes` is not needed any more, and may be used again.
  const own = parseGroupHeader(header.bytes.slice());
  return new OpenedGroup(own, membersOf(tools.codec, header), plain);
}

function openedInto(tools: Tools, box: OpenBox, into: Uint8Array): Uint8Array | undefined {
  const plain = into.subarray(0, box.sealed.length - TAG_SIZE);
  return tools.cipher.openInto(box, plain) ? plain : undefined;
}

/**
 * Compares every member with its id, through its digest.
 * @throws Fault HF_VAULT_CORRUPT at the first that differs
 */
export function checkMembers(tools: Tools, idOf: IdOf, group: OpenedGroup): void {
  for (const member of group.members) {
    const digest = tools.hash.sha256(group.bytesOf(member));
    demand(idOf(group.header.kind, digest) === member.id, 'group', 'a member has not its digest');
  }
}
