/** A vault of this machine as who collects holds it. */
import { assert } from '../../base/assert.ts';
import type { PutBack } from '../../vault/shell/forget.ts';
import type { CollectorStore } from '../../vault/shell/store.ts';
import { directoryCollector } from '../../vault/shell/store-collector.ts';
import type { VaultSession } from '../vault-session.ts';

export interface CollectorHere {
  readonly store: CollectorStore;
  readonly putBack: PutBack;
}

export function collectorOf({ line, disk, tools, clock }: VaultSession): CollectorHere {
  const { place } = line;
  assert(place.kind === 'directory', 'only who has its directory collects a vault');
  const store = directoryCollector({ disk, clock, random: tools.random, root: place.root });
  return {
    store,
    putBack: async (snapshots) => {
      for (const { name, bytes } of snapshots) {
        await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
      }
    },
  };
}
