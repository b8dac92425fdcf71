import type { ChildProcess } from 'node:child_process';
import { errnoOf } from './errno.ts';

/**
 * To a child that was started with `detached`, and to all that it started and that did not leave its group.
 * @returns false where all of it belongs to others by now (`sudo` and its likes), whom we may send nothing
 */
export function signalGroup({ pid }: Pick<ChildProcess, 'pid'>, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return true; // It was never started.
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ESRCH' && errno !== 'EPERM') throw error; // ESRCH: nobody is left in it.
    return errno !== 'EPERM';
  }
}
