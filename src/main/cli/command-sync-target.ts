/** `sync-target stdio`: what `holdfast sync` runs on the machine where a target lies. */
import type { Command } from 'commander';
import { blockingStdio } from '../../adapters/ssh/blocking-stdio.ts';
import { Fault } from '../../base/fault.ts';
import { openGuard } from '../guard/guard-session.ts';
import { serveSyncTarget } from '../guard/sync/serve-sync-target.ts';
import { syncEngine } from '../guard/sync/sync-engine.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { absolutePath, bytesOfArgument } from './places.ts';
import { readSettings } from './settings.ts';

interface Options {
  readonly config?: string;
}

const EXAMPLE = `
Whoever may run it can make the directory what a snapshot holds, within what
this machine's rules, claims, freeze and approvals allow, and read nothing. A
key for it alone, in ~/.ssh/authorized_keys:

  restrict,command="holdfast sync-target stdio /srv/www" KEY

Example:
  holdfast sync-target stdio /srv/www`;

export function define(command: Command, act: Act): void {
  command
    .summary('the far side of a sync over SSH')
    .description('Lets `holdfast sync` on another machine make a directory equal to a snapshot.')
    .argument('<stdio>', 'how they speak: stdio')
    .argument('<path>', 'directory of the target')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [how, path, options]: [string, string, Options]) =>
        perform(cli, { how, path, options }),
      ),
    );
}

interface Asked {
  readonly how: string;
  readonly path: string;
  readonly options: Options;
}

async function perform(cli: Cli, { how, path, options }: Asked): Promise<Answer> {
  if (process.stdin.isTTY || how !== 'stdio') {
    const why = 'this speaks by `stdio` with Holdfast on another machine, not with people';
    throw new Fault('HF_USAGE', why, { command: 'sync-target' });
  }
  const guard = await openGuard(cli, await readSettings(cli, options));
  const ended = await serveSyncTarget({
    guard,
    streams: blockingStdio(),
    target: absolutePath(cli.cwd, bytesOfArgument(path)),
    engine: syncEngine(cli.stop),
  });
  // What is on standard output belongs to the other side, to its last byte.
  return { code: ended === 'done' ? EXIT.done : EXIT.error, say: () => [], json: {} };
}
