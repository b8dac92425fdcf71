/** Which snapshot a person means, on the command line. */
import { Option, type Command } from 'commander';
import {
  listSnapshots,
  findSnapshot,
  type ListedSnapshot,
} from '../../vault/shell/snapshot-store.ts';
import type { VaultSession } from '../vault-session.ts';

export interface SnapshotOptions {
  /** Of which `latest` is meant. */
  readonly dataSet?: string;
  /** Whoever wrote it. */
  readonly unsigned?: true;
}

export function snapshotOptions(command: Command): Command {
  return command
    .addOption(new Option('--data-set <name>', 'latest is the newest of this data set'))
    .addOption(new Option('--unsigned', 'take it though nobody vouches for who wrote it'));
}

/** @throws Fault HF_SNAPSHOT_ABSENT, HF_SNAPSHOT_AMBIGUOUS */
export async function chosenSnapshot(
  { vault }: VaultSession,
  wanted: string,
  { dataSet }: SnapshotOptions,
): Promise<ListedSnapshot> {
  const { snapshots } = await listSnapshots(vault);
  return findSnapshot(vault, snapshots, { wanted, ...(dataSet === undefined ? {} : { dataSet }) });
}
