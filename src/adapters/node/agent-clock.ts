/** Time as an agent counts it: up-time of this machine, sleep included. */
import { hrtime } from 'node:process';
import { unixMs } from '../../base/units.ts';
import type { AgentClock } from '../../watch/shell/agent/agent-ports.ts';
import { momentHere } from './boot-clock.ts';
import { nodeClock } from './clock.ts';

const TIMER_MS_MAX = 2 ** 31 - 1;

export function nodeAgentClock(): AgentClock {
  const clock = nodeClock();
  const { boot } = momentHere(clock);
  let last = 0;
  return {
    now: () => unixMs(Math.floor(clock.now())),
    upMs: () => {
      // Rounded by the kernel to 10 ms; what was read once is never undercut.
      last = Math.max(last, upMsHere());
      return last;
    },
    // Without a boot id each start of the agent counts as a boot of its own.
    boot: boot ?? `process-${process.pid}-${hrtime.bigint()}`,
    wait: (span, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, Math.min(span, TIMER_MS_MAX));
        signal.addEventListener('abort', end);
      }),
  };
}

function upMsHere(): number {
  const { upMs } = momentHere({ now: () => unixMs(0) });
  // Where there is no /proc, the clock that stands still while the machine sleeps.
  return upMs ?? Math.floor(Number(hrtime.bigint() / 1_000_000n));
}
