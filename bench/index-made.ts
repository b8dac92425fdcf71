/** Indexes of invented packs for `index-ids.ts`: what a vault of so many ids has, without its content. */
import { createCipheriv } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { byteString, type Digest, digestOfBytes, hexOf } from '../src/base/bytes.ts';
import type { Tools } from '../src/host/tools.ts';
import { encodeGroupHeader, STORED, TAG_SIZE } from '../src/vault/core/group-header.ts';
import {
  INDEX_ENTRIES_TARGET,
  IndexBuilder,
  type IndexedGroup,
  type IndexedPack,
} from '../src/vault/core/index-builder.ts';
import { CONTENT } from '../src/vault/core/object-id.ts';
import { PACK_MAGIC } from '../src/vault/core/pack.ts';
import type { Store } from '../src/vault/shell/store.ts';

export const MIXES = {
  /** Small files: many members in a group of 256 KiB. */
  file: { memberBytes: 6_500, members: 40, groups: 125 },
  /** Blocks of an image, of which two are a group. The format has no runs: each is an entry. */
  image: { memberBytes: 131_072, members: 2, groups: 127 },
} as const;
export type Mix = keyof typeof MIXES;

const ID_SIZE = 32;
const BLOCK_SIZE = 16;
const NOTHING = new Uint8Array(0);

/** Ids as HMACs would be, each by its number. */
export class InventedIds {
  readonly #codec: Tools['codec'];
  readonly #key: Buffer;

  constructor(codec: Tools['codec'], seed: number) {
    this.#codec = codec;
    this.#key = Buffer.alloc(BLOCK_SIZE);
    this.#key.writeUInt32LE(seed);
  }

  from(first: number, count: number): Digest[] {
    const counter = Buffer.alloc(BLOCK_SIZE);
    counter.writeBigUInt64BE((BigInt(first) * BigInt(ID_SIZE)) / BigInt(BLOCK_SIZE), 8);
    const bytes = createCipheriv('aes-128-ctr', this.#key, counter).update(
      Buffer.alloc(count * ID_SIZE),
    );
    const text = this.#codec.textOf(bytes);
    return Array.from({ length: count }, (_, at) =>
      digestOfBytes(text.slice(at * ID_SIZE, (at + 1) * ID_SIZE)),
    );
  }
}

export interface Made {
  readonly indexBytes: number;
  readonly indexes: number;
  readonly packs: number;
}

interface Making {
  readonly store: Store;
  readonly tools: Tools;
  readonly vault: string;
}

/** @param of how many ids of which mix; packs are there in name and size only */
export async function makeIndexes(
  { store, tools, vault }: Making,
  of: { readonly mix: Mix; readonly ids: number; readonly seed: number },
): Promise<Made> {
  const ids = new InventedIds(tools.codec, of.seed);
  const { members, groups } = MIXES[of.mix];
  mkdirSync(join(vault, 'packs'), { recursive: true });
  let builder = new IndexBuilder();
  let made: Made = { indexBytes: 0, indexes: 0, packs: 0 };
  const put = async (): Promise<void> => {
    const bytes = builder.encode(tools.codec);
    const digest = tools.hash.sha256(bytes);
    await store.putIfAbsent(`index/${hexOf(digest)}`, bytes, digest);
    made = { ...made, indexBytes: made.indexBytes + bytes.length, indexes: made.indexes + 1 };
    builder = new IndexBuilder();
  };
  for (let first = 0; first < of.ids; first += members * groups) {
    const pack = packOf(tools, of.mix, ids.from(first, Math.min(members * groups, of.ids - first)));
    const fd = openSync(join(vault, 'packs', hexOf(pack.name)), 'wx');
    ftruncateSync(fd, pack.sizeBytes);
    closeSync(fd);
    if (builder.entryCount > INDEX_ENTRIES_TARGET) await put();
    builder.addPack(pack);
    made = { ...made, packs: made.packs + 1 };
  }
  await put();
  return made;
}

function packOf({ codec, hash }: Tools, mix: Mix, ids: readonly Digest[]): IndexedPack {
  const { members, memberBytes } = MIXES[mix];
  const groups: IndexedGroup[] = [];
  let offset: number = PACK_MAGIC.length;
  for (let first = 0; first < ids.length; first += members) {
    const own = ids.slice(first, first + members);
    const plainLength = own.length * memberBytes;
    const header = encodeGroupHeader(codec, {
      ...{ kind: CONTENT, codec: STORED, ids: own, lengths: own.map(() => memberBytes) },
      ...{ plainLength, bodyLength: plainLength + TAG_SIZE, references: [] },
      ...{ dataKeyId: new Uint8Array(16), nonce: new Uint8Array(12) },
    });
    groups.push({ offset, header });
    offset += header.length + plainLength + TAG_SIZE;
  }
  return {
    name: hash.sha256Text(byteString(ids[0] ?? '')),
    sizeBytes: offset,
    groups,
    sealedKeys: NOTHING,
  };
}
