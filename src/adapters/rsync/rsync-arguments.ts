/** How rsync is called: to be asked, to do all but deletes, to create only. */
import { QUARANTINE_NAME } from '../../base/own-places.ts';
import { TREE_MARKER } from '../../base/tree-marker.ts';
import { optionText, type RsyncCommand, type RsyncOption } from './parse-rsync.ts';
import { listOptions } from './rsync-list.ts';
import { ABOUT_DELETING, DELETING, PRINTING } from './rsync-options.ts';

/** Begins every line of ours; a name cannot forge it, for a newline in a name is escaped. */
export const DRY_RUN_MARK = '@ ';

/** Never sent, never deleted: what was set aside may lie inside a tree, and whose role it says. */
const OURS = [`${QUARANTINE_NAME}/`, `${QUARANTINE_NAME}-*/`, TREE_MARKER].flatMap((name) => [
  `--filter=H ${name}`,
  `--filter=P ${name}`,
]);

/**
 * @param all what stays as it is is said too
 * @returns arguments for the same program: what would be done, in lines that `DryRunReader` reads
 */
export function dryRunArguments(command: RsyncCommand, all: boolean): readonly string[] {
  const kept = command.options.filter(
    ({ name }) => !PRINTING.has(name) && !ABOUT_DELETING.has(name) && name !== 'force',
  );
  return [
    ...OURS,
    ...kept.map(optionText),
    '--dry-run',
    '--stats',
    ...(all ? ['-ii'] : []),
    '--no-human-readable',
    `--out-format=${DRY_RUN_MARK}%i %l %M %n`,
    ...placesOf(command),
  ];
}

export interface RunOptions {
  /** Where what is overwritten goes; absent: it was copied before, or nothing is overwritten. */
  readonly backupDir?: string;
  /** What is there stays as it is. */
  readonly createsOnly?: true;
  /** Only what a list on standard input names, below a place. */
  readonly list?: {
    readonly below: string;
    /** A directory that is named with a slash, as the top is, would bring what lies in it. */
    readonly isTopAlone: boolean;
  };
}

/** @returns arguments for the run: without any option that deletes */
export function runArguments(command: RsyncCommand, run: RunOptions): readonly string[] {
  const { list } = run;
  const all = command.options.filter(({ name }) => !isOfDeletes(name));
  const options = list === undefined ? all : listOptions(all, list);
  return [
    ...(list === undefined ? OURS : []),
    ...options.map(optionText),
    ...(run.backupDir === undefined ? [] : ['--backup', `--backup-dir=${run.backupDir}`]),
    ...(run.createsOnly === undefined ? [] : ['--ignore-existing']),
    ...(list === undefined ? placesOf(command) : ['--', list.below, command.targetText]),
  ];
}

function isOfDeletes(name: string): boolean {
  return DELETING.has(name) || ABOUT_DELETING.has(name) || name === 'force';
}

function placesOf(command: RsyncCommand): readonly string[] {
  return ['--', ...command.sourceTexts, command.targetText];
}

/** The program that reaches another machine, as `-e` or the environment names it, in words. */
export function remoteShellOf(
  options: readonly RsyncOption[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  const named = options.findLast(({ name }) => name === 'rsh')?.value ?? env.RSYNC_RSH ?? 'ssh';
  return splitShellWords(named);
}

/** Blanks part, quotes hold together, as rsync itself reads `-e`; undefined where one stays open. */
export function splitShellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (const char of text) {
    if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return quote === '' && words.length > 0 ? words : undefined;
}
