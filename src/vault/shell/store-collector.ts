/** The directory of a vault as who collects holds it. Only this deletes anything of a vault. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type DirectoryStoreOptions, directoryStore } from './store-directory.ts';
import { checkName } from './store-request.ts';
import type { CollectorStore } from './store.ts';

export function directoryCollector(options: DirectoryStoreOptions): CollectorStore {
  const { disk, root } = options;
  return {
    ...directoryStore(options),
    async delete(names: readonly string[]) {
      const folders = new Set<ByteString>();
      for (const name of names) {
        checkName(name);
        const path = byteString(`${root}/${name}`);
        folders.add(byteString(path.slice(0, path.lastIndexOf('/'))));
        try {
          disk.unlink(path);
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== 'HF_DISK_ABSENT') throw error;
        }
      }
      // Also for what was gone: who deleted it may not have come so far.
      for (const folder of folders) if (disk.list(folder) !== undefined) disk.syncDir(folder);
    },
  };
}
