/** What takes its time: until it has come about, and until a process is gone. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';

type Look<T> = () => T | undefined | false | Promise<T | undefined | false>;

/** @returns what asks again while what it asks throws, or finds nothing */
export function untilWithin(limitMs: number) {
  return async <T>(what: string, look: Look<T>): Promise<T> => {
    const endMs = Date.now() + limitMs;
    let last: unknown;
    while (Date.now() < endMs) {
      try {
        const found = await look();
        if (found !== undefined && found !== false) return found;
      } catch (error) {
        last = error; // Asked again until the limit.
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return assert.fail(`not within ${limitMs / 1000} s: ${what}; ${String(last)}`);
  };
}

/** With `kill -9`, and gone when it resolves. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
