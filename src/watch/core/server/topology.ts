/** What a host stands on: as people wrote it, else as agents of hypervisors see their guests. */
import type { HeldAgent } from './held.ts';

/** Of a host: its hypervisor, and the item that sees it there where there is one. */
export interface StandsOn {
  readonly host: string;
  readonly item?: string | undefined;
}

export type Topology = ReadonlyMap<string, readonly StandsOn[]>;

const GUEST = 'guest:';

/**
 * @param declared wins where it says anything of a host: an empty list is that it stands by itself
 */
export function topologyOf(
  agents: readonly HeldAgent[],
  declared: ReadonlyMap<string, readonly string[]>,
): Topology {
  const known = new Set(agents.map(({ stored }) => stored.host));
  const seen = new Map<string, { readonly on: StandsOn; readonly isRunning: boolean }[]>();
  for (const { stored, items } of agents) {
    for (const { stored: item } of items.values()) {
      // Whether it still counts is not asked: what a silent hypervisor carries is on it all the same.
      if (item.kind !== 'guest' || !item.item.startsWith(GUEST) || item.saw === 'gone') continue;
      const guest = item.item.slice(GUEST.length);
      if (guest === stored.host || !known.has(guest)) continue;
      const on = { host: stored.host, item: `host:${stored.host}/${item.item}` };
      const list = seen.get(guest) ?? [];
      seen.set(guest, [...list, { on, isRunning: item.saw === 'healthy' }]);
    }
  }
  const topology = new Map<string, readonly StandsOn[]>();
  for (const [guest, list] of seen) {
    // It may be defined on several and runs on one.
    const running = list.filter(({ isRunning }) => isRunning);
    topology.set(
      guest,
      (running.length === 0 ? list : running).map(({ on }) => on),
    );
  }
  for (const [guest, hosts] of declared) {
    const found = topology.get(guest) ?? [];
    topology.set(
      guest,
      hosts.map((host) => ({ host, item: found.find((on) => on.host === host)?.item })),
    );
  }
  return topology;
}

/** All that falls with it: itself, what it stands on, and what that stands on. */
export function standingOf(host: string, topology: Topology): ReadonlySet<string> {
  const all = new Set([host]);
  for (const each of all) for (const on of topology.get(each) ?? []) all.add(on.host);
  return all;
}

/** Nearest first, as `tell` is told: the guest as its hypervisor sees it, then the hypervisor. */
export function restsOnOf(host: string, topology: Topology): readonly string[] {
  return (topology.get(host) ?? []).flatMap((on) => [
    ...(on.item === undefined ? [] : [on.item]),
    `host:${on.host}`,
  ]);
}
