/** Whether a host is down: never by the word of one alone. docs/design/027-evidence.md */
import type { AgentId } from '../agent/messages.ts';
import { LEASE_MS, type Lease, leaseStanding, type Standing, unknownFor } from './standing.ts';

/** One agent that reaches, or does not reach, for another; only what counts now. */
export interface Reach {
  readonly from: AgentId;
  readonly to: AgentId;
  readonly saw: 'healthy' | 'broken';
  readonly seenAtMs: number;
}

export interface Eye {
  readonly agent: AgentId;
  readonly host: string;
  readonly lease: Lease;
  /** What it stands on, itself at least: two that share any of it see with one eye. */
  readonly standsOn: ReadonlySet<string>;
}

export interface Mesh {
  /** Since then this server listens; before that nobody could keep a lease. */
  readonly listensSinceMs: number;
  readonly eyes: readonly Eye[];
  readonly reaches: readonly Reach[];
}

/** Of the host of `agent`: its agent speaks, or it is down, or nobody can say. */
export function hostStanding(agent: Eye, mesh: Mesh, nowMs: number): Standing {
  const own = leaseStanding(agent.lease, nowMs);
  if (own.reason !== 'silent') return own;
  const silentSinceMs = agent.lease.saidAtMs ?? mesh.listensSinceMs;
  if (nowMs < silentSinceMs + LEASE_MS) return own;
  // By what was said of this host first: with most of a thousand silent, all eyes for each are a million.
  const said = mesh.reaches.filter(
    ({ to, seenAtMs }) => to === agent.agent && seenAtMs > silentSinceMs,
  );
  const sawSince = (eye: Eye): Reach['saw'] | undefined =>
    said.find(({ from }) => from === eye.agent)?.saw;
  const others = mesh.eyes.filter(
    (eye) =>
      eye.agent !== agent.agent &&
      sawSince(eye) !== undefined &&
      leaseStanding(eye.lease, nowMs).mark === 'ok',
  );
  const reaching = others.find((eye) => sawSince(eye) === 'healthy');
  if (reaching !== undefined) {
    return unknownFor('silent', `Its agent fell silent; ${reaching.host} still reaches the host.`);
  }
  const losing = others.filter((eye) => sawSince(eye) === 'broken');
  for (const [at, one] of losing.entries()) {
    const other = losing.slice(at + 1).find((each) => areTwoEyes(one, each, mesh));
    if (other === undefined) continue;
    const why = `It fell silent, and neither ${one.host} nor ${other.host} reaches it.`;
    return { mark: 'failed', reason: 'down', why };
  }
  const [one] = losing;
  return one === undefined ? own : pathStanding(one.host, agent.host);
}

/** What one alone sees of another: both ends may be well. */
export function pathStanding(from: string, to: string): Standing {
  return unknownFor('path', `Only ${from} does not reach it: the path between ${from} and ${to}.`);
}

/** Each hears the other, and they do not stand on the same thing. */
function areTwoEyes(one: Eye, other: Eye, mesh: Mesh): boolean {
  const hears = (from: Eye, to: Eye): boolean =>
    reachOf(mesh, { from: from.agent, to: to.agent, sinceMs: Number.NEGATIVE_INFINITY }) ===
    'healthy';
  const isApart = ![...one.standsOn].some((each) => other.standsOn.has(each));
  return isApart && hears(one, other) && hears(other, one);
}

function reachOf(
  mesh: Mesh,
  of: { readonly from: AgentId; readonly to: AgentId; readonly sinceMs: number },
): Reach['saw'] | undefined {
  return mesh.reaches.find(
    ({ from, to, seenAtMs }) => from === of.from && to === of.to && seenAtMs > of.sinceMs,
  )?.saw;
}
