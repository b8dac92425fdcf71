/** Who reaches for whom: enough eyes on each host, and no more than a host can be asked for. */
import type { AgentId, Peer } from '../agent/messages.ts';

export interface MeshHost {
  readonly agent: AgentId;
  readonly host: string;
  readonly address: string;
}

/** Two must lose a host at once; some of its watchers may be silent themselves. */
const PEERS_MAX = 8;
/** A word to an agent names at most 64. */
const WITNESS_PEERS_MAX = 60;

/**
 * Each agent's peers: those that follow it in the order of ids, as in a ring. So each is reached for by
 * as many as it reaches for, and neighbours by name are not neighbours here.
 */
export function peersOf(
  hosts: readonly MeshHost[],
  port: number,
  standing: (host: string) => ReadonlySet<string> = (host) => new Set([host]),
): ReadonlyMap<AgentId, readonly Peer[]> {
  const ring = [...hosts].sort((a, b) => (a.agent < b.agent ? -1 : 1));
  const peers = ringOf(ring);
  addWitnesses(peers, ring, new Map(ring.map(({ agent, host }) => [agent, standing(host)])));
  return new Map(
    [...peers].map(([agent, its]) => [agent, [...its].map((peer) => ({ ...peer, port }))]),
  );
}

type Peers = Map<AgentId, Set<MeshHost>>;
type Standing = ReadonlyMap<AgentId, ReadonlySet<string>>;

/**
 * Where all who reach for a host fall with its hypervisor, or none of two hears the other, nobody could
 * ever call it down: then two more reach for it, and for each other.
 */
function addWitnesses(peers: Peers, ring: readonly MeshHost[], standing: Standing): void {
  const isApart = (a: MeshHost, b: MeshHost): boolean => {
    const [one, other] = [standing.get(a.agent), standing.get(b.agent)];
    return one !== undefined && other !== undefined && ![...one].some((each) => other.has(each));
  };
  const reaches = (a: MeshHost, b: MeshHost): boolean => peers.get(a.agent)?.has(b) === true;
  const has = (list: readonly MeshHost[]): boolean =>
    list.some((one, at) =>
      list.slice(at + 1).some((two) => isApart(one, two) && reaches(one, two) && reaches(two, one)),
    );
  const mayAlso = (from: MeshHost, to: MeshHost): boolean =>
    reaches(from, to) || (peers.get(from.agent)?.size ?? 0) < WITNESS_PEERS_MAX;
  const watchersOf = new Map<MeshHost, MeshHost[]>(ring.map((host) => [host, []]));
  for (const from of ring) {
    for (const to of peers.get(from.agent) ?? []) watchersOf.get(to)?.push(from);
  }
  for (const [at, host] of ring.entries()) {
    const watchers = (watchersOf.get(host) ?? []).filter((each) => isApart(each, host));
    if (has(watchers)) continue;
    const after = [...ring.slice(at + 1), ...ring.slice(0, at)].filter(
      (each) => isApart(each, host) && mayAlso(each, host),
    );
    const [one] = after;
    const two = one && after.find((each) => isApart(each, one));
    if (one === undefined || two === undefined) continue;
    peers.get(one.agent)?.add(host).add(two);
    peers.get(two.agent)?.add(host).add(one);
  }
}

function ringOf(ring: readonly MeshHost[]): Peers {
  const count = Math.min(PEERS_MAX, ring.length - 1);
  // Half of them before it and half behind: with few hosts all reach for all, both ways.
  return new Map(
    ring.map((each, at) => {
      const peers = Array.from({ length: count }, (_, step) => {
        const away = step % 2 === 0 ? 1 + step / 2 : -(step + 1) / 2;
        return ring[(at + away + ring.length) % ring.length];
      });
      return [each.agent, new Set(peers.flatMap((peer) => (peer === undefined ? [] : [peer])))];
    }),
  );
}
