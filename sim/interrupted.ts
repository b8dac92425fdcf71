import type { Store } from '../src/vault/shell/store.ts';

/** The same store; something is done before each request, which are counted from 1. */
export function interrupted<T extends Store>(store: T, before: (nth: number) => Promise<void>): T {
  let nth = 0;
  const turn = (): Promise<void> => before(++nth);
  return {
    ...store,
    putIfAbsent: async (name: string, bytes: Uint8Array, sha256: never) => {
      await turn();
      return store.putIfAbsent(name, bytes, sha256);
    },
    get: async (name: string, range?: never) => {
      await turn();
      return store.get(name, range);
    },
    list: async (prefix: string) => {
      await turn();
      return store.list(prefix);
    },
  };
}
