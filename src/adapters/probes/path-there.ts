import { judgeNoStat } from '../../watch/core/probes/file-system-space.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import { judgePath, pathIn, type PathWanted } from '../../watch/core/probes/path-there.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { ProbeChild } from './probe-child.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';

interface PathProbeOptions {
  readonly name: string;
  readonly path: string;
  readonly wanted: PathWanted;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly program?: string;
}

/** A path without which something does not work. */
export function pathProbe(options: PathProbeOptions, time: ProbeTime = probeTime): Probe {
  const { name, path, wanted, everyMs, timeoutMs, program = 'stat' } = options;
  const child = new ProbeChild();
  return boundedProbe({
    kind: 'path',
    name,
    everyMs,
    timeoutMs,
    look: async (signal) => {
      const args = ['--dereference', '--format=%s %Y %F', '--', path];
      const answer = await child.run({ program, args, limitMs: timeoutMs - 500, signal });
      if (answer.how !== 'ended') return found('unreadable', answer.why);
      if (answer.status !== 0) return judgeNoStat(answer.stderr);
      const seen = pathIn(answer.stdout);
      if (seen !== undefined) return judgePath(seen, wanted, time.nowMs());
      return found('unreadable', `${program} printed nonsense: ${quoted(answer.stdout)}`);
    },
  });
}
