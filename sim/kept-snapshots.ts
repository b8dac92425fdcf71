/** A history of backups, and what was captured: what restores are simulated with. */
import { type ByteString, byteString } from '../src/base/bytes.ts';
import type { ListedSnapshot } from '../src/vault/shell/snapshot-store.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import type { History } from './backup-history.ts';
import { makeHistory } from './backup-history.ts';
import type { FrozenTree } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import type { Session } from './vault-host.ts';
import { VaultHost } from './vault-host.ts';

const LARGE_FILE_SIZE = 1_300_000;

/** Snapshots with the trees they were taken of. */
export interface Kept {
  readonly host: VaultHost;
  readonly clock: SimClock;
  readonly session: Session;
  readonly snapshots: readonly ListedSnapshot[];
  readonly trees: readonly FrozenTree[];
}

export async function keptBy(seed: number, history?: History): Promise<Kept> {
  const volume = {};
  const { disk, trees, endMs } =
    history ??
    (await makeHistory({ seed, backupCount: 2, volume, largeFileBytes: LARGE_FILE_SIZE }));
  const clock = new SimClock(endMs);
  const host = new VaultHost({ disk, clock, seed });
  const session = await host.open();
  const { snapshots } = await listSnapshots(session.vault);
  return { host, clock, session, snapshots, trees };
}

export function below(top: ByteString, path: ByteString): ByteString {
  return path === '' ? top : byteString(`${top}/${path}`);
}
