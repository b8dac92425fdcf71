/**
 * Which ids a vault in a directory holds, asked of its indexes where they lie. A run that stores little loads none
 * of them; what counts as held is the same: in an index that is what its name says, in a pack that is there whole
 * and that nobody takes away. docs/design/016-speed.md
 */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { IdSegment } from '../core/id-segment.ts';
import type { HeldElsewhere } from '../core/id-table.ts';
import { type IndexPlace, IndexFile, INDEX_FILES_MAX, placesIn } from './index-files.ts';
import type { Store } from './store.ts';
import type { ObjectPlaces, VaultAccess } from './vault-access.ts';
import type { LoadIndex } from './vault-index.ts';

/** So many looks take as long as loading all. */
const LOOKS_MAX = 8192;
/** With fewer ids they are loaded at once: 9 MB. */
const IDS_MIN = 1 << 18;

/** What another thread needs to ask the same. Of one run, since packs may be taken away later. */
export interface HeldShare {
  readonly root: ByteString;
  readonly indexes: readonly HeldIndex[];
  /** After so many looks all ids are better loaded. */
  readonly looksMax: number;
}

interface HeldIndex {
  readonly name: string;
  /** Of each of its packs, in its order: 1 where what lies in it is held. */
  readonly counts: Uint8Array;
}

export interface HeldPorts extends IndexPlace {
  readonly hash: Tools['hash'];
  readonly store: Pick<Store, 'list'>;
  /** `IDS_MIN` where it is left out; and `LOOKS_MAX`. */
  readonly idsMin?: number;
  readonly looksMax?: number;
}

/**
 * @returns undefined where indexes are to be loaded: there are too few ids, too many indexes, one that is damaged
 *   or was replaced meanwhile, or a pack that none of them names
 * @throws what `store.list` throws
 */
export async function openHeldIds(
  ports: HeldPorts,
  leaving: LoadIndex = {},
): Promise<HeldIds | undefined> {
  // Packs before indexes: what comes in between is in packs that are not counted, and stored again.
  const packs = await ports.store.list('packs/');
  const indexes = await ports.store.list('index/');
  if (indexes.length === 0 || indexes.length > INDEX_FILES_MAX) return undefined;
  const files: IndexFile[] = [];
  let held: HeldIds | undefined;
  try {
    for (const { name } of indexes) files.push(new IndexFile(ports, name, files.length));
    const sizes = new Map(packs.map(({ name, sizeBytes }) => [name, sizeBytes]));
    held = heldBy(ports, files, { sizes, leaving });
    return held;
  } catch (error) {
    if (error instanceof Fault) return undefined; // Loading all bears it, or says what is the matter.
    throw error;
  } finally {
    if (held === undefined) for (const file of files) file.close();
  }
}

interface Stored {
  /** By name, `packs/NAME`. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly leaving: LoadIndex;
}

function heldBy(
  { root, hash, idsMin = IDS_MIN, looksMax = LOOKS_MAX }: HeldPorts,
  files: readonly IndexFile[],
  { sizes, leaving }: Stored,
): HeldIds | undefined {
  const idCount = files.reduce((sum, { entryCount }) => sum + entryCount, 0);
  if (idCount < idsMin || !files.every((file) => file.isWhole(hash))) return undefined;
  const { covered, damaged } = leaving;
  const unnamed = new Set(sizes.keys());
  const isHeld = (pack: string, sizeBytes: number): boolean => {
    const isThere = (sizes.get(`packs/${pack}`) ?? -1) >= sizeBytes;
    return isThere && covered?.has(pack) !== true && damaged?.has(pack) !== true;
  };
  const indexes = files.map((file) => {
    const packs = file.packs();
    for (const { name } of packs) unnamed.delete(`packs/${name}`);
    return {
      name: file.name,
      counts: Uint8Array.from(packs, (of) => (isHeld(of.name, of.sizeBytes) ? 1 : 0)),
    };
  });
  for (const pack of covered ?? []) unnamed.delete(`packs/${pack}`);
  return unnamed.size > 0 ? undefined : new HeldIds(files, { root, indexes, looksMax });
}

/** The same in another thread: what is not there any more holds nothing, and is stored again. */
export function heldIdsOf(place: Omit<IndexPlace, 'root'>, share: HeldShare): HeldIds {
  const { root, looksMax } = share;
  const files: IndexFile[] = [];
  const indexes: HeldIndex[] = [];
  for (const index of share.indexes) {
    try {
      files.push(new IndexFile({ ...place, root }, index.name, files.length));
      indexes.push(index);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return new HeldIds(files, { root, indexes, looksMax });
}

/** It keeps its files open until it is closed. */
export class HeldIds implements HeldElsewhere {
  readonly share: HeldShare;
  readonly #files: readonly IndexFile[];
  readonly #each: readonly (readonly [IndexFile, Uint8Array])[];

  constructor(files: readonly IndexFile[], share: HeldShare) {
    this.#files = files;
    this.#each = files.map((file, at) => [file, share.indexes[at]?.counts ?? NO_PACKS]);
    this.share = share;
  }

  /** False also where it cannot be read: then a chunk is stored twice. */
  has(id: Digest): boolean {
    try {
      return this.#each.some(([file, counts]) => file.names(id, counts));
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }

  /** Whatever is named, held or not, for who reads. */
  places(keys: VaultAccess['keys']): ObjectPlaces {
    return placesIn(this.#files, keys);
  }

  /** A segment of all that is held, for threads to share; undefined where it cannot be read. */
  load(): ArrayBufferLike | undefined {
    const idCount = this.#files.reduce((sum, { entryCount }) => sum + entryCount, 0);
    const segment = IdSegment.make(idCount, 'shared');
    try {
      // Crowded, which only ids are that were made up, some are left out, and stored again.
      for (const [file, counts] of this.#each) file.enterInto(segment, counts);
      return segment.buffer;
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}

const NO_PACKS = new Uint8Array(0);
