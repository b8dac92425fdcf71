/** This process by a name that no other has, on this machine or a later boot of it. */
import fs from 'node:fs';
import type { LeaseHolder } from '../../guard/shell/apply-request.ts';

/** Of `/proc/PID/stat`, behind the name of the program, which may hold anything: from field 3 on. */
const START_FIELD = 22 - 3;

export function leaseHolderHere(): LeaseHolder {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const idOf = (pid: number): string | undefined => {
    const started = startOf(pid);
    return started === undefined ? undefined : `${boot}/${pid}/${started}`;
  };
  const id = idOf(process.pid) ?? `${boot}/${process.pid}/0`;
  return {
    id,
    isAlive: (other) => {
      const pid = Number(other.split('/')[1]);
      return Number.isSafeInteger(pid) && pid > 0 && idOf(pid) === other;
    },
  };
}

/** In ticks since boot: a number that is given again is told by it. */
function startOf(pid: number): string | undefined {
  let text: string;
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[START_FIELD];
}
