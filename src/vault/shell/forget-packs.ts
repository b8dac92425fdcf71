import { hexOf } from '../../base/bytes.ts';
import { indexWithout } from '../core/index-without.ts';
import type { CollectorStore } from './store.ts';
import { inParallel } from './in-parallel.ts';
import { readIndex } from './vault-index.ts';
import type { ReadingPorts } from './vault-ports.ts';

/**
 * Indexes without packs that are gone, durable before those that name them are deleted: what is
 * there is named at every moment. Who is stopped in between leaves both, which harms nobody.
 */
export async function forgetPacks(
  ports: Omit<ReadingPorts, 'store'> & { readonly store: CollectorStore },
  gone: ReadonlySet<string>,
): Promise<void> {
  if (gone.size === 0) return;
  const { store, tools } = ports;
  const old: string[] = [];
  await inParallel(await store.list('index/'), async (object) => {
    // One that is damaged names nothing, and stays for whoever looks into it.
    const table = await readIndex(ports, object, []);
    if (table?.packs.some(({ name }) => gone.has(hexOf(name))) !== true) return;
    const bytes = indexWithout(tools.codec, table, gone);
    if (bytes !== undefined) {
      const sha256 = tools.hash.sha256(bytes);
      await store.putIfAbsent(`index/${hexOf(sha256)}`, bytes, sha256);
    }
    old.push(object.name);
  });
  await store.delete(old);
}
