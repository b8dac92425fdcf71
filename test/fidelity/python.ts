import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Debian's own first: a version manager's shim is slow, and closed to other users. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export type Script = 'make-tree.py' | 'walk-tree.py' | 'remove-tree.py';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly input?: string | Buffer;
}

/** Runs a tool in the C locale, so that names are bytes and messages are the known ones. */
export async function runTool(command: Command): Promise<Outcome> {
  const child = spawn(command.file, command.args, {
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', PYTHONUTF8: '0' },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
  // A tool that ends early closes its input: its status tells, not our write.
  child.stdin.on('error', (error) => stderr.push(Buffer.from(`${error.message}\n`)));
  child.stdin.end(command.input);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const text = Buffer.concat(stderr).toString('latin1');
  return { status, stdout: Buffer.concat(stdout), stderr: text };
}

export async function runPython(
  script: Script,
  options: { readonly args?: readonly string[]; readonly input?: string },
): Promise<Buffer> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const outcome = await runTool({
    file: PYTHON,
    args: ['-I', path, ...(options.args ?? [])],
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (outcome.status !== 0) throw new Error(`${script}: ${outcome.stderr}`);
  return outcome.stdout;
}
