/** A simulated machine with a vault and a copy of it elsewhere on its disk, and what it does to them. */
import { byteString, type ByteString } from '../src/base/bytes.ts';
import { seconds } from '../src/base/units.ts';
import type { CopyReport, CopyRequest } from '../src/vault/shell/copy-report.ts';
import { copyVault as copy } from '../src/vault/shell/copy-vault.ts';
import { type RepairReport, repairVault as repair } from '../src/vault/shell/repair-vault.ts';
import type { Store } from '../src/vault/shell/store.ts';
import { type DirectoryStore, directoryStore } from '../src/vault/shell/store-directory.ts';
import type { SimDisk } from './disk.ts';
import { seededRandom } from './seeded.ts';
import { SimClock } from './sim-clock.ts';
import { seededTools } from './sim-tools.ts';

export const COPY_ROOT = byteString('/mnt/copy');

const tools = seededTools();
const NOW_MS = 1_900_000_000_000;
const HASTE: Pick<CopyRequest, 'demandRoom' | 'onProgress'> = {
  demandRoom: async () => undefined,
  onProgress: () => undefined,
};

export function storeIn(disk: SimDisk, root: ByteString, seed = 1): DirectoryStore {
  const clock = new SimClock(NOW_MS + seconds(seed));
  return directoryStore({ disk, root, clock, random: seededRandom(seed) });
}

export interface BetweenPlaces {
  readonly from: ByteString;
  readonly to: ByteString;
  /** The disk that `from` lies on, where it is another. */
  readonly fromDisk?: SimDisk;
  readonly seed?: number;
  readonly isDryRun?: boolean;
}

/** What is put between a run and the place that it reads from. */
export type Between = (store: Store) => Store;

export function copyVault(
  disk: SimDisk,
  of: BetweenPlaces & { readonly between?: Between },
): Promise<CopyReport> {
  const { from, to, fromDisk = disk, seed = 2, isDryRun = false } = of;
  const { between = (store) => store } = of;
  const clock = new SimClock(NOW_MS + seconds(seed));
  const ports = {
    from: between(storeIn(fromDisk, from)),
    to: storeIn(disk, to, seed),
    tools,
    clock,
  };
  return copy(ports, { ...HASTE, isDryRun });
}

/** `to` is repaired from `from`. */
export function repairVault(
  disk: SimDisk,
  of: BetweenPlaces & { readonly addsOnly?: boolean; readonly putsBackKeys?: boolean },
): Promise<RepairReport> {
  const { from, to, fromDisk = disk, seed = 3, isDryRun = false, putsBackKeys = false } = of;
  const store = storeIn(disk, to, seed);
  const mending = of.addsOnly === true ? undefined : store;
  const clock = new SimClock(NOW_MS + seconds(seed));
  const ports = { store, mending, other: storeIn(fromDisk, from), tools, clock };
  return repair(ports, { ...HASTE, isDryRun, putsBackKeys });
}

/** As rot or a person would: nothing of it is the product's. */
export function overwrite(disk: SimDisk, path: ByteString, bytes: Uint8Array | undefined): void {
  if (disk.size(path) !== undefined) disk.unlink(path);
  const parent = byteString(path.slice(0, path.lastIndexOf('/')));
  if (bytes !== undefined) {
    disk.makeDir(parent);
    const file = disk.create(path);
    file.write(bytes);
    file.sync();
    file.close();
  }
  disk.syncDir(parent);
}
