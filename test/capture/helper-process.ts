/** Programs that do something to a tree while it is captured. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export interface Helper extends AsyncDisposable {
  /** Sends a line and gives the next line of its answer. */
  ask(line: string): Promise<string>;
  /** The next line it prints by itself. */
  next(): Promise<string>;
}

/** @param script beside this file, or Python code where it has a newline or a space */
export function startPython(script: string, ...args: readonly string[]): Helper {
  const isCode = /\s/.test(script);
  const file = isCode ? ['-c', script] : [fileURLToPath(new URL(script, import.meta.url))];
  return helperOf(spawn(PYTHON, ['-I', ...file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }));
}

function helperOf(child: ChildProcess): Helper {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('a helper has pipes');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`a helper ended early (${child.exitCode})`);
    return String(value);
  };
  return {
    next,
    ask: (line) => {
      stdin.write(`${line}\n`);
      return next();
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
