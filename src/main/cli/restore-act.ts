/** A restore, for `restore` and for `export --directory`. */
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import { runRestore } from '../run-restore.ts';
import type { Answer, Cli } from './cli.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { LiveProgress } from './live-progress.ts';
import { openVaultOf } from './open.ts';
import { isComplete, type Restored, restoreJson, restoreWords } from './restore-words.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { chosenSnapshot, type SnapshotOptions } from './snapshot-choice.ts';

export interface RestoreOptions extends VaultOptions, SnapshotOptions {
  readonly first?: readonly string[];
  readonly inPlace?: true;
  readonly ownerNames?: true;
  readonly sync?: boolean;
}

export async function restoreInto(
  cli: Cli,
  asked: { readonly snapshot: string; readonly target: string; readonly options: RestoreOptions },
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
      sync: options.sync ?? true,
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
