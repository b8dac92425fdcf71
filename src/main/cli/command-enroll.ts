/** `holdfast enroll`: an agent on other machines, over the user's own ssh. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Act } from './cli.ts';

interface Options {
  readonly level: string;
  readonly package?: string;
  readonly lineFile?: string;
  readonly server: boolean;
  readonly yes?: true;
}

const LEVELS = ['look', 'keep', 'act'] as const;

const EXAMPLE = `
Shows every file, unit and user that it will put there, and asks. It needs root
there, or sudo without a password. What is put there stands in a list on the
host before it is made, and \`holdfast remove HOST\` takes all of it away.
Killed or refused anywhere: the same command again goes on.

What an agent may do is decided on its host, in /etc/holdfast/agent.yaml:
look (the default), keep, or act. No server can raise it.

The line that enrols it comes from the server on this machine, from the API of
HOLDFAST_SERVER with the token in HOLDFAST_TOKEN_FILE, or from --line-file.

Examples:
  holdfast enroll root@web1 ann@db1
  holdfast enroll --level keep --yes st1 st2
  holdfast enroll --package packages/holdfast_0.1.0_amd64.deb root@web1`;

export function define(command: Command, act: Act): void {
  command
    .summary('put an agent on machines, over ssh, after showing all of it')
    .description('Installs the agent on machines over ssh, enrols it with the server, starts it.')
    .argument('<host...>', '[user@]host[:port], as ssh knows them; localhost is this machine')
    .option('--level <level>', 'look, keep or act', 'look')
    .option(
      '--package <file>',
      'the .tar.gz, .deb or .rpm to send; else the one beside this program',
    )
    .option(
      '--line-file <file>',
      'the line that `holdfast server token HOST` printed; for one host',
    )
    .option('--no-server', 'install only; enrol it later, on the host')
    .option('--yes', 'do not ask')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [hosts, options]: [readonly string[], Options]) => {
        const level = LEVELS.find((each) => each === options.level);
        if (level === undefined) {
          const message = `--level takes look, keep or act, not ${sayText(options.level)}`;
          throw new Fault('HF_USAGE', message, { command: 'enroll' });
        }
        if (options.lineFile !== undefined && hosts.length > 1) {
          const message = 'a line enrols one host: give --line-file with one host';
          throw new Fault('HF_USAGE', message, { command: 'enroll' });
        }
        const { enrollHosts } = await import('../enroll/enroll-hosts.ts');
        return enrollHosts(cli, {
          ...{ hosts, level, package: options.package, lineFile: options.lineFile },
          ...{ isWithoutServer: !options.server, isYes: options.yes === true },
        });
      }),
    );
}
