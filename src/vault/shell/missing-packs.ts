import { hexOf } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { INDEX_FIXED_SIZE, INDEX_PACK_SIZE } from '../core/index-table.ts';
import type { DirectoryStore } from './store-directory.ts';

/**
 * Names of packs that indexes name and that are not there, or not whole, from the heads of the
 * indexes alone: an unchanged tree needs to know this and nothing else of them. A damaged index
 * names less; loading it says so.
 */
export async function missingPacks(store: DirectoryStore): Promise<readonly string[]> {
  const sizes = new Map<string, number>();
  for (const { name, sizeBytes } of store.listSync('packs/')) sizes.set(name, sizeBytes);
  const missing: string[] = [];
  for (const { name: index, sizeBytes } of store.listSync('index/')) {
    if (sizeBytes < INDEX_FIXED_SIZE) continue;
    const head = viewOf(store.getSync(index, { offset: 0, length: INDEX_FIXED_SIZE }));
    const length = head.getUint32(8, true) * INDEX_PACK_SIZE;
    if (INDEX_FIXED_SIZE + length > sizeBytes) continue;
    const packs = store.getSync(index, { offset: INDEX_FIXED_SIZE, length });
    const view = viewOf(packs);
    for (let at = 0; at < length; at += INDEX_PACK_SIZE) {
      const name = hexOf(byteString(String.fromCharCode(...packs.subarray(at, at + 32))));
      const size = Number(view.getBigUint64(at + 32, true));
      if ((sizes.get(`packs/${name}`) ?? -1) < size) missing.push(name);
    }
  }
  return missing;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
