import type { Answer } from './syscalls.ts';
import { doneOr, ENOSYS, failedWith, native, syscallNumbers } from './syscalls.ts';

const IOPRIO_WHO_PROCESS = 1;
const IOPRIO_CLASS_IDLE = 3;
const IOPRIO_CLASS_SHIFT = 13;

/**
 * Reads and writes of this thread wait while anybody else's are pending (where the disk's
 * scheduler knows priorities: BFQ, mq-deadline). A thread inherits it from the one that makes it,
 * so called first thing on the main thread it holds for workers and for libuv's pool as well;
 * called later, each worker calls it itself.
 */
export function setIdleIoPriority(): Answer<undefined> {
  const numbers = syscallNumbers();
  if (numbers === undefined) return failedWith(ENOSYS);
  const priority = IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT;
  // The second argument is the thread: 0, and so a null pointer, is the caller.
  const call = native('syscall');
  return doneOr(call(numbers.ioprioSet, IOPRIO_WHO_PROCESS, null, priority, 0));
}
