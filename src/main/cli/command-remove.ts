/** `holdfast remove`: takes away all that Holdfast ever put on a host. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';

interface Options {
  readonly yes?: true;
}

const EXAMPLE = `
Reads the list that \`holdfast enroll\` left on the host, shows it, and asks.
Agent, program, configuration, units, user and state go; originals that were
replaced come back, those of \`holdfast guard kit\` too. Vaults, their keys and
what a plan can still put back stay, and are named. Without a host: this
machine, as root. Killed anywhere: the same command again goes on.

Examples:
  holdfast remove root@web1
  sudo holdfast remove`;

export function define(command: Command, act: Act): void {
  command
    .summary('take away all that Holdfast put on a host')
    .description('Removes all that Holdfast put on a host, by the list that lies there.')
    .argument('[host...]', '[user@]host[:port]; without one, this machine')
    .option('--yes', 'do not ask')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [hosts, options]: [readonly string[], Options]) => {
        const { removeFromHosts } = await import('../enroll/remove-hosts.ts');
        return removeFromHosts(cli, { hosts, isYes: options.yes === true });
      }),
    );
}
