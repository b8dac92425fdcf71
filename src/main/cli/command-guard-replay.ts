/** `holdfast guard replay`: how often a rule set would have asked. */
import type { Command } from 'commander';
import type { Act } from './cli.ts';
import type { ReplayOptions } from './replay-answer.ts';

const DAYS_HABIT = '90';

const EXAMPLE = `
Judges what is recorded of every run by the rules as they are, or as they would
be by another holdfast.yaml. Not replayed: claims and freezes of then, and what
a rule of yours says of single paths (one of each kind of operation is kept).

Examples:
  holdfast guard replay
  holdfast guard replay --days 30 --rules ./holdfast-stricter.yaml`;

export function defineGuardReplay(command: Command, act: Act): void {
  command
    .command('replay')
    .summary('how often the rules would have asked, and about what')
    .description('Runs the rules over recorded history: how often they would have asked.')
    .option('--days <count>', 'how far back, at most 100', DAYS_HABIT)
    .option('--rules <file>', 'guard: of another holdfast.yaml')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [options]: [ReplayOptions]) => {
        const { replay } = await import('./replay-answer.ts');
        return replay(cli, options);
      }),
    );
}
