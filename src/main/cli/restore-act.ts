/** A restore, for `restore` and for `export --directory`. */
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import type { RestoreRequest } from '../../recover/shell/restore.ts';
import { putSnapshot } from '../put-snapshot.ts';
import type { Answer, Cli } from './cli.ts';
import { LiveProgress } from './live-progress.ts';
import { openVaultOf } from './open.ts';
import { codeOfPut, putJson, putWords } from './restore-words.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { chosenSnapshot, type SnapshotOptions } from './snapshot-choice.ts';

export interface RestoreOptions extends VaultOptions, SnapshotOptions {
  readonly first?: readonly string[];
  readonly inPlace?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly reason?: string;
  readonly ownerNames?: true;
  readonly sync?: boolean;
}

export async function restoreInto(
  cli: Cli,
  asked: { readonly snapshot: string; readonly target: string; readonly options: RestoreOptions },
): Promise<Answer> {
  const { options } = asked;
  const target = fullPath(cli, asked.target);
  const opened = await openVaultOf(cli, options);
  const snapshot = await chosenSnapshot(
    cli,
    { session: opened.session, wanted: asked.snapshot },
    options,
  );
  cli.stop.note('The restore is not whole; the same command goes on with it.');
  const progress = new LiveProgress(cli, { label: 'restore', word: 'restored' });
  try {
    const put = await putSnapshot(cli, opened, {
      ...putOptions(options),
      request: {
        ...{ ...requestOptions(options), snapshot, target },
        onProgress: ({ entries, entriesTotal, bytes, bytesTotal }) =>
          progress.update({ entries, entriesTotal, bytes, bytesTotal }),
      },
      isFilled: false,
    });
    progress.end();
    const now = cli.clock.now();
    return {
      code: codeOfPut(put),
      say: (style) => putWords(put, now, style),
      json: putJson(put),
    };
  } finally {
    progress.end();
  }
}

export function requestOptions(
  options: RestoreOptions,
): Omit<RestoreRequest, 'onProgress' | 'snapshot' | 'target'> {
  return {
    first: options.first === undefined ? undefined : gitignoreExcludes(options.first),
    owners: options.ownerNames === true ? 'names' : 'ids',
    unsigned: options.unsigned ?? false,
    sync: options.sync ?? true,
  };
}

export function putOptions({ inPlace, dryRun, yes, reason }: RestoreOptions) {
  return { inPlace: inPlace ?? false, dryRun: dryRun ?? false, yes: yes ?? false, reason };
}
