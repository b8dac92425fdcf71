/** Who reaches for whom: enough eyes on each host, and no more than a host can be asked for. */
import type { AgentId, Peer } from '../agent/messages.ts';

export interface MeshHost {
  readonly agent: AgentId;
  readonly host: string;
  readonly address: string;
}

/** Two must lose a host at once; some of its watchers may be silent themselves. */
const PEERS_MAX = 8;

/**
 * Each agent's peers: those that follow it in the order of ids, as in a ring. So each is reached for by
 * as many as it reaches for, and neighbours by name are not neighbours here.
 */
export function peersOf(
  hosts: readonly MeshHost[],
  port: number,
): ReadonlyMap<AgentId, readonly Peer[]> {
  const ring = [...hosts].sort((a, b) => (a.agent < b.agent ? -1 : 1));
  const count = Math.min(PEERS_MAX, ring.length - 1);
  // Half of them before it and half behind: with few hosts all reach for all, both ways.
  return new Map(
    ring.map((each, at) => {
      const peers = Array.from({ length: count }, (_, step) => {
        const away = step % 2 === 0 ? 1 + step / 2 : -(step + 1) / 2;
        return ring[(at + away + ring.length) % ring.length];
      });
      return [each.agent, peers.flatMap((peer) => (peer === undefined ? [] : [{ ...peer, port }]))];
    }),
  );
}
