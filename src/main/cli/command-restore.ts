/** `holdfast restore`: a snapshot back on disk. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';
import { vaultOptions, writerOption } from './open.ts';
import { type RestoreOptions, restoreInto } from './restore-act.ts';
import { snapshotOptions } from './snapshot-choice.ts';

const EXAMPLE = `
TARGET is new or empty, or holds an interrupted restore of the same snapshot,
which is gone on with. With --in-place only what differs is written, nothing
is deleted, and what is replaced is moved aside, to .holdfast-aside-TIME below
TARGET.

Examples:
  holdfast restore --vault /srv/vault latest /srv/back
  holdfast restore --vault /srv/vault 7c63b3d1 /srv/back --first 'releases/7.*'`;

export function define(command: Command, act: Act): void {
  command
    .summary('put a snapshot back')
    .description('Puts a snapshot back: one path directly below TARGET, several under their names.')
    .argument('<snapshot>', 'latest, or the first digits of its id')
    .argument('<target>', 'directory')
    .option(
      '--first <rule>',
      'what matches comes first, in gitignore syntax; may be repeated',
      more,
    )
    .option('--in-place', 'over what is there')
    .option('--owner-names', 'owners by name, not by number')
    .option('--no-sync', 'do not wait until all is on the medium')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [snapshot, target, options]: [string, string, RestoreOptions]) =>
        restoreInto(cli, { snapshot, target, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(command)));
}

function more(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
