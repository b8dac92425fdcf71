/**
 * Groups of packs that go, put again byte for byte: no key is needed, and nothing in a group names
 * its pack. docs/format/vault.md 5
 */
import { type Digest, hexOf } from '../../base/bytes.ts';
import { IndexBuilder, type IndexedGroup, type IndexedPack } from '../core/index-builder.ts';
import { encodePackTrailer, type GroupPlace, PACK_MAGIC } from '../core/pack.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import type { WholePack } from './pack-look.ts';
import type { ReadingPorts } from './vault-ports.ts';

export interface Moving {
  /** Their numbers in the trailer, ascending. */
  readonly groups: readonly number[];
  /** Names that must not be given: packs that go, or are there. */
  readonly taken: ReadonlySet<string>;
}

/** A new pack of these groups, durable when it resolves; no index names it yet. */
export async function moveGroups(
  { store, tools }: ReadingPorts,
  from: WholePack,
  { groups, taken }: Moving,
): Promise<IndexedPack> {
  const parts: Uint8Array[] = [PACK_MAGIC];
  const places: GroupPlace[] = [];
  const indexed: IndexedGroup[] = [];
  let offset = PACK_MAGIC.length;
  for (const group of groups) {
    const place = from.trailer.groups[group];
    const header = from.headers[group];
    if (place === undefined || header === undefined) continue;
    const length = place.headerLength + place.bodyLength;
    parts.push(from.bytes.subarray(place.offset, place.offset + length));
    places.push({ ...place, offset });
    indexed.push({ offset, header: Uint8Array.from(header.bytes) });
    offset += length;
  }
  let { sealedKeys } = from.trailer;
  let bytes: Uint8Array;
  let name: Digest;
  do {
    sealedKeys = anotherTime(sealedKeys);
    bytes = joined([...parts, encodePackTrailer({ groups: places, sealedKeys })]);
    name = tools.hash.sha256(bytes);
  } while (taken.has(hexOf(name)));
  await store.putIfAbsent(`packs/${hexOf(name)}`, bytes, name);
  return { name, sizeBytes: bytes.length, groups: indexed, sealedKeys };
}

/** Durable when it resolves. */
export async function putIndexOf(
  { store, tools }: ReadingPorts,
  packs: readonly IndexedPack[],
): Promise<void> {
  const builder = new IndexBuilder();
  for (const pack of packs) builder.addPack(pack);
  const bytes = builder.encode(tools.codec);
  const sha256 = tools.hash.sha256(bytes);
  await store.putIfAbsent(`index/${hexOf(sha256)}`, bytes, sha256);
}

/**
 * With one key more than there were. The name of a pack follows from its bytes, and what is put
 * again must never have the name of what goes, not even when all of its groups are.
 */
function anotherTime(sealedKeys: Uint8Array): Uint8Array {
  const [first] = parseSealedKeys(sealedKeys);
  return first === undefined ? sealedKeys : joined([sealedKeys, first.bytes]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
