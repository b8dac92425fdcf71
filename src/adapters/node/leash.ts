/**
 * A job is held by the agent that began it: over descriptor 3 it says how far it is, and where the
 * other end closes, because the agent was killed, it ends by itself. docs/format/job-leash.md.
 */
import net from 'node:net';
import { durationMs } from '../../base/units.ts';
import { errnoOf } from './errno.ts';

export const LEASH_FD = 3;
/** Set by whoever holds the other end; no program that is started later has it. */
export const LEASH_NAME = 'HOLDFAST_LEASH';
/** What was frozen is put back in that time; then all of it is killed. */
const GRACE = durationMs(60_000);
/** Nobody reads faster; what comes in between is not said. */
const SAY_EVERY_MS = 1000;
/** Progress that nobody takes is not gathered. */
const UNREAD_BYTES_MAX = 4096;

export interface JobProgress {
  /** Per mille; undefined: not known. */
  readonly share: number | undefined;
  readonly bytes: number;
  readonly bytesTotal: number | undefined;
  readonly bytesPerS: number | undefined;
}

/** @returns what progress is said by; undefined: nobody holds this process */
export function takeLeash(env: NodeJS.ProcessEnv): ((progress: JobProgress) => void) | undefined {
  const isHeld = env[LEASH_NAME] === String(LEASH_FD);
  delete env[LEASH_NAME];
  if (!isHeld) return undefined;
  const socket = new net.Socket({ fd: LEASH_FD, readable: true, writable: true });
  socket.on('error', () => undefined); // It closes then.
  socket.on('close', endWithAll);
  socket.on('end', endWithAll);
  socket.resume();
  socket.unref();
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs < SAY_EVERY_MS || socket.writableLength > UNREAD_BYTES_MAX) return;
    saidAtMs = nowMs;
    socket.write(`${JSON.stringify(progress)}\n`);
  };
}

let isEnding = false;

/** As a cancelled job ends, and whatever it has started with it. */
function endWithAll(): void {
  if (isEnding) return;
  isEnding = true;
  // What it started and does not end by itself would be nobody's.
  process.on('exit', () => signalAll('SIGKILL'));
  setTimeout(() => signalAll('SIGKILL'), GRACE);
  signalAll('SIGTERM');
}

function signalAll(name: NodeJS.Signals): void {
  try {
    process.kill(-process.pid, name);
  } catch (error) {
    // Of nobody's group it is the head: then it is alone.
    if (errnoOf(error) !== 'ESRCH') throw error;
    process.kill(process.pid, name);
  }
}
