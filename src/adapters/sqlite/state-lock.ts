import { closeSync, openSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Fault } from '../../base/fault.ts';
import { heldLocks } from '../node/in-use-locks.ts';

/** Held until it is released or its process ends, however it ends: the kernel keeps it. */
export interface StateLock {
  release(): void;
}

/**
 * Takes the lock in the file `path`, which is made where it is not there, or says at once who has
 * it. A file that names a process would have to be judged after every crash; this one never is.
 *
 * @throws Fault HF_LEDGER_UNAVAILABLE where the file cannot be used
 */
export function takeStateLock(
  path: string,
): StateLock | { readonly heldBy: 'another process' | number } {
  try {
    // Whoever could read it could hold it.
    closeSync(openSync(path, 'a', 0o600));
    const file = new Database(path, { timeout: 0 });
    try {
      // Nothing is ever written: no journal is wanted beside it.
      file.pragma('journal_mode = MEMORY');
      file.prepare('BEGIN EXCLUSIVE').run([]);
      return { release: () => file.close() };
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'SQLITE_BUSY') return { heldBy: holderOf(path) };
    if (typeof code !== 'string') throw error;
    const message = `${path} cannot be used: ${code}`;
    throw new Fault('HF_LEDGER_UNAVAILABLE', message, { path }, { cause: error });
  }
}

function holderOf(path: string): number | 'another process' {
  const { ino } = statSync(path, { bigint: true });
  const held = heldLocks().find(({ inode, isWrite }) => inode === ino && isWrite);
  return held?.pid ?? 'another process';
}
