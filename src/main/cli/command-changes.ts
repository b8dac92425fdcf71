/** `holdfast changes`: what differs between two looks. */
import type { Command } from 'commander';
import { changesBetween, type LookChanges } from '../../watch/core/look/changes.ts';
import { renderChanges } from '../../watch/core/look/render-changes.ts';
import { damagedJson, damagedWords, lookStore } from '../look/look-store.ts';
import { type TimeOptions, twoLooks } from '../look/look-times.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { readSettings } from './settings.ts';

interface Options extends TimeOptions {
  readonly config?: string;
  readonly all?: true;
  readonly exitCode?: true;
}

const EXAMPLE = `
Without a time it compares the last look with the one before it. Of each host:
system, kernel, disks, volumes, mounts, guests, links, ports, units, packages.
What one look did not see (another user, no answer) is not comparable, and is
never said to be gone.

Examples:
  holdfast changes
  holdfast changes --since 2026-11-01
  holdfast changes --from 2026-11-01 --to 2026-11-07T12:00`;

export function define(command: Command, act: Act): void {
  command
    .summary('what differs between two looks')
    .description(
      'What differs between two looks: kernel, packages, mounts, disks, guests and where they run.',
    )
    .option('--since <time>', 'from what was known then (UTC) to the last look')
    .option('--from <time>', 'the last look at or before this time')
    .option('--to <time>', 'the last look at or before this time; else the last one')
    .option('--all', 'every change, not the first few of each kind')
    .option('--exit-code', 'end with 5 where something differs')
    .option('--config <file>', 'the configuration file')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => perform(cli, options)));
}

async function perform(cli: Cli, options: Options): Promise<Answer> {
  const settings = await readSettings(cli, options);
  const { before, after, damaged } = twoLooks(lookStore(settings), options);
  const found = changesBetween(before, after);
  const isFound = found.moves.length > 0 || found.hosts.some(({ changes }) => changes.length > 0);
  const of = { now: cli.clock.now(), isAll: options.all ?? false };
  return {
    code: options.exitCode === true && isFound ? EXIT.differs : EXIT.done,
    say: (style) => [...damagedWords(damaged, style), ...renderChanges(found, style, of)],
    json: { ...changesJson(found), damaged: damagedJson(damaged) },
  };
}

function changesJson({ from, to, moves, hosts }: LookChanges): object {
  return {
    from: timeJson(from),
    to: timeJson(to),
    moves,
    hosts: hosts.map(({ host, changes, notComparable, notCompared }) => ({
      host,
      ...(notCompared === undefined ? {} : { notCompared }),
      changes,
      notComparable,
    })),
  };
}
