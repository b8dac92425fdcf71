/** `holdfast unfreeze`: changes go on. */
import type { Command } from 'commander';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import { openGuard } from '../guard/guard-session.ts';
import { wrap } from '../../base/say-width.ts';
import { freezeSentence } from '../guard/held-words.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { readSettings } from './settings.ts';

interface Options {
  readonly config?: string;
}

export function define(command: Command, act: Act): void {
  command
    .summary('let changes go on')
    .description('Ends a freeze. What was stopped by it is not started: apply the plan again.')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', '\nExample:\n  holdfast unfreeze')
    .action(act((cli, [options]: [Options]) => unfreeze(cli, options)));
}

async function unfreeze(cli: Cli, options: Options): Promise<Answer> {
  const { ports, stateDir } = await openGuard(cli, await readSettings(cli, options));
  const freezer = new FreezeSwitch({ ...ports, stateDir });
  const now = momentHere(cli.clock);
  const was = freezer.check(() => now);
  freezer.lift();
  return {
    code: EXIT.done,
    say: (style) =>
      was === undefined
        ? ['Nothing was frozen.']
        : wrap(`Changes go on. ${sentenceOfPast(freezeSentence(was, now))}`, style.width),
    json: { wasFrozen: was !== undefined },
  };
}

/** `They were frozen until 12:41 UTC, by ann@hv1: storage work.` */
function sentenceOfPast(sentence: string): string {
  return `${sentence.replace(/^Changes are/, 'They were')}.`;
}
