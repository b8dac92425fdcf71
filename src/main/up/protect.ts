/** One data set in one round: backup, restore for proof, comparison, evidence. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { BackupOutcome } from '../../vault/shell/backup.ts';
import { rootNames } from '../../vault/shell/backup.ts';
import {
  findSnapshot,
  listSnapshots,
  readSnapshotContent,
} from '../../vault/shell/snapshot-store.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { recordDrill } from '../estate/record-drill.ts';
import { runBackup, startCrew } from '../run-backup.ts';
import { runDrill } from '../run-drill.ts';
import type { VaultSession } from '../vault-session.ts';
import { scratchOf } from './scratch.ts';
import type { Target } from './targets.ts';

export interface ProtectPorts {
  readonly cli: Cli;
  readonly session: VaultSession;
  readonly ledger: EvidenceLedger;
  readonly discovery: Discovery;
  /** State directory. */
  readonly state: ByteString;
  readonly step: (text: string) => void;
}

export interface Protected {
  readonly target: Target;
  readonly backup: BackupOutcome;
  readonly drill: DrillResult;
}

/** @throws Fault of source, vault, store and disk. A drill that fails is a result, not a Fault. */
export async function protect(ports: ProtectPorts, target: Target): Promise<Protected> {
  const { session, ledger, discovery, state } = ports;
  ports.step(`backing up ${target.name}`);
  const backup = await backUp(ports, target);
  ports.step(`restoring ${target.name} to a scratch place, for proof`);
  const { snapshots } = await listSnapshots(session.vault);
  const listed = findSnapshot(session.vault, snapshots, { wanted: backup.snapshot });
  const content = readSnapshotContent(session.vault, listed.record);
  const scratch = scratchOf(state);
  const progress = new LiveProgress(ports.cli, { label: 'drill', word: 'restored' });
  let drill: DrillResult;
  try {
    drill = await runDrill(session, {
      snapshot: listed,
      scratch,
      onProgress: ({ entries, bytes, bytesTotal, entriesTotal }) =>
        progress.update({ entries, entriesTotal, bytes, bytesTotal }),
    });
  } finally {
    progress.end();
  }
  const snapshot = { record: listed.record, content };
  await recordDrill({ session, ledger, discovery, snapshot, scratch, result: drill });
  return { target, backup, drill };
}

async function backUp(ports: ProtectPorts, target: Target): Promise<BackupOutcome> {
  const { session, state, cli } = ports;
  const [first] = target.paths;
  if (first === undefined) {
    throw new Fault('HF_SOURCE_ABSENT', `${target.name} names no path`, { path: target.name });
  }
  const names = rootNames(target.paths);
  const progress = new LiveProgress(cli, { label: 'backup', word: 'read' });
  try {
    return await runBackup(session, startCrew(session.root), {
      ...target,
      dataSet: target.name,
      roots: target.paths.map((path, at) => ({ name: names[at] ?? path, from: { path } })),
      readAll: false,
      ownPlaces: [session.root, state],
      onProgress: ({ entries, entriesExpected, readBytes }) =>
        progress.update({
          entries,
          entriesTotal: entriesExpected,
          bytes: readBytes,
          bytesTotal: undefined,
        }),
    });
  } finally {
    progress.end();
  }
}
