/** `holdfast restore`: a snapshot back on disk. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { restoreService } from '../services/restore-service.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { vaultOptions, writerOption } from './open.ts';
import { type RestoreOptions, restoreInto } from './restore-act.ts';
import { restoreGranted } from './restore-granted.ts';
import { demandOfSnapshot, snapshotOptions } from './snapshot-choice.ts';

interface Options extends RestoreOptions {
  readonly service?: string;
  readonly run?: string;
  readonly grant?: string;
}

const EXAMPLE = `
TARGET is new or empty, or holds an interrupted restore of the same snapshot,
which is gone on with. With --in-place it may hold anything: every file is
compared, only what differs is written, and what the snapshot has not stays.
That is a plan: it is judged, what it overwrites is kept, and holdfast undo puts
it back. Where it overwrites, it asks for the name of TARGET on a terminal, and
needs --yes elsewhere; --yes covers only a plan that no rule objects to.

With --service every data set goes to TARGET/NAME, and the team's own check is
run on it.

With --grant no key that reads is needed: what was asked for with
holdfast key request goes to TARGET, and the grant is used up.

In place it ends with 2 where something waits for a person, 3 where it may
never be, 4 where TARGET changed meanwhile; 6 where something is missing.

Examples:
  holdfast restore --vault /srv/vault latest /srv/back
  holdfast restore --vault /srv/vault 7c63b3d1 /srv/back --first 'releases/7.*'
  holdfast restore latest /srv/www --in-place --dry-run
  holdfast restore --service wiki /srv/back
  holdfast restore --grant web1.grant /srv/back`;

export function define(command: Command, act: Act): void {
  command
    .summary('put a snapshot back')
    .description('Puts a snapshot back: one path directly below TARGET, several under their names.')
    .argument('<snapshot>', 'latest, or the first digits of its id')
    .argument('[target]', 'directory')
    .option('--service <name>', 'all data sets of a service, of one moment; then only TARGET')
    .option('--run <id>', 'of --service: which run; else the newest whole one')
    .option('--grant <file>', 'by the keys that `key grant` gave for a request; then only TARGET')
    .option(
      '--first <rule>',
      'what matches comes first, in gitignore syntax; may be repeated',
      more,
    )
    .option('--in-place', 'over what is there, through a plan')
    .option('-n, --dry-run', 'of --in-place: say what would be done, and do nothing')
    .option('--yes', 'of --in-place: do what no rule objects to, overwrites too')
    .option('--reason <text>', 'of --in-place: stands in the plan and in the history')
    .option('--owner-names', 'owners by name, not by number')
    .option('--no-sync', 'do not wait until all is on the medium; in place it always waits')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [first, second, options]: [string, string | undefined, Options]) =>
        perform(cli, { first, second, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(command)));
}

/** @throws Fault HF_USAGE where what is to be restored is said twice, or where to is not said */
function perform(
  cli: Cli,
  asked: { readonly first: string; readonly second: string | undefined; readonly options: Options },
): Promise<Answer> {
  const { first, second, options } = asked;
  const { service, run } = options;
  const isPlanned = options.dryRun === true || options.yes === true || options.reason !== undefined;
  if (isPlanned && options.inPlace !== true) {
    throw usage('--dry-run, --yes and --reason go with --in-place');
  }
  if (options.grant !== undefined) {
    if (second !== undefined || service !== undefined || options.inPlace === true) {
      throw usage('--grant says what is restored, into a new place: give TARGET and no snapshot');
    }
    demandOfSnapshot(options, 'restore');
    return restoreGranted(cli, { grant: options.grant, target: first, options });
  }
  if (service === undefined) {
    if (run !== undefined) throw usage('--run goes with --service');
    if (second === undefined) throw usage("missing required argument 'target'");
    return restoreInto(cli, { snapshot: first, target: second, options });
  }
  demandOfSnapshot(options, 'restore');
  if (options.dryRun === true) throw usage('--dry-run is of one snapshot, not of a --service');
  if (second !== undefined || options.dataSet !== undefined) {
    throw usage('--service takes all of a run: give TARGET and no snapshot');
  }
  return restoreService(cli, { service, run: run ?? 'latest', target: first, options });
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'restore' });
}

function more(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
