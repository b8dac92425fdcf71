import { assert } from '../../base/assert.ts';
import { GIB, MIB } from '../../base/units.ts';
import { demand } from './corruption.ts';
import type { GroupHeader } from './group-header.ts';
import {
  GROUP_HEADER_MAX,
  GROUP_HEADER_MIN,
  GROUP_PLAIN_MAX,
  parseGroupHeader,
  TAG_SIZE,
} from './group-header.ts';
import { parseSealedKeys } from './sealed-key.ts';

/** A pack is closed when it has reached about this size. */
export const PACK_TARGET = 32 * MIB;
export const PACK_SIZE_MAX = 4 * GIB - 1;
export const PACK_MAGIC = Uint8Array.from('HOLDFAST PACK 0\n', (char) => char.charCodeAt(0));
/** Groups of the smallest size fill a pack of the largest size with fewer. */
export const PACK_GROUPS_MAX = 4_194_304;

const TRAILER_MAGIC = 0x30544648;
const END_MAGIC = 0x30454648;
const PLACE_SIZE = 12;
/** Magic, number of groups, length of the keys, length of the trailer. */
const TRAILER_FIXED_SIZE = 16;
/** What stands at the very end: the length of the trailer and its magic. */
export const PACK_END_SIZE = 8;
const WHAT = 'pack trailer';

/** Where a group lies in its pack. */
export interface GroupPlace {
  readonly offset: number;
  readonly headerLength: number;
  readonly bodyLength: number;
}

export interface PackTrailer {
  readonly groups: readonly GroupPlace[];
  /** Sealed data keys, one after the other. */
  readonly sealedKeys: Uint8Array;
}

/** From `HFT0` to the end of the file. */
export function encodePackTrailer(trailer: PackTrailer): Uint8Array {
  const { groups, sealedKeys } = trailer;
  assert(groups.length <= PACK_GROUPS_MAX, 'a pack has a limited number of groups');
  const length = TRAILER_FIXED_SIZE + groups.length * PLACE_SIZE + sealedKeys.length;
  const bytes = new Uint8Array(length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, TRAILER_MAGIC, true);
  view.setUint32(4, groups.length, true);
  let at = 8;
  for (const group of groups) {
    view.setUint32(at, group.offset, true);
    view.setUint32(at + 4, group.headerLength, true);
    view.setUint32(at + 8, group.bodyLength, true);
    at += PLACE_SIZE;
  }
  view.setUint32(at, sealedKeys.length, true);
  bytes.set(sealedKeys, at + 4);
  at += 4 + sealedKeys.length;
  view.setUint32(at, length, true);
  view.setUint32(at + 4, END_MAGIC, true);
  return bytes;
}

/**
 * How many bytes at the end of the pack are the trailer, end included.
 *
 * @param end the last `PACK_END_SIZE` bytes of the pack, or more
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function packTrailerSize(end: Uint8Array, packSizeBytes: number): number {
  demand(end.length >= PACK_END_SIZE, WHAT, 'it is cut short');
  const view = new DataView(end.buffer, end.byteOffset + end.length - PACK_END_SIZE, PACK_END_SIZE);
  demand(view.getUint32(4, true) === END_MAGIC, WHAT, 'it does not end with HFE0');
  const size = view.getUint32(0, true) + 4;
  demand(size >= TRAILER_FIXED_SIZE + 4, WHAT, 'it is too short');
  demand(size <= packSizeBytes - PACK_MAGIC.length, WHAT, 'it is longer than the pack');
  return size;
}

/**
 * @param bytes the last `packTrailerSize` bytes of the pack
 * @throws Fault HF_VAULT_CORRUPT; nothing else
 */
export function parsePackTrailer(bytes: Uint8Array, packSizeBytes: number): PackTrailer {
  const size = packTrailerSize(bytes, packSizeBytes);
  demand(bytes.length === size, WHAT, 'it has not the length it says');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  demand(view.getUint32(0, true) === TRAILER_MAGIC, WHAT, 'it does not begin with HFT0');
  const groupCount = view.getUint32(4, true);
  const placesEnd = 8 + groupCount * PLACE_SIZE;
  const keysEnd = size - PACK_END_SIZE;
  demand(placesEnd + 4 <= keysEnd, WHAT, 'its groups do not fit into it');
  demand(placesEnd + 4 + view.getUint32(placesEnd, true) === keysEnd, WHAT, 'keys do not fit');
  const groups: GroupPlace[] = [];
  let end = PACK_MAGIC.length;
  for (let at = 8; at < placesEnd; at += PLACE_SIZE) {
    const place = {
      offset: view.getUint32(at, true),
      headerLength: view.getUint32(at + 4, true),
      bodyLength: view.getUint32(at + 8, true),
    };
    demand(place.offset >= end && isPlausible(place), WHAT, 'a group lies where none can lie');
    end = place.offset + place.headerLength + place.bodyLength;
    groups.push(place);
  }
  demand(end <= packSizeBytes - size, WHAT, 'a group lies beyond the end');
  const sealedKeys = bytes.subarray(placesEnd + 4, keysEnd);
  parseSealedKeys(sealedKeys);
  return { groups, sealedKeys };
}

/** Whether a group can have these lengths; what an index or a trailer says is no more than that. */
export function isPlausible(place: GroupPlace): boolean {
  return (
    place.offset >= PACK_MAGIC.length &&
    place.headerLength >= GROUP_HEADER_MIN &&
    place.headerLength <= GROUP_HEADER_MAX &&
    place.bodyLength > TAG_SIZE &&
    place.bodyLength <= GROUP_PLAIN_MAX + TAG_SIZE
  );
}

export interface FoundGroup {
  readonly offset: number;
  readonly header: GroupHeader;
}

/**
 * The groups of a pack whose trailer cannot be had. Steps over groups that are followed by another
 * or by the trailer, and looks for the next `HFG0` where something is damaged, also inside of what
 * claims to be a group. Only its tag says whether a group found is one.
 *
 * @param pack the whole file, or what is left of it
 */
export function scanGroups(pack: Uint8Array): FoundGroup[] {
  const found: FoundGroup[] = [];
  let at = nextMagic(pack, 0);
  while (at !== -1) {
    const header = headerAt(pack, at);
    if (header === undefined) {
      at = nextMagic(pack, at + 1);
      continue;
    }
    found.push({ offset: at, header });
    const end = at + header.headerLength + header.bodyLength;
    at = nextMagic(pack, isBoundary(pack, end) ? end : at + 1);
  }
  return found;
}

function headerAt(pack: Uint8Array, at: number): GroupHeader | undefined {
  // Whoever plants magics in a hostile pack must not cost more than a look at the fixed part.
  const view = new DataView(pack.buffer, pack.byteOffset + at, pack.byteLength - at);
  if (view.byteLength < GROUP_HEADER_MIN) return undefined;
  const length = view.getUint32(8, true) + view.getUint32(12, true);
  if (length > view.byteLength) return undefined;
  try {
    return parseGroupHeader(pack.subarray(at));
  } catch {
    // No header stands here: that is the answer, and the search goes on.
    return undefined;
  }
}

function isBoundary(pack: Uint8Array, at: number): boolean {
  if (at === pack.length) return true;
  if (at + 4 > pack.length) return false;
  const isHead = pack[at] === 0x48 && pack[at + 1] === 0x46 && pack[at + 3] === 0x30;
  return isHead && (pack[at + 2] === 0x47 || pack[at + 2] === 0x54);
}

function nextMagic(pack: Uint8Array, from: number): number {
  for (let at = pack.indexOf(0x48, from); at !== -1; at = pack.indexOf(0x48, at + 1)) {
    if (pack[at + 1] === 0x46 && pack[at + 2] === 0x47 && pack[at + 3] === 0x30) return at;
  }
  return -1;
}
