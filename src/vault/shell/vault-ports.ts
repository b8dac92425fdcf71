import type { Clock } from '../../host/clock.ts';
import type { Tools } from '../../host/tools.ts';
import type { Store } from './store.ts';

/** What the vault needs of the world; more may be given. */
export interface VaultPorts {
  readonly store: Store;
  readonly tools: Tools;
  readonly clock: Pick<Clock, 'now'>;
}

export type ReadingPorts = Pick<VaultPorts, 'store' | 'tools'>;
