import { type ChildProcess, spawn } from 'node:child_process';

const OUTPUT_TAIL_CHARS = 4_000;

/** A child that ended otherwise than with 0. The message carries the end of what it said. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
}

export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it ended with 0. */
  readonly ended: Promise<void>;
}

export interface StartOptions {
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Ours, and the way to `mkfs`, which Debian hides from ordinary users. */
export function environment(own: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, ...own };
}

/** Starts a child in a process group of its own, which `signal` ends as a whole. */
export function start(options: StartOptions): Child {
  const [program = '', ...args] = options.argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let tail = '';
  const keepTail = (chunk: Buffer): void => {
    tail = (tail + chunk.toString('latin1')).slice(-OUTPUT_TAIL_CHARS);
  };
  child.stdout.on('data', keepTail);
  child.stderr.on('data', keepTail);
  const endGroup = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  };
  options.signal.addEventListener('abort', endGroup, { once: true });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      options.signal.removeEventListener('abort', endGroup);
      if (code === 0) resolve();
      else reject(new ChildFailed(`${program} ended with ${code ?? signal}:\n${tail.trim()}`));
    });
  });
  return { process: child, ended };
}

/** Runs a program of no further interest, such as `mount`. */
export async function runQuiet(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await start({ argv: [program, ...args], signal }).ended;
}
