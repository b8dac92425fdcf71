/**
 * Commands of the owner around a capture. No shell, a process group of its own, a time limit, and
 * the last that it said kept for whoever has to explain a failure.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatDuration } from '../../base/say-time.ts';
import { type DurationMs, seconds } from '../../base/units.ts';
import { errnoOf } from '../node/errno.ts';
import { signalGroup } from '../node/signal-group.ts';

export interface HookCommand {
  /** A program and its arguments. */
  readonly argv: readonly string[];
  /** Beside our own environment, which is passed on but for the passphrase of the vault. */
  readonly env: Readonly<Record<string, string>>;
  readonly limit: DurationMs;
  /** Ends it early. */
  readonly stop?: AbortSignal;
}

export interface HookEnd {
  readonly isOk: boolean;
  /** `ended with 3`, `was ended by SIGSEGV`, `did not end within 10 min`, `could not be started (...)`. */
  readonly how: string;
  /** Its exit status; undefined where it has none. */
  readonly status: number | undefined;
  /** The last lines it said, as they came: whoever prints them escapes them. */
  readonly said: readonly string[];
  /** What it printed, as far as that is kept. */
  readonly stdout: string;
}

const KILL_AFTER = seconds(5);
const KEPT_BYTES = 8192;
const LINES_MAX = 10;
const LINE_MAX = 200;

/** A failure is an answer, not an exception. */
export async function runHook(command: HookCommand): Promise<HookEnd> {
  // A file and no pipe: a service that it starts keeps it, and must not die when nobody reads.
  const [out, err] = [outputFile(), outputFile()];
  try {
    const { how, status } = await ended(command, [out, err]);
    const said = [...linesOf(lastOf(out)), ...linesOf(lastOf(err))].slice(-LINES_MAX);
    const stdout = lastOf(out);
    return { isOk: how === undefined, how: how ?? 'ended with 0', status, said, stdout };
  } finally {
    fs.closeSync(out);
    fs.closeSync(err);
  }
}

/** What is told of one that failed, on one line; not escaped. */
export function whyHookFailed({ how, said }: Pick<HookEnd, 'how' | 'said'>): string {
  return said.length === 0 ? how : `${how}: ${said.join(' / ')}`;
}

/**
 * Open, without a name. Where there is no room for it what is said is lost, and not the hook: what
 * was held still is let go by one.
 */
function outputFile(): number {
  try {
    return namelessFile();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return fs.openSync('/dev/null', 'r+');
  }
}

function namelessFile(): number {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-hook-'));
  const file = path.join(dir, 'said');
  try {
    return fs.openSync(file, 'ax+', 0o600);
  } finally {
    // Its name goes at once; what was opened stays for as long as somebody has it.
    if (fs.existsSync(file)) fs.unlinkSync(file);
    fs.rmdirSync(dir);
  }
}

interface Ended {
  /** How it failed, undefined where it did not. */
  readonly how: string | undefined;
  readonly status: number | undefined;
}

async function ended(command: HookCommand, output: readonly [number, number]): Promise<Ended> {
  const [program = '', ...args] = command.argv;
  let reason: string | undefined;
  const beyondReach = Promise.withResolvers<undefined>();
  const child = spawn(program, args, {
    cwd: '/',
    // A session of its own: Ctrl-C at the terminal is for us, and all it started is ended at once.
    detached: true,
    stdio: ['ignore', ...output],
    env: { ...process.env, HOLDFAST_PASSPHRASE: undefined, ...command.env },
  });
  const end = (why: string): void => {
    if (reason !== undefined) return;
    reason = why;
    if (!signalGroup(child, 'SIGTERM')) {
      // `sudo` and its likes: it belongs to another account by now.
      reason = `${why}, and may not be ended by this account`;
      child.unref();
      beyondReach.resolve(undefined);
      return;
    }
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER);
    child.once('exit', () => {
      clearTimeout(timer);
      signalGroup(child, 'SIGKILL'); // Whoever of the group outlived its leader.
    });
  };
  const limit = setTimeout(
    () => end(`did not end within ${formatDuration(command.limit)}`),
    command.limit,
  );
  const onStop = (): void => end('was ended because the backup was stopped');
  command.stop?.addEventListener('abort', onStop, { once: true });
  if (command.stop?.aborted === true) onStop();
  try {
    const how = await Promise.race([howItEnded(child), beyondReach.promise]);
    return { how: reason ?? how, status: child.exitCode ?? undefined };
  } finally {
    clearTimeout(limit);
    command.stop?.removeEventListener('abort', onStop);
  }
}

function howItEnded(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('exit', (status, signal) => {
      if (status === 0) resolve(undefined);
      else
        resolve(status === null ? `was ended by ${signal ?? 'a signal'}` : `ended with ${status}`);
    });
  });
}

function lastOf(fd: number): string {
  const { size } = fs.fstatSync(fd);
  const bytes = Buffer.alloc(Math.min(size, KEPT_BYTES));
  const length = fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  return bytes.subarray(0, length).toString();
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-LINES_MAX)
    .map((line) => {
      const said = line.trimEnd();
      return said.length <= LINE_MAX ? said : `${said.slice(0, LINE_MAX)}...`;
    });
}
