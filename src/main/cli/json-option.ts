import type { Command } from 'commander';

/** Every command has it; the program reads it, and gives what was answered in that form. */
export function jsonOption(command: Command): Command {
  return command.option('--json', 'one JSON object at the end, for machines');
}
