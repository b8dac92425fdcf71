import { parseDigest } from '../../base/bytes.ts';
import { MIB } from '../../base/units.ts';
import { corrupt, demand } from '../core/corruption.ts';
import { GROUP_HEADER_MAX, parseGroupHeader } from '../core/group-header.ts';
import type { IndexedGroup, IndexedPack } from '../core/index-builder.ts';
import type { GroupPlace } from '../core/pack.ts';
import { packTrailerSize, parsePackTrailer, scanGroups } from '../core/pack.ts';
import { inParallel } from './in-parallel.ts';
import type { StoredObject } from './store.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

/** The trailer of an ordinary pack is in it; a longer one takes a second read. */
const TAIL_SIZE = 65_536;
const TRAILER_SIZE_MAX = 64 * MIB;
/** A pack that cannot be read by its trailer is read whole; no writer makes larger ones. */
const SCAN_SIZE_MAX = 512 * MIB;
const PREFIX = 'packs/';

export interface ScannedPack {
  /** Undefined where nothing could be read of it. */
  readonly pack: IndexedPack | undefined;
  readonly problems: readonly VaultProblem[];
}

/** What lies in a pack, from its trailer and the headers of its groups, or from these alone. */
export async function scanPack(ports: ReadingPorts, object: StoredObject): Promise<ScannedPack> {
  const problems: VaultProblem[] = [];
  try {
    return { pack: await readByTrailer(ports, object), problems };
  } catch (error) {
    problems.push(problemOf(object.name, error));
  }
  try {
    return { pack: await readWhole(ports, object), problems };
  } catch (error) {
    problems.push(problemOf(object.name, error));
    return { pack: undefined, problems };
  }
}

async function readByTrailer(ports: ReadingPorts, object: StoredObject): Promise<IndexedPack> {
  const { store } = ports;
  const { name, sizeBytes } = object;
  const readEnd = async (length: number): Promise<Uint8Array> => {
    const whole = Math.min(length, sizeBytes);
    return store.get(name, { offset: sizeBytes - whole, length: whole });
  };
  let end = await readEnd(TAIL_SIZE);
  const size = packTrailerSize(end, sizeBytes);
  demand(size <= TRAILER_SIZE_MAX, name, 'its trailer is too large');
  if (size > end.length) end = await readEnd(size);
  const trailer = parsePackTrailer(end.subarray(end.length - size), sizeBytes);
  const groups = await inParallel(trailer.groups, (place) => readHeader(ports, name, place));
  return { name: digestOfName(name), sizeBytes, groups, sealedKeys: trailer.sealedKeys };
}

async function readHeader(
  { store }: ReadingPorts,
  name: string,
  place: GroupPlace,
): Promise<IndexedGroup> {
  const { offset, headerLength, bodyLength } = place;
  demand(headerLength <= GROUP_HEADER_MAX, name, 'a header is too large');
  const header = parseGroupHeader(await store.get(name, { offset, length: headerLength }));
  const fits = header.headerLength === headerLength && header.bodyLength === bodyLength;
  demand(fits, name, 'its trailer and a header do not agree');
  return { offset, header: header.bytes };
}

/** Without a trailer the sealed data keys are in other packs of the run, and in indexes. */
async function readWhole({ store }: ReadingPorts, object: StoredObject): Promise<IndexedPack> {
  const { name, sizeBytes } = object;
  demand(sizeBytes <= SCAN_SIZE_MAX, name, 'it is too large to be scanned');
  const bytes = await store.get(name);
  const groups = scanGroups(bytes).map(({ offset, header }) => ({
    offset,
    header: Uint8Array.from(header.bytes),
  }));
  return { name: digestOfName(name), sizeBytes, groups, sealedKeys: new Uint8Array(0) };
}

function digestOfName(name: string): IndexedPack['name'] {
  const digest = parseDigest(name.slice(PREFIX.length));
  if (digest === undefined) throw corrupt(name, 'it is no name of a pack');
  return digest;
}
