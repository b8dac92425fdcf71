import {
  chronyIn,
  type ClockSeen,
  judgeClock,
  noClock,
  timedatectlIn,
} from '../../watch/core/probes/clock.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';
import { type ToolOptions, toolProbe } from './tool-probe.ts';

const EVERY_MS = 60_000;
const TIMEOUT_MS = 10_000;

const ASK = {
  chronyc: { args: ['-n', 'tracking'], read: chronyIn },
  timedatectl: { args: ['show', '--property=NTPSynchronized'], read: timedatectlIn },
} as const satisfies Record<
  string,
  { readonly args: readonly string[]; readonly read: (text: string) => ClockSeen | undefined }
>;

/** The clock of this host: whether it is kept right, and whether it was set since the last look. */
export function clockProbe(
  by: keyof typeof ASK,
  options: ToolOptions = {},
  time: ProbeTime = probeTime,
): Probe {
  const { program = by, timeoutMs = TIMEOUT_MS } = options;
  let before: number | undefined;
  return toolProbe({
    kind: 'clock',
    name: 'offset',
    everyMs: EVERY_MS,
    timeoutMs,
    program,
    args: ASK[by].args,
    judge: (text) => {
      const ahead = time.nowMs() - time.steadyMs();
      const stepped = before === undefined ? undefined : ahead - before;
      before = ahead;
      const seen = ASK[by].read(text);
      return seen === undefined ? noClock(text) : judgeClock(seen, stepped);
    },
  });
}
