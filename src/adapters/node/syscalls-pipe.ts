import { SourceFailure } from '../../host/source.ts';
import { failedNow, native } from './syscalls.ts';

const O_CLOEXEC = 0o2000000;
const POLLIN = 1;
const EINTR = 4;
/** `struct pollfd`: the descriptor, what is waited for, what happened. */
const POLL_SIZE = 8;

/** Both ends of a pipe; no child inherits them unless it is given one. @throws SourceFailure */
export function pipeOf(): { readonly read: number; readonly write: number } {
  const ends = new Uint8Array(POLL_SIZE);
  if (Number(native('pipe2')(ends, O_CLOEXEC)) !== 0) {
    throw new SourceFailure(failedNow().error.code);
  }
  const view = new DataView(ends.buffer);
  return { read: view.getInt32(0, true), write: view.getInt32(4, true) };
}

/** Whether there is something to read, or an end, within this time. It blocks the thread. */
export function waitReadable(fd: number, limitMs: number): boolean {
  const asked = new Uint8Array(POLL_SIZE);
  const view = new DataView(asked.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, POLLIN, true);
  for (;;) {
    const count = Number(native('poll')(asked, 1, limitMs));
    if (count >= 0) return count > 0;
    const { error } = failedNow();
    if (error.errno !== EINTR) throw new SourceFailure(error.code);
  }
}
