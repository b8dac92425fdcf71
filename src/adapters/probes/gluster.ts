import { found, quoted } from '../../watch/core/probes/found.ts';
import {
  glusterHealIn,
  glusterStatusIn,
  type HealSeen,
  judgeGluster,
} from '../../watch/core/probes/gluster.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';
import { type ChildAnswer, printedOf, ProbeChild } from './probe-child.ts';
import type { ToolOptions } from './tool-probe.ts';

const EVERY_MS = 60_000;
const TIMEOUT_MS = 30_000;

/** A volume of Gluster: bricks that are there, and what waits to be healed. */
export function glusterProbe(volume: string, options: ToolOptions = {}): Probe {
  const { program = 'gluster', timeoutMs = TIMEOUT_MS } = options;
  const child = new ProbeChild();
  const limitMs = (timeoutMs - 500) / 2;
  const ask = (args: readonly string[], signal: AbortSignal): Promise<ChildAnswer> =>
    child.run({ program, args: ['--mode=script', 'volume', ...args], limitMs, signal });
  return boundedProbe({
    kind: 'gluster',
    name: volume,
    everyMs: EVERY_MS,
    timeoutMs,
    look: async (signal): Promise<ProbeFinding> => {
      const status = printedOf(await ask(['status', volume], signal), program);
      if ('finding' in status) return status.finding;
      const seen = glusterStatusIn(status.text);
      if (seen === undefined) {
        return found('unreadable', `gluster printed no status: ${quoted(status.text)}`);
      }
      const answer = await ask(['heal', volume, 'info'], signal);
      const healed = healOf(answer, program);
      return 'finding' in healed ? healed.finding : judgeGluster(seen, healed.heal);
    },
  });
}

function healOf(
  answer: ChildAnswer,
  program: string,
): { readonly heal: HealSeen | undefined } | { readonly finding: ProbeFinding } {
  const isPlain =
    answer.how === 'ended' &&
    /is not of type (?:disperse\/)?replicate/.test(answer.stdout + answer.stderr);
  if (isPlain) return { heal: undefined };
  const printed = printedOf(answer, program);
  if ('finding' in printed) return printed;
  const heal = glusterHealIn(printed.text);
  if (heal !== undefined) return { heal };
  const why = `gluster printed nothing of what is to be healed: ${quoted(printed.text)}`;
  return { finding: found('unreadable', why) };
}
