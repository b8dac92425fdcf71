/** `holdfast backup`: a snapshot of directories, of files, or of what a command prints. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { dataSetsElsewhere } from '../estate/data-sets-here.ts';
import { FLOOR_UNKNOWN, FloorWatch } from '../floor-watch.ts';
import { startCrew } from '../run-backup.ts';
import { type ServicePlan, servicePlan } from '../services/service-plan.ts';
import { takeService } from '../services/take-service.ts';
import { stepBack } from '../step-back.ts';
import { type BackupOptions, backupJobs, type DataSetJob, tagged } from './backup-request.ts';
import { backupJson, backupWords, elsewhereWords, hasGaps, isTaken } from './backup-words.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { firstBackupBytes } from './first-backup.ts';
import { lineTo, type Opened, openWith, vaultOptions } from './open.ts';
import { readSettings, type Settings, type VaultOptions } from './settings.ts';
import { parseFloor } from './sizes.ts';
import { takeDataSets } from './take-data-sets.ts';

interface Options extends VaultOptions, BackupOptions {
  readonly minFree?: string;
  readonly fullSpeed?: true;
  readonly always?: true;
  readonly quiet?: true;
  readonly service?: string;
}

const EXAMPLE = `
One path in: its content is restored directly; several: each under its name.
Without a PATH the data sets of holdfast.yaml are backed up, or the one that
--name says. What could not be read is named, in the snapshot too, and the
exit code is 6. Where nothing changed since the last snapshot no other is taken:
the vault then says until when that one holds all there is.

A data set of holdfast.yaml may say how it is held still (capture:) and what
is run around it (before:, thaw:, failed:, after:). Of several, one that fails
leaves the others alone, and the exit code is 1.

Examples:
  holdfast backup --vault /srv/vault /srv/data --exclude '*.tmp'
  holdfast backup --vault /srv/vault /srv/data --from-snapshot btrfs
  holdfast backup --service wiki
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
    .option('--service <name>', 'all data sets of a service, of one moment')
    .option('--tag <name>', 'a name that a retention can keep it by; may be repeated', collect)
    .option('--exclude <rule>', 'leave out, in gitignore syntax; may be repeated', collect)
    .option('--exclude-from <file>', 'such rules from a file, one a line', collect)
    .option('--one-file-system', 'do not enter other file systems')
    .option('--exclude-caches', 'leave out directories with a CACHEDIR.TAG')
    .option('--exclude-nobackup', 'leave out directories with a .nobackup')
    .option('--read-all', 'read every file, and name those that changed without a trace')
    .option('--always', 'take a snapshot though nothing changed since the last')
    .option('--stdin <name>', 'back up what the command behind -- prints, as this file')
    .option('--from-snapshot <how>', 'read from a snapshot: btrfs, lvm, zfs, or command')
    .option('--view-open <word...>', 'of command: a program that prints the directory to read')
    .option('--view-close <word...>', 'of command: is given that directory at the end')
    .option('--min-free <size>', 'what stays free with the vault (else 10 %, at least 5 GiB)')
    .option('--full-speed', 'do not give way to others who use disk and processor')
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
  const planned = serviceOf(cli, settings, { args, options });
  const service = planned && { ...planned, jobs: tagged(planned.jobs, options.tag) };
  const jobs = service?.jobs ?? tagged(backupJobs(cli, settings, { args, options }), options.tag);
  const line = await lineTo(cli, settings);
  line.store.look('packs');
  cli.stop.note('No snapshot was made; the next backup uses what was stored.');
  const asked = options.minFree ?? settings.config['min-free'];
  const floor = asked === undefined ? undefined : parseFloor(String(asked), 'backup');
  const guard = new FloorWatch({ line, floor, clock: cli.clock });
  if (line.place.kind !== 'directory') guard.ask();
  const crew = startCrew(line);
  let opened: Opened;
  try {
    opened = await openWith(cli, settings, { ...options, line, needs: 'write' });
    await demandRoom(cli, { opened, guard, jobs });
  } catch (error) {
    await crew.close();
    throw error;
  }
  const crews = [crew];
  const take = {
    opened,
    nextCrew: () => crews.pop() ?? startCrew(line),
    minFree: floor !== undefined && 'bytes' in floor ? floor.bytes : undefined,
    readAll: options.readAll ?? false,
    always: options.always ?? false,
    fullSpeed: options.fullSpeed ?? false,
    checkFloor: () => guard.check(),
  };
  const taken =
    service === undefined
      ? await takeDataSets(cli, { ...take, jobs })
      : await takeService(cli, service, take);
  const isAll = args.length === 0 && service === undefined && options.name === undefined;
  const elsewhere = isAll ? dataSetsElsewhere(settings.config) : [];
  const isFlawed = taken.some((each) => !isTaken(each) || hasGaps(each));
  const isSilent = options.quiet === true && !isFlawed;
  return {
    code: taken.every(isTaken) ? (isFlawed ? EXIT.gaps : EXIT.done) : EXIT.error,
    say: (style) =>
      isSilent
        ? []
        : [
            ...taken.flatMap((each, at) => [
              ...(at === 0 ? [] : ['']),
              ...backupWords(each, style),
            ]),
            ...elsewhereWords(elsewhere, style),
          ],
    json: {
      vault: opened.session.vault.id,
      backups: taken.map(backupJson),
      ...(elsewhere.length === 0 ? {} : { elsewhere }),
    },
  };
}

/** @throws Fault HF_USAGE */
function serviceOf(
  cli: Cli,
  settings: Settings,
  { args, options }: { readonly args: readonly string[]; readonly options: Options },
): ServicePlan | undefined {
  const { service, name, stdin } = options;
  if (service === undefined) return undefined;
  if (args.length > 0 || name !== undefined || stdin !== undefined) {
    const message = '--service takes the data sets that holdfast.yaml names, and no others';
    throw new Fault('HF_USAGE', message, { command: 'backup' });
  }
  return servicePlan(settings, service, { now: cli.clock.now(), options });
}

/** A first backup has to fit as it is read. @throws Fault HF_VAULT_FLOOR */
async function demandRoom(
  cli: Cli,
  of: {
    readonly opened: Opened;
    readonly guard: FloorWatch;
    readonly jobs: readonly DataSetJob[];
  },
): Promise<void> {
  const { opened, guard, jobs } = of;
  const isFirst = (await opened.session.vault.store.list('snapshots/')).length === 0;
  const spareBytes = await guard.demand((spare) => (isFirst ? firstBackupBytes(jobs, spare) : 0));
  if (spareBytes === undefined) cli.terminal.err(`${FLOOR_UNKNOWN}\n`);
}
