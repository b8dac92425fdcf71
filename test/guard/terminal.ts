/** A command with a terminal of its own, as a person has it: `script` of bsdutils makes one. */
import { spawn } from 'node:child_process';

export interface OnTerminal {
  readonly status: number | null;
  /** What the terminal showed, without its carriage returns. */
  readonly shown: string;
}

/**
 * @param answers typed in turn, each when its question is seen
 * @param command for a shell
 */
export async function onTerminal(
  command: string,
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly answers?: readonly (readonly [question: RegExp, answer: string])[];
  },
): Promise<OnTerminal> {
  const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {
    env: { PATH: process.env.PATH ?? '', TERM: 'dumb', ...options.env },
    cwd: options.cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = [...(options.answers ?? [])];
  let shown = '';
  child.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString('utf8').replaceAll('\r', '');
    const [next] = answers;
    if (next === undefined || !next[0].test(shown)) return;
    answers.shift();
    child.stdin.write(`${next[1]}\n`);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  return { status: await promise, shown };
}
