/** Tells each agent whom to reach for, whenever that has changed: docs/design/027-evidence.md. */
import { peersOf } from '../../watch/core/server/mesh.ts';
import { isAskRefused } from '../../watch/core/server/orders.ts';
import { standingOf, topologyOf } from '../../watch/core/server/topology.ts';
import { declaredOn } from './declared-on.ts';
import type { Served } from './served.ts';

export class MeshWords {
  readonly #served: Served;
  /** What each was told by this start of the server. */
  readonly #told = new Map<string, string>();

  constructor(served: Served) {
    this.#served = served;
  }

  async beat(): Promise<void> {
    const { core, config, writer, now } = this.#served;
    const port = config.server?.mesh;
    if (port === undefined) return;
    const hosts = core.agents().map(({ stored: { agent, host, run } }) => {
      return { agent, host, run, address: addressOf(config.hosts?.[host]?.address ?? host) };
    });
    const topology = topologyOf(core.agents(), declaredOn(config));
    const named = hosts.map(({ agent, host, address }) => ({ agent, host, address }));
    const peers = peersOf(named, port, (host) => standingOf(host, topology));
    for (const { agent, host, run } of hosts) {
      const its = peers.get(agent) ?? [];
      // One that was started anew remembers nobody, and what it heard before it hears no second time.
      const text = JSON.stringify([run, its]);
      if (this.#told.get(agent) === text) continue;
      const word = { word: 'peers', peers: its } as const;
      const told = await writer.take(agent, () => core.tell(host, word, now()));
      // Too many words wait for it: it is told when it has heard them.
      if (!isAskRefused(told)) this.#told.set(agent, text);
    }
  }
}

/** `[user@]name[:port]`, as ssh is told it, without what is ssh's alone. */
function addressOf(given: string): string {
  const [, v6] = /^(?:[^@]*@)?\[([^\]]+)\](?::\d+)?$/.exec(given) ?? [];
  if (v6 !== undefined) return v6;
  const host = given.slice(given.lastIndexOf('@') + 1);
  return /^[^:]+:\d+$/.test(host) ? host.slice(0, host.lastIndexOf(':')) : host;
}
