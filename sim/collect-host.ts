/**
 * A vault with something to free: two trees that share nothing were backed up, and what was taken of
 * the first is forgotten; or a tree that lived on, so that a part of what was taken of it stays. And
 * what collects, forgets and undoes there, with the key and without.
 */
import { assert } from '../src/base/assert.ts';
import { hours, minutes } from '../src/base/units.ts';
import { type CollectorPorts, markGarbage, sweepTrash } from '../src/vault/shell/collect.ts';
import { COMPACTION } from '../src/vault/core/compaction-plan.ts';
import { NamesBook } from '../src/vault/shell/names-book.ts';
import { collectorKeysOf } from '../src/vault/shell/opened-pack.ts';
import { putBack } from '../src/vault/shell/put-back.ts';
import { forgetSnapshots } from '../src/vault/shell/forget.ts';
import { directoryCollector } from '../src/vault/shell/store-collector.ts';
import type { CollectorStore } from '../src/vault/shell/store.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import type { SimDisk } from './disk.ts';
import { SimDisk as Disk } from './disk.ts';
import { forked } from './each-crash.ts';
import type { FrozenTree } from './living-tree.ts';
import { LivingTree } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { seededTools } from './sim-tools.ts';
import type { MakeHostStore } from './vault-host.ts';
import { VAULT_ROOT, VaultHost } from './vault-host.ts';
import type { VolumeOptions } from './volume.ts';

const START_MS = 1_800_000_000_000;

/** Made once: workers keep windows for each Tools they see. */
const tools = seededTools();

export interface Littered {
  readonly seed: number;
  /** Nothing is forgotten on it yet; all that was seen is durable. */
  readonly disk: SimDisk;
  readonly endMs: number;
  /** Snapshot of the first tree: what is forgotten. */
  readonly first: string;
  /** Snapshots of the second tree, as it lived on. */
  readonly others: readonly string[];
  /** What was captured, by the id of the snapshot. */
  readonly trees: ReadonlyMap<string, FrozenTree>;
  /** The first tree, and as it lived on: what is in the vault only by what was forgotten. */
  readonly again: readonly FrozenTree[];
}

/** Whether what is forgotten shares nothing with what stays, or a part of each of its groups. */
export type LitterKind = 'apart' | 'shared';

export interface LitterOptions extends VolumeOptions {
  readonly kind?: LitterKind;
}

export async function makeLitter(seed: number, options: LitterOptions): Promise<Littered> {
  const { kind = 'apart', ...volume } = options;
  const clock = new SimClock(START_MS);
  const disk = new Disk(volume);
  const one = new LivingTree({ seed, clock, largeFileBytes: 0 });
  const other = new LivingTree({ seed: seed + 7919, clock, largeFileBytes: 0 });
  const again = [one.freeze()];
  const captured = [again[0], other.freeze()];
  const lives = kind === 'apart' ? other : one;
  lives.live();
  captured.push(lives.freeze());
  await new VaultHost({ disk, clock, seed: seed * 1000 }).init();
  const trees = new Map<string, FrozenTree>();
  const ids: string[] = [];
  for (const [at, tree] of captured.entries()) {
    assert(tree !== undefined, 'each of them was frozen');
    clock.pass(minutes(5));
    const host = new VaultHost({ disk, clock, seed: seed * 1000 + 1 + at });
    const { snapshot } = await host.backup(tree.volume);
    trees.set(snapshot, tree);
    ids.push(snapshot);
  }
  one.live();
  again.push(one.freeze());
  const [first = '', ...others] = ids;
  return { seed, disk: forked(disk), endMs: clock.now() + hours(1), first, others, trees, again };
}

export interface CollectorHostOptions {
  readonly disk: SimDisk;
  readonly clock: SimClock;
  readonly seed: number;
  readonly makeStore?: MakeHostStore;
  readonly wrap?: (store: CollectorStore) => CollectorStore;
  /** It moves groups as they are. */
  readonly isKeyless?: boolean;
}

/** As much as can be is moved and merged. */
const compaction = { ...COMPACTION, sparseShare: 1, unusedShareMax: 0, mergeCountMin: 2 };

/** Where the vault lies: forgets, undoes, moves, marks and sweeps. */
export class CollectorHost {
  readonly #options: CollectorHostOptions;
  readonly #host: VaultHost;
  readonly #store: CollectorStore;

  constructor(options: CollectorHostOptions) {
    const { disk, clock, seed, makeStore, wrap = (store) => store } = options;
    const through = makeStore === undefined ? {} : { makeStore };
    this.#options = options;
    this.#host = new VaultHost({ disk, clock, seed, ...through });
    tools.reseed(seed + 31);
    const { random } = tools;
    this.#store = wrap(directoryCollector({ disk, clock, random, root: VAULT_ROOT }));
  }

  async forget(id: string): Promise<void> {
    const { vault } = await this.#host.open();
    const ports = { vault, store: this.#store, clock: this.#options.clock };
    const { snapshots } = await listSnapshots(vault);
    const headers = snapshots.map(({ record }) => record).filter((each) => each.id === id);
    const back = (all: Parameters<typeof putBack>[1]) => this.#putBack(all);
    const plan = `p-${(this.#options.seed % 0x1_0000_0000).toString(16).padStart(8, '0')}`;
    await forgetSnapshots(ports, { plan, policy: 'last 2', snapshots: headers }, back);
  }

  async mark(): Promise<number> {
    return (await markGarbage(await this.ports(), { compaction })).packs;
  }

  /** Nothing waits. */
  async sweep(): Promise<number> {
    const none = { graceMs: minutes(0), compaction };
    return (await sweepTrash(await this.ports(), none)).packs;
  }

  /** @throws Fault HF_SNAPSHOT_SWEPT */
  async undo(id: string): Promise<void> {
    const kept = (await this.#store.list('forgotten/')).find(({ name }) =>
      name.endsWith(id.slice(0, 32)),
    );
    assert(kept !== undefined, 'what is undone was forgotten');
    const bytes = await this.#store.get(kept.name);
    await this.#putBack([{ name: kept.name.replace('forgotten/', 'snapshots/'), bytes }]);
  }

  async ports(): Promise<CollectorPorts> {
    const { vault } = await this.#host.open();
    const keys = this.#options.isKeyless === true ? undefined : collectorKeysOf(vault);
    const book = new NamesBook(tools.random);
    return { store: this.#store, tools, clock: this.#options.clock, vault: vault.id, keys, book };
  }

  async #putBack(all: Parameters<typeof putBack>[1]): Promise<void> {
    await putBack(await this.ports(), all);
  }
}
