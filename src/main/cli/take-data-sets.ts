/** The data sets of one `backup`, one after the other. */
import fs from 'node:fs';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { BackupOutcome } from '../../vault/shell/backup-request.ts';
import { mayTouch } from '../../vault/shell/mount-answer.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import { keepAround } from '../frozen/keep-around.ts';
import { takeJob } from '../frozen/take-job.ts';
import { CountAhead } from '../threads/count-ahead.ts';
import type { ThreadCrew } from '../threads/thread-crew.ts';
import type { VaultPlace } from '../vault-place.ts';
import type { DataSetJob } from './backup-request.ts';
import type { NotTaken, Taken } from './backup-words.ts';
import type { Cli } from './cli.ts';
import { LiveProgress } from './live-progress.ts';
import type { Opened } from './open.ts';
import { textOfBytes } from './places.ts';

export interface ToTake {
  readonly opened: Opened;
  readonly jobs: readonly DataSetJob[];
  /** A crew for the next data set. */
  readonly nextCrew: () => ThreadCrew;
  readonly minFree: number | undefined;
  readonly readAll: boolean;
  /** As `BackupRequest` has it. */
  readonly always?: boolean;
  readonly fullSpeed: boolean;
  readonly checkFloor: () => void;
  /** Of a service: what was found before; one data set is nothing without the others. */
  readonly found?: readonly HookRecord[];
}

/** What ends one data set and says nothing of the others. */
const OF_ONE = new Set<string>([
  'HF_COMMAND_FAILED',
  'HF_FREEZE_FAILED',
  'HF_HOOK_FAILED',
  'HF_SOURCE_ABSENT',
  'HF_TOOL_MISSING',
]);

/** @throws Fault of the only data set, of a service, and all that would stop the others too */
export async function takeDataSets(cli: Cli, of: ToTake): Promise<readonly (Taken | NotTaken)[]> {
  const done: (Taken | NotTaken)[] = [];
  for (const job of of.jobs) {
    try {
      const taken = await takeOne(cli, of, job);
      done.push(taken);
      noteKept(cli, job, taken.outcome);
    } catch (error) {
      const isOfAll = of.jobs.length === 1 || of.found !== undefined;
      if (!(error instanceof Fault) || isOfAll || !OF_ONE.has(error.code)) throw error;
      done.push({ dataSet: job.dataSet, fault: error });
    }
  }
  return done;
}

/** What is true when the command is stopped from here on. */
function noteKept(cli: Cli, { dataSet }: DataSetJob, { snapshot }: BackupOutcome): void {
  cli.stop.note(`Snapshot ${shortId(snapshot)} of ${sayText(dataSet)} was made before.`);
}

async function takeOne(cli: Cli, of: ToTake, job: DataSetJob): Promise<Taken> {
  const { opened, found, minFree } = of;
  const { session, settings } = opened;
  const state = settings.state.value;
  const label = job.from.kind === 'command' ? textOfBytes(job.from.name) : job.dataSet;
  const progress = new LiveProgress(cli, { label: `backup ${label}`, word: 'read' });
  const counting = cli.terminal.isLive ? countAhead(job) : undefined;
  try {
    const { outcome, hooks } = await takeJob(
      { session, state, minFree, stops: cli.stop },
      {
        job,
        crew: of.nextCrew(),
        readAll: of.readAll,
        always: of.always ?? false,
        fullSpeed: of.fullSpeed,
        ...(found === undefined ? {} : { found }),
        onKept: (kept) => noteKept(cli, job, kept),
        onProgress: ({ entries, readBytes, entriesExpected }) => {
          of.checkFloor();
          // The last run tells how many; a first one is counted beside it.
          if (entriesExpected !== undefined) counting?.end();
          const total =
            entriesExpected === undefined ? counting?.total : { entries: entriesExpected };
          progress.update({
            entries,
            entriesTotal: total?.entries,
            bytes: readBytes,
            bytesTotal: total !== undefined && 'bytes' in total ? total.bytes : undefined,
          });
        },
      },
    );
    const { dataSet, service } = job;
    const unkept = await keepAround({ clock: session.clock, state, dataSet, hooks });
    return {
      dataSet,
      outcome,
      hooks,
      unkept,
      service,
      besideVault: besideVault(session.line.place, job),
    };
  } finally {
    counting?.end();
    progress.end();
  }
}

/** For a person who watches: how much there is. */
function countAhead({ from, excludeRules }: DataSetJob): CountAhead | undefined {
  if (from.kind !== 'paths') return undefined;
  return CountAhead.begin(from.roots.map(({ path }) => ({ root: path, excludeRules })));
}

/** Paths on the file system where the vault lies: one disk takes both. */
export function besideVault(vault: VaultPlace, { from }: DataSetJob): readonly ByteString[] {
  if (from.kind !== 'paths' || vault.kind !== 'directory') return [];
  const { dev } = fs.statSync(fsPath(vault.root));
  const mounts = nodeMounts({ answerMax: MOUNT_ANSWER_MAX });
  return from.roots
    .map(({ path }) => path)
    .filter((path) => mayTouch(mounts, path))
    .filter((path) => fs.statSync(fsPath(path), { throwIfNoEntry: false })?.dev === dev);
}
