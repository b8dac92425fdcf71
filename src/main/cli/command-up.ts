/** `holdfast up`: looks, protects, drills, says what would be lost, and stays. */
import type { Command } from 'commander';
import type { Act, Answer, Cli } from './cli.ts';
import { vaultOptions } from './open.ts';
import type { UpOptions } from './up-options.ts';

const EXAMPLE = `
Examples:
  holdfast up /srv/data /etc
  holdfast up --once`;

export function define(command: Command, act: Act): void {
  command
    .summary('look, protect, drill, and say what would be lost')
    .description(
      'Says what lies on this machine and is in no recovery point, protects what it is given, proves the restore, and says what would be lost. It stays until Ctrl-C, and watches meanwhile: a server and an agent of this machine, on 127.0.0.1.',
    )
    .argument('[path...]', 'what to protect; without any, this checkout')
    .option('--once', 'end after one round; nothing is watched, no port opened')
    .option('--min-free <size>', 'what stays free with the vault (else 10 %, at least 5 GiB)')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [paths, options]: [readonly string[], UpOptions]) => perform(cli, paths, options)),
    );
  vaultOptions(command);
}

async function perform(cli: Cli, paths: readonly string[], options: UpOptions): Promise<Answer> {
  const { runUp } = await import('../up/up.ts');
  return runUp({ cli, paths, options });
}
