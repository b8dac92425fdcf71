/** What every command is given, and what it gives back. */
import type { Command } from 'commander';
import type { ByteString } from '../../base/bytes.ts';
import type { Style } from '../../base/say.ts';
import type { JobProgress } from '../../adapters/node/leash.ts';
import type { Clock } from '../../host/clock.ts';
import type { ExitCode } from './exit-code.ts';
import type { StopSignals } from './stop-signals.ts';
import type { Environment, Terminal } from './terminal.ts';

export interface Cli {
  readonly env: Environment;
  readonly cwd: ByteString;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly stop: StopSignals;
  /** `--json` was given: one object at the end, and nothing else on stdout. */
  readonly wantsJson: boolean;
  /** Where an agent runs this as a job: it is told how far it is. */
  readonly tellAgent?: ((progress: JobProgress) => void) | undefined;
}

/** Said once, when the command is done: as words, or as one JSON object. */
export interface Answer {
  readonly code: ExitCode;
  readonly say: (style: Style) => Iterable<string>;
  readonly json: object;
}

/** Turns what a command does into what commander calls. */
export type Act = <A extends readonly unknown[]>(
  perform: (cli: Cli, args: A) => Promise<Answer>,
) => (...args: A) => Promise<void>;

/** A file `command-*.ts` exports one: the arguments, the options, an example, and what is done. */
export interface CommandModule {
  readonly define: (command: Command, act: Act) => void;
}
