import { spawn } from 'node:child_process';
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import type { DurationMs } from '../../base/units.ts';

const LOOK_EACH_MS = 5;
/** `$1` is the path as `printf %b` reads it; the dot keeps newlines at its end. */
const SCRIPT = 'exec ls -f -- "$(printf %b "$1")"';

/**
 * Lists a mount in a process of its own. One that hangs is killed, and if even that does not help,
 * because it waits in the kernel, it is left behind: this process never touched the mount.
 */
export function answersWithin(path: ByteString, answerMax: DurationMs): boolean {
  const child = spawn('sh', ['-c', SCRIPT, 'sh', `${octal(path)}/.`], {
    stdio: 'ignore',
    detached: true,
    cwd: '/',
  });
  child.unref();
  child.on('error', () => undefined); // No shell: seen below, since there is no process.
  const { pid } = child;
  // Who cannot ask must not find out by being the one that hangs.
  if (pid === undefined) return false;
  for (let waited = 0; waited < answerMax; waited += LOOK_EACH_MS) {
    if (hasEnded(pid)) return true;
    Atomics.wait(NEVER, 0, 0, LOOK_EACH_MS);
  }
  child.kill('SIGKILL');
  return false;
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Nobody reaps it while this thread waits, so it stays as a zombie. */
function hasEnded(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return true;
    throw error;
  }
}

/** Arguments of programs are text here; paths need not be. */
function octal(path: ByteString): string {
  return path.replaceAll(
    /[^A-Za-z0-9/._-]/g,
    (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
