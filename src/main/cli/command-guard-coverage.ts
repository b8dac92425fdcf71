/** `holdfast guard coverage`: which ways to delete are closed, and which still go around. */
import type { Command } from 'commander';
import type { Act, Answer } from './cli.ts';
import { EXIT } from './exit-code.ts';

interface Options {
  readonly exitCode?: true;
}

const EXAMPLE = `
Cron tables, timers and services, commands in /usr/local, modules of rsyncd and
keys of ssh on this host. Open: it deletes, or lets others delete, unjudged.
Unknown: it could not be read or told. Run it as root; it changes nothing.

Example:
  holdfast guard coverage`;

export function defineGuardCoverage(command: Command, act: Act): void {
  command
    .command('coverage')
    .summary('which ways to delete are closed, and which go around')
    .description('Lists the ways in which files of this host are deleted, and which are guarded.')
    .option('--exit-code', 'end with 5 where one is open')
    .addHelpText('after', EXAMPLE)
    .action(act((_cli, [options]: [Options]) => perform(options)));
}

async function perform(options: Options): Promise<Answer> {
  const { countWays } = await import('../../guard/core/ways.ts');
  const { waysHere } = await import('../guard/ways-here.ts');
  const { coverageJson, coverageWords } = await import('../guard/ways-words.ts');
  const found = await waysHere();
  const isOpen = countWays(found.ways).open > 0;
  return {
    code: options.exitCode === true && isOpen ? EXIT.differs : EXIT.done,
    say: (style) => coverageWords(found, style),
    json: coverageJson(found),
  };
}
