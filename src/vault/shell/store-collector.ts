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
      for (const name of names) checkName(name);
      const folders = new Set<ByteString>();
      const failures: Fault[] = [];
      for (const name of names) {
        const path = byteString(`${root}/${name}`);
        folders.add(byteString(path.slice(0, path.lastIndexOf('/'))));
        try {
          disk.unlink(path);
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          // One that cannot be deleted keeps none of the others.
          if (error.code !== 'HF_DISK_ABSENT') failures.push(error);
        }
      }
      // Also for what was gone: who deleted it may not have come so far.
      for (const folder of folders) if (disk.list(folder) !== undefined) disk.syncDir(folder);
      const [first] = failures;
      if (first !== undefined) throw first;
    },
  };
}
