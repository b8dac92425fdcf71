import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import type { Store } from './store.ts';
import type { LocatedGroup, ObjectPlaces, VaultAccess } from './vault-access.ts';
import { type ReadRange, VaultReader, type WantedObject } from './vault-reader.ts';

/** Gives the bytes of an object of the vault, checked, or throws as `VaultReader.search` does. */
export type ReadObject = (wanted: WantedObject) => Uint8Array;

/**
 * A reader that reads at once, for threads and for the synchronous callbacks of manifests.
 * Views of the bytes it gives stay valid; they keep their group in memory.
 */
export function vaultReaderFrom(
  access: VaultAccess | ObjectPlaces,
  tools: Tools,
  readRange: ReadRange,
): ObjectsOfVault {
  const reader = new VaultReader(access, tools);
  const readGroup = (place: LocatedGroup): Uint8Array | Fault => {
    try {
      return readRange(place.pack, place.offset, place.headerLength + place.bodyLength);
    } catch (error) {
      return faultOf(error);
    }
  };
  const readObject: ReadObject = (wanted) => {
    const search = reader.search(wanted);
    let step = search.next();
    while (step.done !== true) step = search.next(readGroup(step.value));
    return step.value;
  };
  const { expect } = readRange;
  if (expect === undefined) return { reader, readObject };
  return { reader, readObject, expect: (wanted) => expect(reader.groupsFor(wanted)) };
}

export interface ObjectsOfVault {
  readonly reader: VaultReader;
  readonly readObject: ReadObject;
  /** These will be read next, in this order; not there where nothing is gained by saying so. */
  readonly expect?: (wanted: readonly WantedObject[]) => void;
}

/** The same over a store that has to be waited for. */
export async function readObject(
  source: { readonly reader: VaultReader; readonly store: Store },
  wanted: WantedObject,
): Promise<Uint8Array> {
  const search = source.reader.search(wanted);
  let step = search.next();
  while (step.done !== true) step = search.next(await fetchGroup(source.store, step.value));
  return step.value;
}

async function fetchGroup(store: Store, place: LocatedGroup): Promise<Uint8Array | Fault> {
  const length = place.headerLength + place.bodyLength;
  try {
    return await store.get(`packs/${place.pack}`, { offset: place.offset, length });
  } catch (error) {
    return faultOf(error);
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}
