/** The last lines of hosts that fell silent, for the message that says so. */
import type { StoredLine } from '../../watch/core/server/changes.ts';
import type { EstateNow } from '../../watch/core/server/estate-now.ts';
import type { ServerStore } from '../../watch/shell/server/server-store.ts';

const LINES_MAX = 6;
/** With a whole site silent the state is asked for some at a time. */
const HOSTS_PER_TURN = 20;

export class LastWords {
  readonly #state: Pick<ServerStore, 'lines'>;
  readonly #lines = new Map<string, readonly StoredLine[]>();

  constructor(state: Pick<ServerStore, 'lines'>) {
    this.#state = state;
  }

  /** Of each host that is not heard; read once, since it says nothing more. */
  async of({ hosts }: EstateNow): Promise<ReadonlyMap<string, readonly StoredLine[]>> {
    const silent = hosts.filter(({ own }) => own.reason === 'silent' || own.reason === 'down');
    const names = new Set(silent.map(({ host }) => host));
    for (const host of this.#lines.keys()) if (!names.has(host)) this.#lines.delete(host);
    const missing = silent.filter(({ host }) => !this.#lines.has(host)).slice(0, HOSTS_PER_TURN);
    for (const { host, agent } of missing) {
      const lines = await this.#state.lines({ agent, countMax: LINES_MAX });
      const inOrder = [...lines].sort((a, b) => a.n - b.n);
      this.#lines.set(host, inOrder);
    }
    return this.#lines;
  }
}
