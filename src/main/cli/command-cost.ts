/** `holdfast cost`: what keeping each data set costs, and what would be lost without it. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';
import { vaultOptions } from './open.ts';
import { readSettings, type VaultOptions } from './settings.ts';

const EXAMPLE = `
From the snapshots of one vault: what is stored now, what a month adds (from two
captures 20 h or more apart, else unknown), what a capture takes, and its share
of the link to a vault on another machine, whose speed the last look saw.

Of connected repositories: what each takes up as a whole, from the last look at
it, and what a month adds, from two looks 20 h or more apart.

For sums of money holdfast.yaml says what a GiB costs for a month:
  prices: {currency: EUR, gib-month: 0.02}

--keep says what a retention policy would let go of, and how much room that is
at most: last, hourly, daily, weekly, monthly, yearly, within, min-age (else 7d)
and floor (else 1). The newest proven one of each data set always stays. Nothing
is removed.

Examples:
  holdfast cost --vault /srv/vault
  holdfast cost --vault /srv/vault --keep last=7,daily=14,weekly=8,monthly=12`;

interface Options extends VaultOptions {
  readonly keep?: string;
}

export function define(command: Command, act: Act): void {
  command
    .summary('what keeping each data set costs, and what it saves')
    .description(
      'What keeping each data set costs: stored now and a month later, time, share of the link, money; beside what would be lost without it.',
    )
    .option('--keep <rules>', 'also what such a retention would let go of; nothing is removed')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [options]: [Options]) => {
        const settings = await readSettings(cli, options);
        const { answerCost } = await import('../estate/answer-cost.ts');
        return answerCost(cli, settings, options);
      }),
    );
  vaultOptions(command);
}
