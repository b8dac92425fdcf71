/** `vault serve`: keeps vaults of other hosts over HTTPS, append-only whoever asks. */
import type { Command } from 'commander';
import type { ServeOptions, ServeRunOptions, ServeTokenOptions } from './serve-options.ts';
import type { Act } from './cli.ts';

const EXAMPLE = `
For the machine that keeps the vaults of others; it holds no key and opens
nothing. Each host has a vault of its own below --root, and a token that reaches
this one and no other. A token reads and adds; it neither deletes nor replaces.

  holdfast vault serve token web1     prints the line of web1, once

The line goes into the file peers in the state directory of that host, mode 600;
the place of its vault is what stands before the #.

Examples:
  holdfast vault serve
  holdfast vault serve --root /srv/vaults --listen 0.0.0.0:7432 --min-free 10%
  holdfast vault serve token web1 --quota 500GiB
  holdfast vault serve tokens
  holdfast vault serve revoke web1
With all of it: docs/operating/another-machine.md`;

const TOKEN_EXAMPLE = `
Its text is nowhere kept: only its digest. Several tokens of a host hold side by
side, so that one can be replaced. A quota holds for the host, from now on.

Example:
  holdfast vault serve token web1 --quota 500GiB --address st1.example.org:7432`;

export function defineServe(vault: Command, act: Act): void {
  const serve = vault
    .command('serve')
    .description('Keeps vaults of other hosts over HTTPS; they can add and read, and no more.')
    .option('--root <dir>', 'what it keeps; else peer-store in the state directory')
    .option('--listen <address>', 'ADDRESS:PORT', '0.0.0.0:7432')
    .option('--min-free <size>', 'what stays free there; else 10 % or 5 GiB, the larger')
    .option('--rate <size>', 'bytes a second for each host; else as fast as the disk')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [options]: [ServeRunOptions]) => {
        const { runServe } = await import('../vault-serve/run-serve.ts');
        return runServe(cli, options);
      }),
    );
  serve
    .command('token <host>')
    .description('Makes a token for a host, and prints its line, once.')
    .option('--quota <size>', 'how many bytes this host may keep; none: no limit')
    .option('--objects <count>', 'how many objects')
    .option('--address <address>', 'HOST:PORT, as that host reaches this machine')
    .addHelpText('after', TOKEN_EXAMPLE)
    .action(
      act(async (cli, [host, , sub]: [string, unknown, Command]) => {
        const { answerToken } = await import('../vault-serve/answer-tokens.ts');
        return answerToken(cli, host, sub.optsWithGlobals<ServeTokenOptions>());
      }),
    );
  serve
    .command('tokens')
    .description('Which tokens there are, and what each host may keep.')
    .addHelpText('after', '\nExample:\n  holdfast vault serve tokens')
    .action(
      act(async (cli, [, sub]: [unknown, Command]) => {
        const { answerTokens } = await import('../vault-serve/answer-tokens.ts');
        return answerTokens(cli, sub.optsWithGlobals<ServeOptions>());
      }),
    );
  serve
    .command('revoke <token>')
    .description('Lets a token in no more, or all of a host. What it stored stays.')
    .addHelpText('after', '\nExample:\n  holdfast vault serve revoke web1')
    .action(
      act(async (cli, [named, , sub]: [string, unknown, Command]) => {
        const { answerRevoke } = await import('../vault-serve/answer-tokens.ts');
        return answerRevoke(cli, named, sub.optsWithGlobals<ServeOptions>());
      }),
    );
}
