/** Questions: to stderr, so that stdout stays what was asked for; answers from stdin. */
import { createInterface, type Interface } from 'node:readline';
import type { Cli } from './cli.ts';

/** A line as it was typed; empty where nobody answers (Ctrl-D, the end of a pipe). */
export async function askLine(cli: Cli, question: string): Promise<string> {
  cli.terminal.err(question);
  if (!process.stdin.isTTY) return nextLine();
  return typedLine(cli, { isShown: true });
}

/** A line of which nothing is shown. */
export async function askSecret(cli: Cli, question: string): Promise<string> {
  cli.terminal.err(question);
  if (!process.stdin.isTTY) return nextLine();
  return typedLine(cli, { isShown: false });
}

let piped: AsyncIterator<string> | undefined;

/** A pipe may hold several answers at once: one reader keeps them all. */
async function nextLine(): Promise<string> {
  piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const next = await piped.next();
  return next.done === true ? '' : next.value;
}

function typedLine(cli: Cli, { isShown }: { readonly isShown: boolean }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  // Without an output readline shows nothing, and in raw mode the terminal does not either.
  const lines: Interface = createInterface({
    input: process.stdin,
    ...(isShown ? { output: process.stderr } : {}),
    terminal: true,
  });
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  lines.once('line', (line) => {
    lines.removeAllListeners('close');
    lines.close();
    if (!isShown) cli.terminal.err('\n');
    resolve(line);
  });
  lines.once('close', () => {
    cli.terminal.err('\n');
    resolve('');
  });
  cli.stop.onStop(() => {
    lines.removeAllListeners('close');
    lines.close();
    cli.terminal.err('\n');
  });
  return promise;
}
