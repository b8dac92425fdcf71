/** `holdfast backup`: a snapshot of directories, of files, or of what a command prints. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { BackupRoot } from '../../vault/shell/backup-request.ts';
import { runBackup, startCrew } from '../run-backup.ts';
import { stepBack } from '../step-back.ts';
import type { ThreadCrew } from '../threads/thread-crew.ts';
import { nodePorts } from '../vault-session.ts';
import { type BackupOptions, backupJobs, type DataSetJob } from './backup-request.ts';
import { backupJson, backupWords, hasGaps, type Taken } from './backup-words.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { outputOf } from './command-stream.ts';
import { EXIT } from './exit-code.ts';
import { bytesBelow } from './first-backup.ts';
import { LiveProgress } from './live-progress.ts';
import { type Opened, openWith, vaultOptions } from './open.ts';
import { textOfBytes } from './places.ts';
import { readSettings, type Settings, type VaultOptions, vaultOf } from './settings.ts';
import { checkFloor, type Floor, floorBytes, parseFloor } from './sizes.ts';

interface Options extends VaultOptions, BackupOptions {
  readonly minFree?: string;
  readonly fullSpeed?: true;
  readonly quiet?: true;
}

const FLOOR_CHECK_MS = 1000;

const EXAMPLE = `
One path in: its content is restored directly; several: each under its name.
Without a PATH the data sets of holdfast.yaml are backed up, or the one that
--name says. What could not be read is named, in the snapshot too, and the
exit code is 6.

Examples:
  holdfast backup --vault /srv/vault /srv/data --exclude '*.tmp'
  holdfast backup --vault /srv/vault --stdin wiki.sql -- pg_dump wiki`;

export function define(command: Command, act: Act): void {
  const collect = (text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ];
  command
    .summary('take a snapshot')
    .description('Takes a snapshot of directories and files, or of what a command prints.')
    .argument('[path...]', 'what to back up; with --stdin the command and its arguments')
    .option('--name <data set>', 'what it is called; its paths, if not said')
    .option('--exclude <rule>', 'leave out, in gitignore syntax; may be repeated', collect)
    .option('--exclude-from <file>', 'such rules from a file, one a line', collect)
    .option('--one-file-system', 'do not enter other file systems')
    .option('--exclude-caches', 'leave out directories with a CACHEDIR.TAG')
    .option('--exclude-nobackup', 'leave out directories with a .nobackup')
    .option('--read-all', 'read every file, and name those that changed without a trace')
    .option('--stdin <name>', 'back up what the command behind -- prints, as this file')
    .option('--min-free <size>', 'what stays free with the vault (else 10 %, at least 5 GiB)')
    .option('--full-speed', 'do not step back behind others who use disk and processor')
    .option('-q, --quiet', 'say nothing when all was kept')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [args, options]: [readonly string[], Options]) => perform(cli, args, options)),
    );
  vaultOptions(command);
}

async function perform(cli: Cli, args: readonly string[], options: Options): Promise<Answer> {
  if (options.fullSpeed !== true) await stepBack();
  const settings = await readSettings(cli, options);
  const jobs = backupJobs(cli, settings, { args, options });
  const guard = floorGuard(cli, settings, options.minFree);
  guard.checkFirst(jobs);
  cli.stop.note('No snapshot was made; the next backup uses what was stored.');
  const crew = startCrew(vaultOf(settings));
  let opened: Opened;
  try {
    opened = await openWith(cli, settings, options);
  } catch (error) {
    await crew.close();
    throw error;
  }
  const taken: Taken[] = [];
  for (const [at, job] of jobs.entries()) {
    const own = at === 0 ? crew : startCrew(opened.session.root);
    taken.push(await takeOne(cli, { opened, job, crew: own, guard, options }));
  }
  const isFlawed = taken.some(hasGaps);
  const isSilent = options.quiet === true && !isFlawed;
  return {
    code: isFlawed ? EXIT.gaps : EXIT.done,
    say: (style) =>
      isSilent
        ? []
        : taken.flatMap((each, at) => [...(at === 0 ? [] : ['']), ...backupWords(each, style)]),
    json: { vault: opened.session.vault.id, backups: taken.map(backupJson) },
  };
}

async function takeOne(
  cli: Cli,
  of: {
    readonly opened: Opened;
    readonly job: DataSetJob;
    readonly crew: ThreadCrew;
    readonly guard: FloorGuard;
    readonly options: Options;
  },
): Promise<Taken> {
  const { opened, job, crew, guard, options } = of;
  const { session, settings } = opened;
  const label = job.from.kind === 'command' ? textOfBytes(job.from.name) : job.dataSet;
  const progress = new LiveProgress(cli, { label: `backup ${label}`, word: 'read' });
  try {
    const outcome = await runBackup(session, crew, {
      ...job,
      roots: rootsOf(job),
      readAll: options.readAll ?? false,
      ownPlaces: [session.root, settings.state.value],
      onProgress: ({ entries, readBytes, entriesExpected }) => {
        guard.check();
        progress.update({
          entries,
          entriesTotal: entriesExpected,
          bytes: readBytes,
          bytesTotal: undefined,
        });
      },
    });
    return { dataSet: job.dataSet, outcome, besideVault: besideVault(session.root, job) };
  } finally {
    progress.end();
  }
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

/** Paths on the file system where the vault lies: one disk takes both. */
function besideVault(vault: ByteString, { from }: DataSetJob): readonly ByteString[] {
  if (from.kind !== 'paths') return [];
  const { dev } = fs.statSync(fsPath(vault));
  return from.roots
    .map(({ path }) => path)
    .filter((path) => fs.statSync(fsPath(path), { throwIfNoEntry: false })?.dev === dev);
}

interface FloorGuard {
  /** Before anything is stored. @throws Fault HF_VAULT_FLOOR, as `check` */
  readonly checkFirst: (jobs: readonly DataSetJob[]) => void;
  /** Looks once a second, however often it is called. */
  readonly check: () => void;
}

function floorGuard(cli: Cli, settings: Settings, minFree: string | undefined): FloorGuard {
  const { disk } = nodePorts();
  const root = vaultOf(settings);
  const asked = minFree ?? settings.config['min-free'];
  const floor: Floor | undefined =
    asked === undefined ? undefined : parseFloor(String(asked), 'backup');
  const place = textOfBytes(root);
  let lookedMs = cli.clock.monotonic();
  return {
    checkFirst: (jobs) => {
      const snapshots = disk.list(byteString(`${root}/snapshots`));
      // What is not there is said by opening it.
      if (disk.list(root) === undefined) return;
      const space = disk.space(root);
      checkFloor({ place, floor, space });
      if (snapshots !== undefined && snapshots.length > 0) return;
      const spareBytes = space.freeBytes - floorBytes(floor, space.totalBytes);
      checkFloor({ place, floor, space, estimateBytes: bytesBelow(jobs, spareBytes) });
    },
    check: () => {
      const now = cli.clock.monotonic();
      if (now - lookedMs < FLOOR_CHECK_MS) return;
      lookedMs = now;
      checkFloor({ place, floor, space: disk.space(root) });
    },
  };
}
