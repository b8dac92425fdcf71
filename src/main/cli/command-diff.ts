/** `holdfast diff`: two snapshots, or a snapshot and a directory. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { comparePoints } from '../../recover/shell/compare-points.ts';
import { type ListedSnapshot, shortId } from '../../vault/shell/snapshot-store.ts';
import { byIndex } from '../by-index.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import type { DirectoryDiff } from './diff-directory.ts';
import { type Difference, differs, diffJson, diffWords } from './diff-words.ts';
import { EXIT } from './exit-code.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { chosenSnapshot, type SnapshotOptions, snapshotOptions } from './snapshot-choice.ts';

interface Options extends VaultOptions, SnapshotOptions {
  readonly exitCode?: true;
  readonly readAll?: true;
}

const EXAMPLE = `
+ is only in the second, - only in the first, M holds something else, a has
other attributes (owner, mode, time), ? could not be compared. In a directory
only files whose size or time differ are read, unless --read-all is given.

Examples:
  holdfast diff --vault /srv/vault 7c63b3d1 latest
  holdfast diff --vault /srv/vault latest /srv/data --exit-code`;

export function define(command: Command, act: Act): void {
  command
    .summary('compare two snapshots, or a snapshot and a directory')
    .description('What differs between two snapshots, or a snapshot and a directory.')
    .argument('<first>', 'a snapshot: latest, or the first digits of its id')
    .argument('<second>', 'a snapshot, or the path of a directory')
    .option('--exit-code', 'end with 5 where they differ')
    .option('--read-all', 'with a directory: read every file, whatever its size and time')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [first, second, options]: [string, string, Options]) =>
        perform(cli, { first, second, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(command)));
}

interface Asked {
  readonly first: string;
  readonly second: string;
  readonly options: Options;
}

async function perform(cli: Cli, asked: Asked): Promise<Answer> {
  const { options } = asked;
  const { session } = await openVaultOf(cli, options, 'names');
  const before = await chosenSnapshot(cli, { session, wanted: asked.first }, options);
  const found = isDirectory(cli, asked.second)
    ? await withDirectory(session, {
        before,
        directory: fullPath(cli, asked.second),
        readAll: options.readAll ?? false,
        unsigned: options.unsigned ?? false,
      })
    : await withSnapshot(cli, { session, before }, asked);
  return {
    code: options.exitCode === true && differs(found) ? EXIT.differs : EXIT.done,
    say: (style) => diffWords(found, style),
    json: diffJson(found),
  };
}

/** What it takes to look into a directory is loaded for nobody else. */
async function withDirectory(session: VaultSession, of: DirectoryDiff): Promise<Difference> {
  const { diffDirectory } = await import('./diff-directory.ts');
  return diffDirectory(session, of);
}

/** A path is what looks like one, or is there; a snapshot is called `latest` or by its digits. */
function isDirectory(cli: Cli, given: string): boolean {
  if (given.includes('/') || given === '.' || given === '..') return true;
  if (/^(?:latest|[0-9a-f]{4,64})$/i.test(given)) return false;
  return fs.existsSync(fsPath(fullPath(cli, given)));
}

async function withSnapshot(
  cli: Cli,
  { session, before }: { readonly session: VaultSession; readonly before: ListedSnapshot },
  { second, options }: Asked,
): Promise<Difference> {
  const after = await chosenSnapshot(cli, { session, wanted: second }, options);
  const unsigned = options.unsigned ?? false;
  const names = [shortId(before.record.id), shortId(after.record.id)] as const;
  return byIndex(session, (parts) => {
    const found = comparePoints(parts, { before, after, unsigned });
    const differences = [...found.differences];
    return { differences, totals: found.totals(), names };
  });
}
