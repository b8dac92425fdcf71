import { found } from '../../watch/core/probes/found.ts';
import { judgeNoStat } from '../../watch/core/probes/file-system-space.ts';
import { judgeMount, mountIn, type MountSeen } from '../../watch/core/probes/mount-state.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { placeOf, readHostMounts } from './host-mounts.ts';
import { ProbeChild } from './probe-child.ts';

const EVERY_MS = 15_000;
const TIMEOUT_MS = 10_000;

interface MountStateOptions {
  /** As the table of mounts has it. */
  readonly mountPoint: string;
  /** What /etc/fstab says; undefined where it says nothing: then as it was seen first. */
  readonly isWritable: boolean | undefined;
  readonly mountinfo?: string;
  readonly program?: string;
  readonly timeoutMs?: number;
}

/** Whether a file system is still mounted, still writable, and still answers. */
export function mountProbe(options: MountStateOptions): Probe {
  const { mountPoint, mountinfo, program = 'stat' } = options;
  const { timeoutMs = TIMEOUT_MS } = options;
  const child = new ProbeChild();
  let isWritable = options.isWritable;
  return boundedProbe({
    kind: 'mount',
    name: mountPoint,
    everyMs: EVERY_MS,
    timeoutMs,
    look: async (signal): Promise<ProbeFinding> => {
      const table = readHostMounts(mountinfo);
      if ('finding' in table) return table.finding;
      if (!/^\d+ \d+ \d+:\d+ /.test(table.text)) {
        return found('unreadable', 'the table of mounts is not as it should be');
      }
      const mounted = mountIn(table.text, mountPoint);
      const seen = table.isHosts ? mounted : bySuperBlock(mounted);
      const isReadOnly = seen?.isMountReadOnly === true || seen?.isSuperReadOnly === true;
      isWritable ??= seen === undefined ? undefined : !isReadOnly;
      const state = judgeMount(seen, { isWritable: isWritable ?? false });
      if (state.saw !== 'healthy') return state;
      // One that was shut down is in the table as if nothing were: its root tells.
      const place = placeOf(mountPoint);
      if (place === undefined) return found('unreadable', 'its name is no text');
      const args = ['--format=%i', '--', place];
      const answer = await child.run({ program, args, limitMs: timeoutMs - 500, signal });
      if (answer.how !== 'ended') return found('unreadable', answer.why);
      if (answer.status !== 0) return judgeNoStat(answer.stderr);
      if (/^\d+\s*$/.test(answer.stdout)) return state;
      return found('unreadable', `${program} printed what is no number of an inode`);
    },
  });
}

/** Where single mounts cannot be told from our sandbox's, the file system behind them tells. */
function bySuperBlock(seen: MountSeen | undefined): MountSeen | undefined {
  return seen && { ...seen, isMountReadOnly: seen.isSuperReadOnly };
}
