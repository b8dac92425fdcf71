/**
 * What a pack is, as it says itself: nothing of an index. Without keys nothing proves a header, so
 * packs of pages are taken only whole, with the digest that is their name.
 */
import { hexOf } from '../../base/bytes.ts';
import { demand } from '../core/corruption.ts';
import { GROUP_HEADER_MIN, type GroupHeader, parseGroupHeader } from '../core/group-header.ts';
import { CONTENT, NAMES, type ObjectKind } from '../core/object-id.ts';
import {
  type GroupPlace,
  PACK_MAGIC,
  type PackTrailer,
  packTrailerSize,
  parsePackTrailer,
} from '../core/pack.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import type { StoredObject } from './store.ts';
import type { ReadingPorts } from './vault-ports.ts';

/** The trailer of an ordinary pack with some hundred groups is in it. */
const TAIL_SIZE = 8192;
/** A whole pack is held in memory; no writer makes larger ones. */
const WHOLE_SIZE_MAX = 512 * 1024 * 1024;
/** Magic, suite, kind. */
const HEAD_SIZE = PACK_MAGIC.length + GROUP_HEADER_MIN;

/**
 * Its trailer and its first group have to agree on what it holds.
 * @throws Fault HF_VAULT_CORRUPT, and what a store throws
 */
export async function lookAtPack(
  ports: ReadingPorts,
  object: StoredObject,
): Promise<{ readonly kind: ObjectKind; readonly groupsBytes: number }> {
  const { name } = object;
  const trailer = await readTrailer(ports, object);
  const head = await ports.store.get(name, { offset: 0, length: HEAD_SIZE });
  demand(
    PACK_MAGIC.every((byte, at) => head[at] === byte),
    name,
    'it does not begin as a pack',
  );
  const kind = head[PACK_MAGIC.length + 5];
  demand(kind === CONTENT || kind === NAMES, name, 'its first group is of no known kind');
  const keys = parseSealedKeys(trailer.sealedKeys);
  demand(keys.length > 0, name, 'it has no data key');
  demand(
    keys.every(({ scope }) => scope === kind),
    name,
    'its groups and its keys do not agree',
  );
  const groupsBytes = trailer.groups.reduce(
    (sum, { headerLength, bodyLength }) => sum + headerLength + bodyLength,
    0,
  );
  return { kind, groupsBytes };
}

/** @throws as `lookAtPack` */
export async function readTrailer(
  { store }: ReadingPorts,
  { name, sizeBytes }: StoredObject,
): Promise<PackTrailer> {
  const readEnd = (length: number): Promise<Uint8Array> => {
    const whole = Math.min(length, sizeBytes);
    return store.get(name, { offset: sizeBytes - whole, length: whole });
  };
  let end = await readEnd(TAIL_SIZE);
  const size = packTrailerSize(end, sizeBytes);
  if (size > end.length) end = await readEnd(size);
  return parsePackTrailer(end.subarray(end.length - size), sizeBytes);
}

export interface PackGroups {
  readonly trailer: PackTrailer;
  /** In the order of the trailer. */
  readonly headers: readonly GroupHeader[];
}

export interface WholePack extends PackGroups {
  readonly bytes: Uint8Array;
}

/**
 * The whole pack, with the digest that is its name.
 * @throws Fault HF_VAULT_CORRUPT, and what a store throws
 */
export async function readWholePack(
  { store, tools }: ReadingPorts,
  { name, sizeBytes }: StoredObject,
): Promise<WholePack> {
  demand(sizeBytes <= WHOLE_SIZE_MAX, name, 'it is too large');
  const bytes = await store.get(name);
  const isWhole = `packs/${hexOf(tools.hash.sha256(bytes))}` === name;
  demand(isWhole, name, 'its digest is not its name');
  const size = packTrailerSize(bytes.subarray(-TAIL_SIZE), bytes.length);
  const trailer = parsePackTrailer(bytes.subarray(bytes.length - size), bytes.length);
  const headers = trailer.groups.map(({ offset, headerLength, bodyLength }) => {
    const header = parseGroupHeader(bytes.subarray(offset, offset + headerLength));
    const fits = header.headerLength === headerLength && header.bodyLength === bodyLength;
    demand(fits, name, 'its trailer and a header do not agree');
    return header;
  });
  return { bytes, trailer, headers };
}

/**
 * The trailer and the headers of all groups, and no bodies.
 * @throws as `lookAtPack`
 */
export async function readGroups(ports: ReadingPorts, object: StoredObject): Promise<PackGroups> {
  const trailer = await readTrailer(ports, object);
  const headers: GroupHeader[] = [];
  for (const place of trailer.groups) headers.push(await readHeader(ports, object.name, place));
  return { trailer, headers };
}

/**
 * @param name of the pack
 * @throws as `lookAtPack`
 */
export async function readHeader(
  { store }: ReadingPorts,
  name: string,
  { offset, headerLength, bodyLength }: GroupPlace,
): Promise<GroupHeader> {
  const header = parseGroupHeader(await store.get(name, { offset, length: headerLength }));
  const fits = header.headerLength === headerLength && header.bodyLength === bodyLength;
  demand(fits, name, 'its trailer and a header do not agree');
  return header;
}
