import { found } from '../../watch/core/probes/found.ts';
import {
  btrfsBalanceIn,
  judgeLongWork,
  type LongWork,
  mdWorkIn,
  zfsWorkIn,
} from '../../watch/core/probes/long-work.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';
import { readKernelFile } from './read-kernel-file.ts';
import { type ToolOptions, toolProbe } from './tool-probe.ts';

const EVERY_MS = 60_000;
const TIMEOUT_MS = 20_000;

/** Remembers since when the work stands where it stands. */
class Progress {
  readonly #time: ProbeTime;
  #at = '';
  #sinceMs = 0;

  constructor(time: ProbeTime) {
    this.#time = time;
  }

  judge(work: LongWork | 'none' | undefined): ProbeFinding {
    if (work === undefined)
      return found('unreadable', 'what runs cannot be told from what was printed');
    const now = this.#time.steadyMs();
    const at = work === 'none' ? '' : `${work.what} ${work.perMille ?? ''}`;
    if (at !== this.#at) {
      this.#at = at;
      this.#sinceMs = now;
    }
    return judgeLongWork(work, now - this.#sinceMs);
  }
}

/** @param mdstat for tests: another than /proc/mdstat */
export function mdWorkProbe(array: string, mdstat = '/proc/mdstat', time = probeTime): Probe {
  const progress = new Progress(time);
  return boundedProbe({
    kind: 'progress',
    name: array,
    everyMs: EVERY_MS,
    timeoutMs: TIMEOUT_MS,
    look: () => {
      const read = readKernelFile(mdstat);
      return Promise.resolve(
        'text' in read ? progress.judge(mdWorkIn(read.text, array)) : read.finding,
      );
    },
  });
}

export function zfsWorkProbe(pool: string, options: ToolOptions = {}, time = probeTime): Probe {
  const { program = 'zpool', timeoutMs = TIMEOUT_MS } = options;
  const progress = new Progress(time);
  return toolProbe({
    kind: 'progress',
    name: pool,
    everyMs: EVERY_MS,
    timeoutMs,
    program,
    args: ['status', pool],
    judge: (text) => progress.judge(zfsWorkIn(text)),
  });
}

export function btrfsBalanceProbe(
  place: string,
  options: ToolOptions = {},
  time = probeTime,
): Probe {
  const { program = 'btrfs', timeoutMs = TIMEOUT_MS } = options;
  const progress = new Progress(time);
  return toolProbe({
    kind: 'progress',
    name: place,
    everyMs: EVERY_MS,
    timeoutMs,
    program,
    args: ['balance', 'status', place],
    statuses: [0, 1],
    judge: (text) => progress.judge(btrfsBalanceIn(text)),
  });
}
