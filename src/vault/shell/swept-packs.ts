/**
 * Packs that a place has swept, and that are still in another. Who was stopped while deleting still
 * has their names in his hand, and deletes on some day: so a name that a fate has is never put
 * again. What is needed of them goes along under new names. docs/design/046-copies.md
 */
import type { Tools } from '../../host/tools.ts';
import { sweptAmong } from './collection-state.ts';
import { lastOf } from './copied-folders.ts';
import { secureOnce } from './secure-refs.ts';
import type { Store, StoredObject } from './store.ts';
import { listOrNothing } from './vault-identity.ts';
import { isAbsence } from './vault-problem.ts';

export interface SweptPorts {
  readonly from: Pick<Store, 'get'>;
  readonly to: Store;
  readonly tools: Tools;
}

/**
 * Of these packs, those that `to` has swept. It has to be asked after `to` was listed.
 * @param packs of another place, `packs/NAME`
 */
export async function sweptOf(
  { to, tools }: Pick<SweptPorts, 'to' | 'tools'>,
  packs: readonly StoredObject[],
): Promise<readonly StoredObject[]> {
  const names = new Set(packs.map(({ name }) => lastOf(name)));
  // Where nothing was ever put there is no place to list.
  const store = { get: to.get.bind(to), list: (prefix: string) => listOrNothing(to, prefix) };
  const swept = new Set(await sweptAmong({ store, tools }, names));
  return packs.filter(({ name }) => swept.has(lastOf(name)));
}

/** What lies in `to`, and packs and indexes of `from` besides, for who only wants to know. */
export function asIfCopied({
  from,
  to,
}: {
  readonly from: Pick<Store, 'get' | 'list'>;
  readonly to: Store;
}): Store {
  return {
    promises: to.promises,
    putIfAbsent: (name, bytes, sha256) => to.putIfAbsent(name, bytes, sha256),
    async get(name, range) {
      try {
        return await to.get(name, range);
      } catch (error) {
        if (!isAbsence(error) || !/^(?:packs|index)\//.test(name)) throw error;
        return from.get(name, range);
      }
    },
    async list(prefix) {
      const there = await listOrNothing(to, prefix);
      if (prefix !== 'packs/' && prefix !== 'index/') return there;
      const known = new Set(there.map(({ name }) => name));
      return [...there, ...(await from.list(prefix)).filter(({ name }) => !known.has(name))];
    },
  };
}

/**
 * Puts what `refs` reach and what lies in these packs alone: its groups, in new packs, with an index
 * of them. Durable when it resolves; nothing is put where all of it lies in others that stay.
 *
 * @param ports.put of a pack or an index, durably
 * @param of.swept as they lie in `from`
 * @param of.refs ids in hex
 * @returns false where something that `refs` reach was not to be found in either place
 * @throws what the stores throw
 */
export async function moveSwept(
  ports: SweptPorts & { readonly put: (name: string, bytes: Uint8Array) => Promise<void> },
  of: { readonly swept: readonly StoredObject[]; readonly refs: readonly string[] },
): Promise<boolean> {
  const { from, to, tools, put } = ports;
  const elsewhere = new Set(of.swept.map(({ name }) => name));
  const store: Store = {
    promises: to.promises,
    get: (name, range) => (elsewhere.has(name) ? from : to).get(name, range),
    async list(prefix) {
      const there = await to.list(prefix);
      if (prefix !== 'packs/') return there;
      return [...there.filter(({ name }) => !elsewhere.has(name)), ...of.swept];
    },
    async putIfAbsent(name, bytes) {
      await put(name, bytes);
      return 'stored';
    },
  };
  return (await secureOnce({ store, tools }, of.refs, new Set([...elsewhere].map(lastOf)))).isAll;
}
