/** A vault as questions of files read it: whose snapshots may be seen, and a page of what is in one. */
import os from 'node:os';
import { Fault } from '../../base/fault.ts';
import { isKeptForUndo } from '../../vault/core/snapshot-content.ts';
import {
  type ListedSnapshot,
  listSnapshots,
  readSnapshotContent,
} from '../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import { PART_BYTES_MAX, type SnapshotSaid } from '../../watch/core/files/wants.ts';
import { writerHere } from '../cli/snapshot-choice.ts';
import { type ReadingParts, restorePorts } from '../run-restore.ts';
import type { VaultSession } from '../vault-session.ts';

/** Room for what stands around the entries of a page. */
const PAGE_BYTES_MAX = PART_BYTES_MAX / 4;

/** A vault that was opened, and who asks. */
export interface FilesVault {
  readonly session: VaultSession;
  /** Only what this host wrote itself. */
  readonly own: boolean;
}

export interface Known {
  readonly snapshot: ListedSnapshot;
  readonly said: SnapshotSaid;
}

/** That can be believed and opened, and are this asker's to see. */
export async function snapshotsOf({ session, own }: FilesVault): Promise<readonly Known[]> {
  const { vault } = session;
  const writer = writerHere(session);
  const { snapshots } = await listSnapshots(vault);
  return snapshots.flatMap((snapshot): readonly Known[] => {
    const { record, trust } = snapshot;
    if (trust !== 'trusted') return [];
    try {
      const content = readSnapshotContent(vault, record);
      if (isKeptForUndo(content)) return [];
      // A host that was set up anew has another writer, under the name it had.
      if (own && record.writer !== writer && content.host !== os.hostname()) return [];
      const { host, dataSet, started, roots, torn, gapCount } = content;
      return [
        {
          snapshot,
          said: {
            ...{ id: record.id, host, dataSet, coveredUpTo: started, isTorn: torn.length > 0 },
            bytes: roots.reduce((sum, root) => sum + Number(root.bytes), 0),
            entries: roots.reduce((sum, root) => sum + root.entries, 0),
            gapCount,
          },
        },
      ];
    } catch (error) {
      // Sealed to somebody else, or damaged: nothing of it can be shown.
      if (error instanceof Fault && error.kind !== 'transient') return [];
      throw error;
    }
  });
}

/** @throws Fault HF_SNAPSHOT_ABSENT */
export async function snapshotHere(vault: FilesVault, id: string): Promise<Known> {
  const found = (await snapshotsOf(vault)).find(({ said }) => said.id === id);
  if (found !== undefined) return found;
  const whose = vault.own ? 'that this host wrote' : 'that can be opened here';
  throw new Fault('HF_SNAPSHOT_ABSENT', `there is no snapshot ${id.slice(0, 8)} ${whose}`);
}

export async function portsOf({ session }: FilesVault): Promise<ReadingParts> {
  const { access } = await loadIndex(session.vault);
  return restorePorts(session, access);
}

/** So many from there on, and no more than fit into an answer; `next`: where to go on, null: that was all. */
export function pageOf<T, S extends object>(
  all: Iterable<T>,
  { from, count }: { readonly from: number; readonly count: number },
  say: (item: T) => S,
): { readonly items: readonly S[]; readonly next: number | null } {
  const items: S[] = [];
  let [at, size] = [0, 0];
  for (const item of all) {
    if (at >= from) {
      const said = say(item);
      size += JSON.stringify(said).length;
      if (items.length === count || (items.length > 0 && size > PAGE_BYTES_MAX)) {
        return { items, next: at };
      }
      items.push(said);
    }
    at += 1;
  }
  return { items, next: null };
}
