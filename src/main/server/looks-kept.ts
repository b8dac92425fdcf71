/** Looks over ssh that this machine kept: hosts without an agent join the estate with them. */
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import type { ConnectedOfLooks } from '../../watch/core/look/look-connected.ts';
import { bytesOfText } from '../cli/places.ts';
import { connectedHere } from '../look/connected-here.ts';
import { keptLooks, type LookStore, newestLook } from '../look/saved-looks.ts';

export class LooksKept {
  readonly #state: string | undefined;
  #read: { readonly names: string; readonly looks: readonly HostLook[] } | undefined;

  /** @param state directory of the Holdfast of this machine; undefined: there is none */
  constructor(state: string | undefined) {
    this.#state = state;
  }

  /** The newest of each host; read again where there is another file. */
  looks(): readonly HostLook[] {
    if (this.#state === undefined) return [];
    const store: LookStore = {
      ...{ disk: nodeDisk(), tools: nodeTools(), state: bytesOfText(this.#state) },
    };
    try {
      const names = keptLooks(store)
        .map(({ path }) => path)
        .join('\n');
      if (this.#read?.names === names) return this.#read.looks;
      const { look } = newestLook(store);
      this.#read = { names, looks: look?.looks ?? [] };
      return this.#read.looks;
    } catch (error) {
      // What cannot be read is not seen: those hosts are unknown.
      if (error instanceof Fault) return [];
      throw error;
    }
  }

  /** What this machine has opened of the team's own backups. */
  async connected(looks: readonly HostLook[]): Promise<ConnectedOfLooks | undefined> {
    if (this.#state === undefined) return undefined;
    const state = { value: bytesOfText(this.#state), by: 'the server' };
    try {
      const connected = await connectedHere({ state }, looks);
      return connected.repositories.length === 0 ? undefined : connected;
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }
}
