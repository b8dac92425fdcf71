import fs from 'node:fs';

/** The clocks of probes. */
export interface ProbeTime {
  /** Milliseconds since 1970, by the wall clock. */
  readonly nowMs: () => number;
  /** Milliseconds by a clock that never steps. */
  readonly steadyMs: () => number;
}

export const probeTime: ProbeTime = {
  nowMs: () => Date.now(),
  steadyMs: () => performance.now(),
};

/** Milliseconds since this machine started, sleep included; as the kernel log counts. */
export function upMsHere(): number {
  const [seconds = ''] = fs.readFileSync('/proc/uptime', 'latin1').split(' ');
  return Math.round(Number.parseFloat(seconds) * 1000);
}
