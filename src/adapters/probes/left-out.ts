/** What there is on a host beyond what is watched without being named: said, instead of being well unseen. */
import { found } from '../../watch/core/probes/found.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { boundedProbe } from './bounded-probe.ts';

/** Of mounts, of guests and of volumes so many are watched. */
export const EACH_MAX = 200;

/** @param counts how many there are, by what they are called; undefined where all are watched */
export function leftOutProbe(counts: Readonly<Record<string, number>>): Probe | undefined {
  const cut = Object.entries(counts).filter(([, count]) => count > EACH_MAX);
  if (cut.length === 0) return undefined;
  const what = cut.map(([name, count]) => `${count} ${name} are here, and ${EACH_MAX} are watched`);
  const why = `${what.join('; ')}. Name below probes in agent.yaml which others matter, and watched:all below without.`;
  return boundedProbe({
    ...{ kind: 'watched', name: 'all', everyMs: 60_000, timeoutMs: 1000 },
    look: () => Promise.resolve(found('impaired', why)),
  });
}
