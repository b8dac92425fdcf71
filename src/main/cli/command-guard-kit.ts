/** `holdfast guard kit`: prints what closes each way around; applies nothing. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Act, Answer } from './cli.ts';
import { EXIT } from './exit-code.ts';

interface Options {
  readonly group: string;
}

const EXAMPLE = `
For what is found on this host: a wrapper under the old name of a script, cron
lines through the guard, a line of sudoers, refuse options of rsyncd, a forced
command of ssh. Each with how to see that it works and how to take it back.
Nothing is applied; read it, then put it in place.

Example:
  holdfast guard kit --group deployers`;

export function defineGuardKit(command: Command, act: Act): void {
  command
    .command('kit')
    .summary('print what closes each way around; applies nothing')
    .description('Prints, for what is found on this host, what closes each way around the guard.')
    .option('--group <name>', 'of sudoers: who runs the wrappers', 'sudo')
    .addHelpText('after', EXAMPLE)
    .action(act((_cli, [options]: [Options]) => perform(options)));
}

async function perform({ group }: Options): Promise<Answer> {
  if (!/^[a-z_][a-z0-9_-]*$/i.test(group)) {
    throw new Fault('HF_USAGE', `${sayText(group)} is no name of a group`, { command: 'guard' });
  }
  const { kitFor } = await import('../../guard/core/kit.ts');
  const { kitOptionsHere, waysHere } = await import('../guard/ways-here.ts');
  const { kitWords, waysLeft } = await import('../guard/ways-words.ts');
  const { ways } = await waysHere();
  const pieces = kitFor(ways, kitOptionsHere(group));
  const left = waysLeft(ways, pieces);
  return {
    code: EXIT.done,
    say: (style) => kitWords(pieces, { style, left }),
    json: { pieces, left: left.map(({ detail: _, ...way }) => way) },
  };
}
