/** flock(2): a lock that the kernel keeps for as long as the descriptor is open, and no longer. */
import { type Answer, doneOr, native } from './syscalls.ts';

/** What the answer says where another holds it. */
export const EAGAIN = 'EAGAIN';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Does not wait. */
export function lockWhole(fd: number): Answer<undefined> {
  return doneOr(native('flock')(fd, LOCK_EX | LOCK_NB));
}
