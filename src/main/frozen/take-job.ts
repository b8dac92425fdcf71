/** One data set into the vault, with all that the configuration says stands around its capture. */
import type { ByteString } from '../../base/bytes.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type {
  BackupOutcome,
  BackupProgress,
  BackupRoot,
} from '../../vault/shell/backup-request.ts';
import type { DataSetJob } from '../cli/backup-request.ts';
import { outputOf } from '../cli/command-stream.ts';
import { onceMoreIfOvertaken } from '../../vault/shell/overtaken.ts';
import { type RunBackup, runBackup, startCrew } from '../run-backup.ts';
import type { ThreadCrew } from '../threads/thread-crew.ts';
import { ownDirectories } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';
import { aroundCapture, type Stops, stopFault, type Surrounded } from './around-capture.ts';
import { isPlain } from './capture-plan.ts';
import { frozenSource } from './methods.ts';

export interface TakePorts {
  readonly session: VaultSession;
  /** State directory. */
  readonly state: ByteString;
  /** What stays free where a copy is put; undefined for the usual floor. */
  readonly minFree: number | undefined;
  readonly stops: Stops;
}

export interface JobToTake {
  readonly job: DataSetJob;
  /** Closed in the end. */
  readonly crew: ThreadCrew;
  readonly readAll: boolean;
  /** As `BackupRequest` has it. */
  readonly always?: boolean;
  readonly fullSpeed: boolean;
  /** What was found before, such as the check of a service. */
  readonly found?: readonly HookRecord[];
  readonly onProgress: (progress: BackupProgress) => void;
  /** Told as soon as the snapshot is there, before all that was held still is put back. */
  readonly onKept?: (outcome: BackupOutcome) => void;
}

/** @throws Fault of `aroundCapture`, of source, vault, store and disk */
export async function takeJob(ports: TakePorts, of: JobToTake): Promise<Surrounded> {
  const { session, state } = ports;
  const { job, crew, readAll, always = false, fullSpeed, onProgress, found } = of;
  const asked: Omit<RunBackup, 'roots' | 'onProgress'> = {
    ...job,
    readAll,
    always,
    fullSpeed,
    ownPlaces: [...ownDirectories(session.line.place), state],
  };
  try {
    if (isPlain(job.plan) && found === undefined) {
      const request = (): RunBackup => ({ ...asked, roots: rootsOf(job), onProgress });
      return { outcome: await runTwice(session, crew, request), hooks: [] };
    }
    const source = await sourceOf(ports, job);
    const around = { dataSet: job.dataSet, hooks: job.plan.hooks, source };
    return await aroundCapture(
      { ...around, ...(found === undefined ? {} : { found }) },
      ports.stops,
      {
        take: async ({ roots, frozen, hooks, stop }) => {
          const outcome = await runTwice(session, crew, () => ({
            ...asked,
            roots: roots ?? rootsOf(job),
            hooks,
            ...(frozen === undefined ? {} : { frozen }),
            onProgress: (progress) => {
              if (stop.aborted) throw stopFault();
              onProgress(progress);
            },
          }));
          of.onKept?.(outcome);
          return outcome;
        },
        tell: (outcome) => ({ word: outcomeWord(outcome), snapshot: outcome.snapshot }),
      },
    );
  } finally {
    await crew.close();
  }
}

/** @param request made anew for each: a stream is read once */
function runTwice(
  session: VaultSession,
  crew: ThreadCrew,
  request: () => RunBackup,
): Promise<BackupOutcome> {
  return onceMoreIfOvertaken((isAgain) =>
    runBackup(session, isAgain ? startCrew(session.line) : crew, request()),
  );
}

/** As hooks are told it. */
export function outcomeWord({ report, torn }: BackupOutcome): 'done' | 'gaps' {
  return report.gapCount > 0 || torn.length > 0 ? 'gaps' : 'done';
}

function sourceOf({ session, state, minFree }: TakePorts, { dataSet, from, plan }: DataSetJob) {
  if (plan.freeze === undefined) return undefined;
  const roots = from.kind === 'paths' ? from.roots : [];
  const { clock } = session;
  return frozenSource({ clock, state, minFree }, { dataSet, roots, plan: plan.freeze });
}

function rootsOf({ from }: DataSetJob): readonly BackupRoot[] {
  if (from.kind === 'paths') return from.roots.map(({ name, path }) => ({ name, from: { path } }));
  const stream = {
    bytes: outputOf(from.command),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  return [{ name: from.name, from: { stream } }];
}
