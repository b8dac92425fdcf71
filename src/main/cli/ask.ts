/** Questions on the terminal: to stderr, so that stdout stays what was asked for. */
import { createInterface } from 'node:readline';
import type { Cli } from './cli.ts';

/** A line as it was typed. */
export function askLine(cli: Cli, question: string): Promise<string> {
  return ask(cli, question, true);
}

/** A line of which nothing is shown. */
export function askSecret(cli: Cli, question: string): Promise<string> {
  return ask(cli, question, false);
}

function ask(cli: Cli, question: string, isShown: boolean): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  // Without an output readline edits in silence; the terminal itself echoes nothing in raw mode.
  const lines = createInterface({
    input: process.stdin,
    ...(isShown ? { output: process.stderr } : {}),
    terminal: true,
  });
  cli.terminal.err(question);
  if (!isShown) process.stdin.setRawMode(true);
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  lines.once('line', (line) => {
    lines.removeAllListeners('close');
    lines.close();
    if (!isShown) cli.terminal.err('\n');
    resolve(line);
  });
  // Ctrl-D: nobody answers.
  lines.once('close', () => {
    cli.terminal.err('\n');
    resolve('');
  });
  cli.stop.onStop(() => {
    lines.close();
    cli.terminal.err('\n');
  });
  return promise;
}
