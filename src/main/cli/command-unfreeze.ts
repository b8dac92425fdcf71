/** `holdfast unfreeze`: changes go on, and what the freeze stopped is started again. */
import type { Command } from 'commander';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import type { Style } from '../../base/say.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutRows } from '../../base/say-rows.ts';
import { wrap } from '../../base/say-width.ts';
import type { StartRow } from '../../guard/core/freeze-rows.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import type { Freezer } from '../../guard/shell/freezer.ts';
import { startRow } from '../guard/freeze-words.ts';
import { freezerHere } from '../guard/freezer-here.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { freezeSentence } from '../guard/held-words.ts';
import { askLine } from './ask.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { readSettings } from './settings.ts';

interface Options {
  readonly config?: string;
  readonly yes?: true;
}

const EXAMPLE = `
What the freeze stopped is shown and started again: that, and nothing else. On
a terminal it asks first; elsewhere it starts nothing without --yes. What cannot
be started stays on record: run it again.

Examples:
  holdfast unfreeze
  holdfast unfreeze --yes`;

export function define(command: Command, act: Act): void {
  command
    .summary('let changes go on')
    .description(
      'Ends a freeze, and starts again what it stopped. A plan that waited is not applied.',
    )
    .option('--yes', 'start what the freeze stopped without asking')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [Options]) => unfreeze(cli, options)));
}

async function unfreeze(cli: Cli, options: Options): Promise<Answer> {
  const session = await openGuard(cli, await readSettings(cli, options));
  const { stoppers, freeze } = session.settings.config;
  const { ports, stateDir } = session;
  const { freezer } = freezerHere({ ports, stateDir, clock: cli.clock, stoppers, freeze });
  const past = pastOf(cli, session);
  const would = await freezer.wouldStart();
  const toStart = would.filter(({ state }) => state === 'would-start');
  if (toStart.length > 0 && !(await isAgreed(cli, options, toStart))) return waits(past, would);
  return await started(freezer, past);
}

/** What is started is shown before; silence is no. */
async function isAgreed(cli: Cli, options: Options, rows: readonly StartRow[]): Promise<boolean> {
  if (options.yes === true) return true;
  if (!cli.terminal.canAsk || cli.wantsJson) return false;
  const style = cli.terminal.style;
  cli.terminal.err(`${layoutRows(style, rows.map(startRow)).join('\n')}\n\n`);
  const answer = await askLine(cli, `Start ${countOf(rows.length, 'thing')} again? [y/N] `);
  return /^y(?:es)?$/i.test(answer.trim());
}

function waits(past: string, rows: readonly StartRow[]): Answer {
  return {
    code: EXIT.held,
    say: (style) => [
      ...wrap(
        'Still frozen: the freeze stopped what is listed here, and nobody said yes.',
        style.width,
      ),
      '',
      ...layoutRows(style, rows.map(startRow)),
      '',
      '  Start it, and let changes go on     holdfast unfreeze --yes',
    ],
    json: { wasFrozen: past !== '', isLifted: false, rows },
  };
}

async function started(freezer: Freezer, past: string): Promise<Answer> {
  const rows = await freezer.unfreeze();
  const isWhole = rows.every(({ state }) => state === 'started' || state === 'runs');
  return {
    code: isWhole ? EXIT.done : EXIT.gaps,
    say: (style) => words(style, past, rows),
    json: { wasFrozen: past !== '', isLifted: true, rows },
  };
}

function* words(style: Style, past: string, rows: readonly StartRow[]): Iterable<string> {
  yield* past === '' ? ['Nothing was frozen.'] : wrap(`Changes go on. ${past}`, style.width);
  if (rows.length === 0) return;
  yield '';
  yield* layoutRows(style, rows.map(startRow));
  if (rows.every(({ state }) => state === 'started' || state === 'runs')) return;
  yield '';
  yield '  Try what was not started again     holdfast unfreeze';
}

/** `They were frozen until 12:41 UTC, by ann@hv1: storage work.`; empty where nothing was. */
function pastOf(cli: Cli, { ports, stateDir }: GuardSession): string {
  const now = momentHere(cli.clock);
  const was = new FreezeSwitch({ ...ports, stateDir }).check(() => now);
  if (was === undefined) return '';
  return `${freezeSentence(was, now).replace(/^Changes are/, 'They were')}.`;
}
