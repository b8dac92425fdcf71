/** `holdfast guard`: what stands before a command that deletes, and around it. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';
import { defineGuardCoverage } from './command-guard-coverage.ts';
import { defineGuardFar } from './command-guard-far.ts';
import { defineGuardKit } from './command-guard-kit.ts';
import { defineGuardReplay } from './command-guard-replay.ts';
import { defineGuardRun } from './command-guard-run.ts';

export function define(command: Command, act: Act): void {
  command
    .summary('what stands before a command that deletes')
    .description('Stands before commands that delete, and says what goes around it.')
    .addHelpText('after', '\nExample:\n  holdfast guard coverage');
  defineGuardRun(command, act);
  defineGuardFar(command, act);
  defineGuardKit(command, act);
  defineGuardCoverage(command, act);
  defineGuardReplay(command, act);
}
