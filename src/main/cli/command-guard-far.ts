/** `holdfast guard far`: what `guard run` on another machine starts where its target lies. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { readSettings } from './settings.ts';

const EXAMPLE = `
Judges what an rsync from another machine would do here, by what this machine
remembers, allows and has frozen, and sets aside what it takes away.

Example:
  holdfast guard run -- rsync -a --delete site/ this-machine:/srv/www/`;

export function defineGuardFar(guard: Command, act: Act): void {
  guard
    .command('far', { hidden: true })
    .description('The far side of `guard run` with a target over SSH.')
    .addHelpText('after', EXAMPLE)
    .action(act((cli) => perform(cli)));
}

async function perform(cli: Cli): Promise<Answer> {
  if (process.stdin.isTTY) {
    const why = 'this speaks with Holdfast on another machine, not with people';
    throw new Fault('HF_USAGE', why, { command: 'guard run' });
  }
  // Who started us may go away; what has been begun here is ended first.
  cli.stop.leaveToCommand();
  const { openGuard } = await import('../guard/guard-session.ts');
  const { serveFar } = await import('../guard/run/far-side.ts');
  const isServed = await serveFar({
    cli,
    input: process.stdin,
    output: process.stdout,
    openSession: async () => openGuard(cli, await readSettings(cli, {})),
  });
  // What is on standard output belongs to the other side, to its last byte.
  return { code: isServed ? EXIT.done : EXIT.error, say: () => [], json: {} };
}
