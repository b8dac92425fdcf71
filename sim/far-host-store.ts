/** The store of a simulated machine whose vault lies on another one, as src/main composes it. */
import type { Store } from '../src/vault/shell/store.ts';
import type { DirectoryStore } from '../src/vault/shell/store-directory.ts';
import { seededTools } from './sim-tools.ts';
import type { MakeHostStore } from './vault-host.ts';

const { hash } = seededTools();

/**
 * Puts, gets and lists go over a link that is opened at the first of them. Packs are put while the
 * capture goes on, several at once. The blocking reads of packs, which threads make in life, look at
 * the far disk itself.
 */
export function farHostStore(
  near: DirectoryStore,
  connect: () => Promise<Store>,
): ReturnType<MakeHostStore> {
  let opened: Promise<Store> | undefined;
  const far = (): Promise<Store> => {
    opened ??= connect();
    return opened;
  };
  const underWay: Promise<unknown>[] = [];
  return {
    ...near,
    putIfAbsent: async (name, bytes, sha256) => (await far()).putIfAbsent(name, bytes, sha256),
    get: async (name, range) => (await far()).get(name, range),
    list: async (prefix) => (await far()).list(prefix),
    putIfAbsentSync(name, bytes) {
      const own = bytes.slice(); // The caller uses its buffer again.
      underWay.push(far().then((store) => store.putIfAbsent(name, own, hash.sha256(own))));
      return 'stored';
    },
    async settled() {
      const settled = await Promise.allSettled(underWay.splice(0));
      const failed = settled.find((each) => each.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}
