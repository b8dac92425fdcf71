import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { errnoOf } from './errno.ts';

/**
 * A child with the pipes that were asked for, or why the system refuses one now.
 *
 * `spawn` tells of it in three ways. For want of memory, or of too much to hand over, it throws. For
 * want of descriptors it returns a child that has no pipes, and says why by an event, which ends this
 * process where nobody listens. Of a program that is not there it says by the same event, which
 * remains the caller's to hear.
 */
export function startChild(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess | Error {
  let child: ChildProcess;
  try {
    child = spawn(program, [...args], options);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return error as Error;
  }
  if (hasPipes(child)) return child;
  child.on('error', () => undefined); // It says the same.
  return new Error(`${program}: too many files are open here`);
}

/** Its type says always. */
function hasPipes(child: { readonly stdio: unknown }): boolean {
  return Array.isArray(child.stdio);
}
