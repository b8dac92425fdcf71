import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type CollectionKind,
  type CollectionRecord,
  collectionName,
  encodeCollectionRecord,
  parseCollectionRecord,
} from '../core/collection-record.ts';
import type { Store } from './store.ts';
import type { VaultPorts } from './vault-ports.ts';

export interface FatePorts extends Omit<VaultPorts, 'store'> {
  readonly store: Pick<Store, 'get' | 'putIfAbsent'>;
  /** Id of the vault. */
  readonly vault: string;
}

/**
 * Decides what becomes of a run, unless that was decided: the store gives a name once.
 * Durable when it resolves.
 *
 * @returns the fate that is there
 * @throws Fault HF_VAULT_CORRUPT where one is there that cannot be read
 */
export async function decideFate(
  ports: FatePorts,
  of: { readonly generation: number } & (
    | { readonly decision: 'void' }
    | { readonly decision: 'sweep'; readonly packs: readonly string[] }
  ),
): Promise<CollectionRecord> {
  const packs = of.decision === 'sweep' ? of.packs : [];
  const record = { ...of, packs, kind: 'fate', ...said(ports) } as const;
  if ((await putRecord(ports, record)) === 'stored') return record;
  const name = collectionName(record);
  return parseCollectionRecord(ports.tools, name, await ports.store.get(name));
}

/** Durable when it resolves. */
export async function putRecord(
  { store, tools }: FatePorts,
  record: CollectionRecord,
): Promise<'stored' | 'present'> {
  const bytes = encodeCollectionRecord(tools, record);
  return store.putIfAbsent(collectionName(record), bytes, tools.hash.sha256(bytes));
}

export function said({ vault, clock }: FatePorts): {
  readonly vault: string;
  readonly time: UnixMs;
} {
  return { vault, time: clock.now() };
}

/** What was put down and can be read; anything else counts as not there. */
export function readable(
  record: CollectionRecord | Fault | undefined,
): CollectionRecord | undefined {
  return record instanceof Fault ? undefined : record;
}

/** Names of what a run leaves when it is over, in the order in which it is taken away. */
export function leftOvers(generation: number): readonly string[] {
  const kinds: readonly CollectionKind[] = ['trash', 'marks'];
  return kinds.map((kind) => collectionName({ generation, kind }));
}
