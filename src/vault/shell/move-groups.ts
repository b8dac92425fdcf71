/**
 * Groups put again byte for byte, in another pack: no key is needed, and nothing in a group names
 * its pack. docs/format/vault.md 5 and 11
 */
import { hexOf } from '../../base/bytes.ts';
import { type GroupHeader, parseGroupHeader } from '../core/group-header.ts';
import { IndexBuilder, type IndexedGroup, type IndexedPack } from '../core/index-builder.ts';
import { encodePackTrailer, type GroupPlace, PACK_MAGIC } from '../core/pack.ts';
import { parseSealedKeys, type SealedKey } from '../core/sealed-key.ts';
import type { WholePack } from './pack-look.ts';
import type { ReadingPorts } from './vault-ports.ts';

/** Random bytes behind the groups: a name that was given once is never given again. */
const UNIQUE_SIZE = 16;

export interface MovedGroup {
  readonly header: GroupHeader;
  /** The header and the body. */
  readonly bytes: Uint8Array;
}

export interface MovedGroups {
  readonly groups: readonly MovedGroup[];
  /** Those that they use. */
  readonly sealedKeys: readonly SealedKey[];
}

/**
 * Copies, so that the pack can be let go of.
 * @param numbers in the trailer, ascending
 */
export function groupsOf(from: WholePack, numbers: readonly number[]): MovedGroups {
  const groups: MovedGroup[] = [];
  const used = new Set<string>();
  for (const number of numbers) {
    const place = from.trailer.groups[number];
    const header = from.headers[number];
    if (place === undefined || header === undefined) continue;
    const { offset, headerLength, bodyLength } = place;
    const bytes = from.bytes.slice(offset, offset + headerLength + bodyLength);
    // What is kept of it for an index holds no body.
    groups.push({ header: parseGroupHeader(bytes.slice(0, headerLength)), bytes });
    used.add(dataKeyIdOf(header));
  }
  const sealedKeys = parseSealedKeys(from.trailer.sealedKeys).filter(({ id }) => used.has(id));
  return { groups, sealedKeys };
}

/** False: a data key of these groups lies elsewhere, in another pack of that run. */
export function hasItsKeys({ groups, sealedKeys }: MovedGroups): boolean {
  const known = new Set<string>(sealedKeys.map(({ id }) => id));
  return groups.every(({ header }) => known.has(dataKeyIdOf(header)));
}

export function dataKeyIdOf({ dataKeyId }: GroupHeader): string {
  return String.fromCharCode(...dataKeyId);
}

/** A new pack of all of these, durable when it resolves; no index names it yet. */
export async function putMoved(
  { store, tools }: ReadingPorts,
  parts: readonly MovedGroups[],
): Promise<IndexedPack> {
  const bytes: Uint8Array[] = [PACK_MAGIC];
  const places: GroupPlace[] = [];
  const groups: IndexedGroup[] = [];
  let offset = PACK_MAGIC.length;
  for (const group of parts.flatMap((part) => part.groups)) {
    const { headerLength, bodyLength } = group.header;
    bytes.push(group.bytes);
    places.push({ offset, headerLength, bodyLength });
    groups.push({ offset, header: group.header.bytes });
    offset += headerLength + bodyLength;
  }
  const sealedKeys = joined(eachOnce(parts.flatMap((part) => part.sealedKeys)));
  bytes.push(tools.random.bytes(UNIQUE_SIZE), encodePackTrailer({ groups: places, sealedKeys }));
  const pack = joined(bytes);
  const name = tools.hash.sha256(pack);
  await store.putIfAbsent(`packs/${hexOf(name)}`, pack, name);
  return { name, sizeBytes: pack.length, groups, sealedKeys };
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

/** Two may have one id: who writes can say so of another's. Each of them is kept. */
function eachOnce(keys: readonly SealedKey[]): Uint8Array[] {
  return [...new Map(keys.map(({ bytes }) => [bytes.join(), bytes])).values()];
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
