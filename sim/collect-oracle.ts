/** Judges a vault in which space was freed, from outside. */
import { Fault } from '../src/base/fault.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../src/vault/shell/vault-index.ts';
import type { Littered } from './collect-host.ts';
import { CollectorHost } from './collect-host.ts';
import type { SimDisk } from './disk.ts';
import type { FrozenTree } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { VaultHost } from './vault-host.ts';
import { damageOf, wrongWithSnapshot } from './vault-oracle.ts';

export interface CollectAftermath {
  readonly litter: Littered;
  readonly disk: SimDisk;
  /** Ids of snapshots that somebody was told of, and nobody has forgotten. */
  readonly acknowledged: readonly string[];
  /** What was captured, by the id of the snapshot. */
  readonly trees: ReadonlyMap<string, FrozenTree>;
  readonly seed: number;
  /** Whether the first is forgotten, so that its space has to come free in the end. */
  readonly isForgotten: boolean;
}

/**
 * Opens the vault as it is, restores what was acknowledged and whatever else is listed and was there
 * before, collects until nothing is left to do, makes the next backup, and restores all again.
 * @returns what is wrong; undefined: nothing
 */
export async function wrongAfterCollecting(of: CollectAftermath): Promise<string | undefined> {
  const { disk, seed, litter } = of;
  const clock = new SimClock(litter.endMs + 1000);
  const host = new VaultHost({ disk, clock, seed });
  const collector = new CollectorHost({ disk, clock, seed: seed + 1 });
  try {
    const now = await wrongNow(host, of);
    if (now !== undefined) return now;
    if (of.isForgotten) await collector.forget(litter.first);
    await collector.sweep();
    await collector.mark();
    await collector.sweep();
    const after = await wrongNow(host, of);
    if (after !== undefined) return `after another run, ${after}`;
    const left = await leftIn(collector, of);
    if (left !== undefined) return left;
    return await wrongWithNext(host, of);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.code} ${error.message}`;
  }
}

async function wrongNow(host: VaultHost, of: CollectAftermath): Promise<string | undefined> {
  const session = await host.open();
  const { snapshots, findings, problems } = await listSnapshots(session.vault);
  const index = await loadIndex(session.vault);
  const damage = damageOf([...session.vault.problems, ...problems, ...index.problems]);
  if (damage !== undefined) return damage;
  if (findings.length > 0) return `the chain says ${JSON.stringify(findings)}`;
  for (const id of of.acknowledged) {
    const snapshot = snapshots.find(({ record }) => record.id === id);
    const short = id.slice(0, 8);
    if (snapshot === undefined) return `snapshot ${short} was acknowledged and is lost`;
    const tree = of.trees.get(id);
    const wrong = await wrongWithSnapshot(host, session, { snapshot, tree });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Of a run that is over its fate stays, and nothing else; and what was forgotten takes no space. */
async function leftIn(collector: CollectorHost, of: CollectAftermath): Promise<string | undefined> {
  const { store } = await collector.ports();
  const names = (await store.list('collect/')).map(({ name }) => name);
  const open = names.find((name) => !name.endsWith('-fate'));
  if (open !== undefined) return `${open} is left`;
  if (!of.isForgotten || of.acknowledged.some((id) => !of.litter.others.includes(id)))
    return undefined;
  const packs = await store.list('packs/');
  const before = await packsOf(of.litter);
  if (packs.length >= before.length) return `no space came free: ${packs.length} packs`;
  return undefined;
}

async function packsOf({ disk, endMs, seed }: Littered): Promise<string[]> {
  const collector = new CollectorHost({ disk, clock: new SimClock(endMs), seed });
  const { store } = await collector.ports();
  return (await store.list('packs/')).map(({ name }) => name);
}

async function wrongWithNext(host: VaultHost, of: CollectAftermath): Promise<string | undefined> {
  const [, next] = of.litter.again;
  if (next === undefined) return 'there is no tree to go on with';
  const { snapshot: id } = await host.backup(next.volume);
  const trees = new Map([...of.trees, [id, next]]);
  const acknowledged = [...of.acknowledged, id];
  const wrong = await wrongNow(host, { ...of, trees, acknowledged });
  if (wrong !== undefined) return `with the next backup, ${wrong}`;
  const session = await host.open();
  const { rebuilt, missingPacks } = await loadIndex(session.vault);
  if (missingPacks.length > 0) return 'the next backup left an index without its pack';
  return rebuilt.length > 0 ? 'the next backup left a pack without an index' : undefined;
}
