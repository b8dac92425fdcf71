/** One data set in one round: backup, restore for proof, comparison, evidence. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { BackupOutcome } from '../../vault/shell/backup-request.ts';
import {
  findSnapshot,
  listSnapshots,
  readSnapshotContent,
} from '../../vault/shell/snapshot-store.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { recordDamage, recordDrill } from '../estate/record-drill.ts';
import type { Surrounded } from '../frozen/around-capture.ts';
import { recordAround } from '../frozen/keep-around.ts';
import { takeJob } from '../frozen/take-job.ts';
import { startCrew } from '../run-backup.ts';
import { runDrill } from '../run-drill.ts';
import { directVault, type VaultSession } from '../vault-session.ts';
import type { ProtectHow } from './rounds.ts';
import { scratchOf } from './scratch.ts';
import type { Target } from './targets.ts';
import type { Protected } from './up-view.ts';

export interface ProtectPorts {
  readonly cli: Cli;
  readonly session: VaultSession;
  readonly ledger: EvidenceLedger;
  /** State directory. */
  readonly state: ByteString;
  readonly step: (text: string) => void;
  /** Looks whether the vault's file system has still room. @throws Fault HF_VAULT_FLOOR */
  readonly checkFloor: () => void;
}

/** @throws Fault of source, vault, store and disk. A drill that fails is a result, not a Fault. */
export async function protect(
  ports: ProtectPorts,
  target: Target,
  how: ProtectHow,
): Promise<Protected> {
  try {
    return await backUpAndDrill(ports, target, how);
  } catch (error) {
    if (error instanceof Fault && isDamage(error)) {
      const { session, ledger } = ports;
      const of = { session, ledger, discovery: how.discovery };
      await recordDamage(of, { dataSet: target.dataSet, fault: error });
    }
    throw error;
  }
}

function isDamage({ kind, code }: Fault): boolean {
  return kind === 'corrupt' || code === 'HF_OBJECT_MISSING';
}

async function backUpAndDrill(
  ports: ProtectPorts,
  target: Target,
  how: ProtectHow,
): Promise<Protected> {
  ports.step(`backing up ${sayText(target.dataSet, ports.cli.terminal.errorStyle)}`);
  const { outcome: backup, hooks } = await backUp(ports, target, how);
  const last = how.lastDrill(backup);
  const drill = last ?? (await drillNow(ports, { target, backup, how }));
  return { kind: 'protected', target, backup, hooks, drill, isDrilledNow: last === undefined };
}

async function backUp(
  ports: ProtectPorts,
  target: Target,
  { run }: ProtectHow,
): Promise<Surrounded> {
  const { session, ledger, state, cli } = ports;
  const label = sayText(target.dataSet, cli.terminal.errorStyle);
  const progress = new LiveProgress(cli, { label: `backup ${label}`, word: 'read' });
  try {
    const { roots, service, ...rest } = target;
    const own = service === undefined ? {} : { service: { ...service, run } };
    const take = { session, state, minFree: undefined, stops: cli.stop };
    const surrounded = await takeJob(take, {
      job: { ...rest, ...own, from: { kind: 'paths', roots } },
      crew: startCrew(session.line),
      readAll: false,
      fullSpeed: false,
      onProgress: ({ entries, entriesExpected, readBytes }) => {
        ports.checkFloor();
        progress.update({
          entries,
          entriesTotal: entriesExpected,
          bytes: readBytes,
          bytesTotal: undefined,
        });
      },
    });
    const { dataSet } = target;
    await recordAround(ledger, { clock: session.clock, dataSet, hooks: surrounded.hooks });
    return surrounded;
  } finally {
    progress.end();
  }
}

async function drillNow(
  ports: ProtectPorts,
  of: { readonly target: Target; readonly backup: BackupOutcome; readonly how: ProtectHow },
): Promise<DrillResult> {
  const { cli, session, ledger, state } = ports;
  const name = sayText(of.target.dataSet, cli.terminal.errorStyle);
  ports.step(`restoring ${name} to a scratch place, for proof`);
  const { snapshots } = await listSnapshots(directVault(session));
  const listed = findSnapshot(session.vault, snapshots, { wanted: of.backup.snapshot });
  const snapshot = {
    record: listed.record,
    content: readSnapshotContent(session.vault, listed.record),
  };
  const scratch = scratchOf(state);
  const progress = new LiveProgress(cli, { label: `drill ${name}`, word: 'restored' });
  let result: DrillResult;
  try {
    result = await runDrill(session, {
      snapshot: listed,
      scratch,
      onProgress: ({ entries, bytes, bytesTotal, entriesTotal }) =>
        progress.update({ entries, entriesTotal, bytes, bytesTotal }),
    });
  } finally {
    progress.end();
  }
  const { discovery } = of.how;
  await recordDrill({ session, ledger, discovery, snapshot, scratch, result });
  return result;
}
