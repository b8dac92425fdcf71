/** `holdfast vault upgrade`: a vault becomes one of the newest format. */
import type { Command } from 'commander';
import type { UpgradeOptions } from '../vault-upgrade/answer-upgrade.ts';
import type { Act } from './cli.ts';
import { jsonOption } from './json-option.ts';

const EXAMPLE = `
Shows what it would replace and asks; without a terminal --yes does it, and else
it ends with 2. It replaces the two headers and the documents and readers in the
vault, sets what lay there aside below damaged/, and touches nothing else. It
needs no key, takes a second, and may be stopped at any moment: the same again
ends it. There is no way back; nothing is lost by it.

Of a vault of format 0 nothing is freed (vault gc): a Holdfast of that time may
not see what goes. Upgrade first all hosts that write into it, then the vault,
then each copy of it. It works on the machine where the vault lies.

Examples:
  holdfast vault upgrade /srv/vault --dry-run
  holdfast vault upgrade /srv/vault`;

export function defineUpgrade(vault: Command, act: Act): void {
  const upgrade = vault
    .command('upgrade')
    .description('Brings a vault to the newest format, by a plan that is shown first.')
    .argument('[place]', 'its directory; else the vault of --config')
    .option('-n, --dry-run', 'show what would be done, and change nothing')
    .option('--yes', 'do it without a question')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [place, options]: [string | undefined, UpgradeOptions]) => {
        const { answerUpgrade } = await import('../vault-upgrade/answer-upgrade.ts');
        return answerUpgrade(cli, place, options);
      }),
    );
  jsonOption(upgrade);
}
