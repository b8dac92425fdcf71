/** Whether a data set that this host backed up before holds nothing any more. */
import os from 'node:os';
import { Fault } from '../base/fault.ts';
import { isNothing } from '../base/nothing-taken.ts';
import type { SnapshotContent } from '../vault/core/snapshot-content.ts';
import type { BackupOutcome } from '../vault/shell/backup-request.ts';
import { listSnapshots, readSnapshotContent, tagOf } from '../vault/shell/snapshot-store.ts';
import type { VaultSession } from './vault-session.ts';

/**
 * @returns how many entries it had when it last held something; undefined where it never did, or
 * holds something now
 */
export async function emptiedFrom(
  { vault }: VaultSession,
  dataSet: string,
  { roots, snapshot }: Pick<BackupOutcome, 'roots' | 'snapshot'>,
): Promise<number | undefined> {
  if (!isNothing(roots)) return undefined;
  const tag = tagOf(vault, dataSet);
  const { snapshots } = await listSnapshots(vault);
  // The newest first, and no further than to one that holds something.
  for (const { record, trust } of snapshots.toReversed()) {
    if (trust !== 'trusted' || record.dataSet !== tag || record.id === snapshot) continue;
    try {
      const content = readSnapshotContent(vault, record);
      if (content.host === os.hostname() && !isNothing(content.roots)) return entriesOf(content);
    } catch (error) {
      if (!(error instanceof Fault)) throw error; // What cannot be read says nothing of it.
    }
  }
  return undefined;
}

export function entriesOf({ roots }: Pick<SnapshotContent, 'roots'>): number {
  return roots.reduce((sum, { entries }) => sum + entries, 0);
}
