/** What stoppers see of this host and do to it, in one place, so that a test can stand in for it. */
import fs from 'node:fs';
import { durationMs } from '../../base/units.ts';
import { StopperFailure } from '../../guard/shell/stopper.ts';
import { runHook } from '../hooks/run-hook.ts';
import { errnoOf } from '../node/errno.ts';

export interface HostProcess {
  readonly pid: number;
  readonly args: readonly string[];
}

export interface ProgramEnd {
  readonly status: number | undefined;
  readonly stdout: string;
  /** `systemctl ended with 4: Access denied`: for people. */
  readonly how: string;
}

export interface StopperWorld {
  /** Whether systemd is the first process: its word on services counts only then. */
  readonly isSystemd: boolean;
  /** By name and arguments, never by a shell. However it ends is an answer. */
  run(argv: readonly string[], signal: AbortSignal): Promise<ProgramEnd>;
  exists(path: string): boolean;
  /** At most 64 KiB; undefined where there is none. @throws StopperFailure where it may not be read */
  read(path: string): string | undefined;
  processes(): readonly HostProcess[];
  /** SIGTERM; false where it is gone. @throws StopperFailure where it may not be ended */
  end(pid: number): boolean;
}

/** More than any limit that a configuration can name: who waits raises the signal. */
const RUN_MAX = durationMs(900_000);
const READ_BYTES_MAX = 65_536;

export function nodeStopperWorld(): StopperWorld {
  return {
    isSystemd: fs.existsSync('/run/systemd/system'),
    run,
    exists: (path) => fs.existsSync(path),
    read,
    processes,
    end,
  };
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<ProgramEnd> {
  const env = { LC_ALL: 'C', SYSTEMD_PAGER: '' };
  const { how, status, said, stdout } = await runHook({ argv, env, limit: RUN_MAX, stop: signal });
  const words = said.length === 0 ? '' : `: ${said.join(' / ')}`;
  return { status, stdout, how: `${argv.slice(0, 2).join(' ')} ${how}${words}` };
}

/** @throws StopperFailure where it did not end with 0 */
export async function runWell(
  world: StopperWorld,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { status, stdout, how } = await world.run(argv, signal);
  if (status !== 0) throw new StopperFailure(how);
  return stdout;
}

function read(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8').slice(0, READ_BYTES_MAX);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    if (errno === undefined) throw error;
    throw new StopperFailure(`${path} cannot be read (${errno})`, { cause: error });
  }
}

function processes(): readonly HostProcess[] {
  return fs.readdirSync('/proc').flatMap((name): readonly HostProcess[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const line = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const args = line.split('\0').slice(0, -1);
      return args.length === 0 ? [] : [{ pid: Number.parseInt(name, 10), args }];
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return []; // It ended in this moment.
    }
  });
}

function end(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ESRCH') return false;
    if (errno === undefined) throw error;
    throw new StopperFailure(`process ${pid} may not be ended (${errno})`, { cause: error });
  }
}

/** The last part of a program's path. */
export function programOf({ args }: HostProcess): string {
  return args[0]?.split('/').at(-1) ?? '';
}
