import {
  judgeInodes,
  judgeNoStat,
  judgeSpace,
  SPACE_LIMITS,
  type SpaceLimits,
  statfsIn,
  type StatfsSeen,
} from '../../watch/core/probes/file-system-space.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { mountIn } from '../../watch/core/probes/mount-state.ts';
import { boundedProbe } from './bounded-probe.ts';
import { placeOf, readHostMounts } from './host-mounts.ts';
import { ProbeChild } from './probe-child.ts';

const EVERY_MS = 60_000;
const TIMEOUT_MS = 10_000;

interface MountProbeOptions {
  /** Any place of a file system, by its text; or a mount point, as the table of mounts has it. */
  readonly mountPoint: string;
  /** It counts only while something is mounted there: else another file system would answer. */
  readonly isOfTable?: boolean;
  /** For tests: the table. */
  readonly mountinfo?: string;
  readonly limits?: SpaceLimits;
  /** For tests: what is asked instead of `stat`. */
  readonly program?: string;
  readonly timeoutMs?: number;
}

/** Space left for users on a file system, asked from a child: a dead mount blocks nobody here. */
export function spaceProbe(options: MountProbeOptions): Probe {
  const { limits = SPACE_LIMITS } = options;
  return statfsProbe('space', options, (seen) => judgeSpace(seen, limits));
}

export function inodesProbe(options: MountProbeOptions): Probe {
  return statfsProbe('inodes', options, judgeInodes);
}

function statfsProbe(
  kind: 'space' | 'inodes',
  options: MountProbeOptions,
  judge: (seen: StatfsSeen) => ProbeFinding,
): Probe {
  const { mountPoint, program = 'stat', timeoutMs = TIMEOUT_MS } = options;
  const child = new ProbeChild();
  return boundedProbe({
    kind,
    name: mountPoint,
    everyMs: EVERY_MS,
    timeoutMs,
    look: async (signal) => {
      const place = placeNow(options);
      if (typeof place !== 'string') return place;
      const args = ['--file-system', '--format=%b %S %a %c %d', '--', place];
      const answer = await child.run({ program, args, limitMs: timeoutMs - 500, signal });
      if (answer.how !== 'ended') return found('unreadable', answer.why);
      if (answer.status !== 0) return judgeNoStat(answer.stderr);
      const seen = statfsIn(answer.stdout);
      if (seen !== undefined) return judge(seen);
      return found('unreadable', `${program} printed what is no size: ${quoted(answer.stdout)}`);
    },
  });
}

/** Where to look; else why there is nothing to look at. */
function placeNow({ mountPoint, isOfTable, mountinfo }: MountProbeOptions): string | ProbeFinding {
  if (isOfTable !== true) return mountPoint;
  const table = readHostMounts(mountinfo);
  if ('finding' in table) return table.finding;
  if (mountIn(table.text, mountPoint) === undefined) {
    return found('unreadable', 'nothing is mounted there: what answers is another file system');
  }
  return placeOf(mountPoint) ?? found('unreadable', 'its name is no text');
}
