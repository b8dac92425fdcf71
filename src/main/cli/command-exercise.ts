/** `holdfast exercise`: an announced disaster exercise, recorded from probes. */
import type { Command } from 'commander';
import type { NoteOptions, StartOptions } from '../exercise/exercise-options.ts';
import type { Act } from './cli.ts';
import { readSettings, type VaultOptions } from './settings.ts';

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  text,
];

const START = `
It pulls nothing: people do, and note it from another terminal. Each service is
asked once a second, by the probes of the agent, until the announced end, or
\`holdfast exercise stop\`. Then it reports how long each was really out. One
exercise at a time. Killed, it goes on with --go-on; what it saw is kept.

That a service moves by itself is shown when it was well before, something was
away for a minute or more, nobody helped by hand, and it was well again for
30 s before that was put back. It counts for 90 d.

Example:
  holdfast exercise start --reason "pull hv3" --for 30m --pull host:hv3 \\
    --watch wiki=https://wiki.example.org/ --watch mail=tcp:mail.example.org:25`;

const NOTE = `
Examples:
  holdfast exercise note --pulled host:hv3
  holdfast exercise note --by-hand "started the wiki on hv2"
  holdfast exercise note --put-back host:hv3
  holdfast exercise note "the phone rang"`;

export function define(command: Command, act: Act): void {
  command
    .summary('an announced disaster exercise, recorded from probes')
    .description(
      'Records a disaster exercise: who announced it, what was pulled, and how long each service was really out. The only proof that one moves by itself.',
    )
    .addHelpText('after', '\nExample:\n  holdfast exercise show');
  const part = (name: string, description: string): Command =>
    command
      .command(name)
      .description(description)
      .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml');
  part('start', 'Announces an exercise and watches services until it ends.')
    .option('--reason <text>', 'why; it stands in the report')
    .option('--for <span>', 'its announced end, such as 90s, 30m or 2h; else 1h, at most 24h')
    .option('--pull <what>', 'what is to be pulled; may be repeated', collect)
    .option('--watch <service=url>', 'or service=tcp:host:port; may be repeated', collect)
    .option('--every <span>', 'from one look to the next; else 1s')
    .option('--go-on', 'watch the one that is open')
    .addHelpText('after', START)
    .action(
      act(async (cli, [options]: [StartOptions]) => {
        const { startExercise } = await import('../exercise/start-exercise.ts');
        return startExercise(cli, await readSettings(cli, options), options);
      }),
    );
  part('note', 'Notes what was pulled, put back, helped by hand, or seen.')
    .argument('[text]', 'what was seen')
    .option('--pulled <what>', 'a host, disk or site, as exposure --lose takes it')
    .option('--put-back <what>', 'what was pulled before')
    .option('--by-hand <text>', 'somebody helped: then nothing moved by itself')
    .addHelpText('after', NOTE)
    .action(
      act(async (cli, [text, options]: [string | undefined, NoteOptions]) => {
        const { noteInExercise } = await import('../exercise/answer-exercise.ts');
        return noteInExercise(cli, await readSettings(cli, options), { ...options, text });
      }),
    );
  part('stop', 'Ends the exercise that is open.')
    .addHelpText('after', '\nExample:\n  holdfast exercise stop')
    .action(
      act(async (cli, [options]: [VaultOptions]) => {
        const { stopExercise } = await import('../exercise/answer-exercise.ts');
        return stopExercise(cli, await readSettings(cli, options));
      }),
    );
  part('show', 'The report of an exercise; without a number the newest, and all in short.')
    .argument('[number]', 'of the exercise')
    .addHelpText('after', '\nExample:\n  holdfast exercise show 3')
    .action(
      act(async (cli, [number, options]: [string | undefined, VaultOptions]) => {
        const { showExercise } = await import('../exercise/answer-exercise.ts');
        return showExercise(cli, await readSettings(cli, options), number);
      }),
    );
}
