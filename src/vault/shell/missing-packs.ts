import { byteString, hexOf } from '../../base/bytes.ts';
import { INDEX_FIXED_SIZE, INDEX_PACK_SIZE } from '../core/index-table.ts';
import { inParallel } from './in-parallel.ts';
import type { Store, StoredObject } from './store.ts';
import { isAbsence } from './vault-problem.ts';

/**
 * Names of packs that indexes name and that are not there, or not whole, from the heads of the
 * indexes alone: an unchanged tree needs to know this and nothing else of them. A damaged index
 * names less; loading it says so.
 */
export async function missingPacks(store: Pick<Store, 'get' | 'list'>): Promise<readonly string[]> {
  // At once: a store that is far away answers both in one turn.
  const [packs, indexes] = await Promise.all([store.list('packs/'), store.list('index/')]);
  const sizes = new Map(packs.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const missing = await inParallel(indexes, async (index) =>
    (await packsOrNone(store, index)).filter(
      ({ name, sizeBytes }) => (sizes.get(`packs/${name}`) ?? -1) < sizeBytes,
    ),
  );
  return missing.flat().map(({ name }) => name);
}

interface NamedPack {
  /** 64 hex digits. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** One that is gone since it was listed was replaced: a collector has swept what else it named. */
async function packsOrNone(
  store: Pick<Store, 'get'>,
  index: StoredObject,
): Promise<readonly NamedPack[]> {
  try {
    return await packsOf(store, index);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

async function packsOf(
  store: Pick<Store, 'get'>,
  { name: index, sizeBytes }: StoredObject,
): Promise<readonly NamedPack[]> {
  if (sizeBytes < INDEX_FIXED_SIZE) return [];
  const head = viewOf(await store.get(index, { offset: 0, length: INDEX_FIXED_SIZE }));
  const length = head.getUint32(8, true) * INDEX_PACK_SIZE;
  if (INDEX_FIXED_SIZE + length > sizeBytes) return [];
  const packs = await store.get(index, { offset: INDEX_FIXED_SIZE, length });
  const view = viewOf(packs);
  const named: NamedPack[] = [];
  for (let at = 0; at < length; at += INDEX_PACK_SIZE) {
    const name = hexOf(byteString(String.fromCharCode(...packs.subarray(at, at + 32))));
    named.push({ name, sizeBytes: Number(view.getBigUint64(at + 32, true)) });
  }
  return named;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
