/** `holdfast restore`: a snapshot back on disk. */
import type { Command } from 'commander';
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import { runRestore } from '../run-restore.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { LiveProgress } from './live-progress.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import { isComplete, type Restored, restoreJson, restoreWords } from './restore-words.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { chosenSnapshot, type SnapshotOptions, snapshotOptions } from './snapshot-choice.ts';

interface Options extends VaultOptions, SnapshotOptions {
  readonly first?: readonly string[];
  readonly inPlace?: true;
  readonly ownerNames?: true;
  readonly sync: boolean;
}

const EXAMPLE = `
TARGET is new or empty, or holds an interrupted restore of the same snapshot, which is
gone on with. With --in-place only what differs is written, nothing is deleted, and
what is replaced is moved aside, to .holdfast-aside-TIME below TARGET.

Examples:
  holdfast restore --vault /srv/vault latest /srv/back
  holdfast restore --vault /srv/vault 7c63b3d1 /srv/back --first 'releases/7.*'
`;

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
      act((cli, snapshot: string, target: string, options: Options) =>
        perform(cli, { snapshot, target, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(command)));
}

function more(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

async function perform(
  cli: Cli,
  asked: { readonly snapshot: string; readonly target: string; readonly options: Options },
): Promise<Answer> {
  const { options } = asked;
  const target = fullPath(cli, asked.target);
  const { session } = await openVaultOf(cli, options);
  const snapshot = await chosenSnapshot(session, asked.snapshot, options);
  cli.stop.note('The restore is not whole; the same command goes on with it.');
  const progress = new LiveProgress(cli, { label: 'restore', word: 'restored' });
  try {
    const report = await runRestore(session, {
      snapshot,
      target,
      first: options.first === undefined ? undefined : gitignoreExcludes(options.first),
      inPlace: options.inPlace ?? false,
      owners: options.ownerNames === true ? 'names' : 'ids',
      unsigned: options.unsigned ?? false,
      sync: options.sync,
      onProgress: ({ entries, entriesTotal, bytes, bytesTotal }) =>
        progress.update({ entries, entriesTotal, bytes, bytesTotal }),
    });
    progress.end();
    const restored: Restored = { report, target };
    return {
      code: codeOf(restored),
      say: (style) => restoreWords(restored, style),
      json: restoreJson(restored),
    };
  } finally {
    progress.end();
  }
}

function codeOf(restored: Restored): ExitCode {
  if (isComplete(restored)) return EXIT.done;
  return EXIT.gaps;
}
