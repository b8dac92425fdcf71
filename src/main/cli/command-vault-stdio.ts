/** `vault stdio`: what sshd runs for a key that may add to one vault here, and do nothing else. */
import { homedir } from 'node:os';
import type { Command } from 'commander';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { serveDirectory } from '../../adapters/ssh/serve-directory.ts';
import { Fault } from '../../base/fault.ts';
import { VERSION } from '../version.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { absolutePath, bytesOfArgument, bytesOfText } from './places.ts';

interface Options {
  readonly appendOnly?: true;
}

const EXAMPLE = `
For the machine that keeps the vaults of others; it holds no key and opens
nothing. Make an account there, and in its ~/.ssh/authorized_keys write one line
for each host, with the whole path of holdfast, and the host's public key for
KEY:

  restrict,command="holdfast vault stdio --append-only /srv/web1" KEY

That key can then read and add, and neither delete nor replace; whoever has
another way into this machine can. It can fill the disk: a quota prevents that.
Every host has a directory of its own, and names it in the place of its vault.

Example:
  holdfast init --vault ssh://backup@this-machine/srv/web1`;

export function defineStdio(vault: Command, act: Act): void {
  vault
    .command('stdio')
    .description('Serves a vault on standard input and output; sshd runs it for a restricted key.')
    .argument('<path>', 'directory of the vault; the first object that is put makes it')
    .option(
      '--append-only',
      'objects can be added and read; there is no other way, and it must be said',
    )
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [path, options]: [string, Options]) => perform(cli, path, options)));
}

async function perform(cli: Cli, path: string, options: Options): Promise<Answer> {
  const command = 'vault stdio';
  if (options.appendOnly === undefined) {
    const why =
      'say --append-only: so authorized_keys shows what the key may do. Where it may delete, plain SFTP serves it without Holdfast';
    throw new Fault('HF_USAGE', why, { command });
  }
  if (process.stdin.isTTY) {
    const why = 'this speaks with Holdfast on another machine, not with people; sshd runs it';
    throw new Fault('HF_USAGE', why, { command });
  }
  const ended = await serveDirectory({
    disk: nodeDisk(),
    tools: nodeTools(),
    clock: cli.clock,
    root: absolutePath(cli.cwd, bytesOfArgument(path)),
    home: bytesOfText(cli.env.HOME ?? homedir()),
    isForced: cli.env.SSH_ORIGINAL_COMMAND !== undefined,
    version: VERSION,
    input: process.stdin,
    output: process.stdout,
  });
  // What is on standard output belongs to the other side, to its last byte.
  return { code: ended === 'ended' ? EXIT.done : EXIT.error, say: () => [], json: {} };
}
